import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { startGateway, type Gateway } from '../support/gateway.js';
import { ended, running, SAMPLES, send, until } from './support/rest.js';
import { play, startVendors } from './support/vendors.js';

/** One process takes jobs, another one works on them: each counts what it did itself. Whoever fails at api2convert goes on to runconvert. */
let vendors: Awaited<ReturnType<typeof startVendors>>;
let database: TestDatabase;
let folder: string;
let api: Gateway;
let worker: Gateway;

beforeAll(async () => {
  [vendors, database, folder] = await Promise.all([startVendors({ SANDBOX_FIXTURES: SAMPLES, SANDBOX_SPEED_MS: '20' }), testDatabase(), mkdtemp(join(tmpdir(), 'metrics-'))]);
  api = await start('api');
});

afterAll(async () => {
  await Promise.all([api.stop(), worker.stop()]);
  await Promise.all([vendors.stop(), database.drop(), rm(folder, { recursive: true, force: true })]);
});

const start = (ROLE: string) => startGateway({ DATABASE_URL: database.url, ROLE, STAGING_URL: `file://${folder}`, POLL_FLOOR_MS: '50', ...vendors.environment });
const TO_PNG = { inputs: [{ type: 'url', url: 'https://files.example/harbour.jpg' }], steps: [{ operation: 'convert', to: 'png' }] };

/** The samples of one measure, by its labels as they stand there. */
async function samples(gateway: Gateway, name: string): Promise<Record<string, number>> {
  const text = await (await fetch(`${gateway.url}/metrics`)).text();
  const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  return Object.fromEntries(lines.map((line) => [line.slice(name.length, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]));
}

test('what is due is told by every process; nothing was counted before anything happened', async () => {
  expect(await samples(api, 'conversion_due')).toEqual({ '{kind="stages"}': 0, '{kind="deliveries"}': 0, '{kind="orphans"}': 0, '{kind="left_behind"}': 0 });
  await Promise.all([send(api, TO_PNG), send(api, TO_PNG)]);
  await until('the two that are due', async () => ((await samples(api, 'conversion_due'))['{kind="stages"}'] === 2 ? true : null));
  expect(await samples(api, 'conversion_jobs_total')).toEqual({ '{status="completed"}': 0, '{status="failed"}': 0, '{status="canceled"}': 0 });
  worker = await start('worker');
  await until('nothing due', async () => ((await samples(worker, 'conversion_due'))['{kind="stages"}'] === 0 ? true : null));
  await until('both ends', async () => ((await samples(worker, 'conversion_jobs_total'))['{status="completed"}'] === 2 ? true : null));
});

test('jobs, attempts and requests are counted once each, by the process that ended them', async () => {
  await play(vendors, { name: 'success-without-file', vendor: 'api2convert' });
  expect(await ended(api, (await send(api, TO_PNG)).id)).toMatchObject({ status: 'completed', attempts: [{ provider: 'api2convert', status: 'errored' }, { provider: 'runconvert', status: 'succeeded' }] });
  await play(vendors, { name: 'fail', vendor: 'api2convert' });
  expect(await ended(api, (await send(api, TO_PNG)).id)).toMatchObject({ status: 'failed', attempts: [{ error: { kind: 'invalid_input' } }] });
  await play(vendors, { name: 'hang', vendor: 'api2convert' });
  const { id } = await running(api, (await send(api, TO_PNG)).id);
  expect((await api.call(`/v1/jobs/${id}/cancel`, { method: 'POST' })).status).toBe(202);

  expect(await samples(worker, 'conversion_jobs_total')).toEqual({ '{status="completed"}': 3, '{status="failed"}': 1, '{status="canceled"}': 0 });
  expect(await samples(worker, 'conversion_job_seconds_count')).toEqual({ '': 4 });
  expect((await samples(worker, 'conversion_job_seconds_sum'))['']).toBeGreaterThan(0);
  expect(await samples(worker, 'conversion_attempts_total')).toEqual({
    '{provider="api2convert",status="succeeded",kind="none"}': 2,
    '{provider="api2convert",status="errored",kind="output_invalid"}': 1,
    '{provider="runconvert",status="succeeded",kind="none"}': 1,
    '{provider="api2convert",status="errored",kind="invalid_input"}': 1,
  });
  // Canceled by whom the caller spoke to.
  expect([await samples(api, 'conversion_jobs_total'), await samples(api, 'conversion_attempts_total')]).toEqual([
    { '{status="completed"}': 0, '{status="failed"}': 0, '{status="canceled"}': 1 },
    { '{provider="api2convert",status="abandoned",kind="none"}': 1 },
  ]);
  const requests = await samples(worker, 'conversion_provider_request_seconds_count');
  expect(requests).toMatchObject({ '{provider="api2convert",call="create"}': 5, '{provider="api2convert",call="start"}': 5, '{provider="runconvert",call="create"}': 1 });
  const made = await database.query<{ made: number }>('SELECT count(*)::int AS made FROM attempt');
  expect(made).toEqual([{ made: 6 }]);
});

test('every measure of the contract is there, by its name and its kind', async () => {
  const text = await (await fetch(`${worker.url}/metrics`)).text();
  const kinds: unknown = Object.fromEntries([...text.matchAll(/^# TYPE (conversion_\S+) (\S+)$/gm)].map(([, name, kind]) => [name, kind]));
  expect(kinds).toMatchObject({
    conversion_jobs_total: 'counter', conversion_job_seconds: 'histogram', conversion_attempts_total: 'counter', conversion_provider_request_seconds: 'histogram',
    conversion_breaker_state: 'gauge', conversion_callbacks_total: 'counter', conversion_webhook_deliveries_total: 'counter', conversion_due: 'gauge', conversion_cost_total: 'counter',
  });
  expect(await samples(worker, 'conversion_breaker_state')).toEqual({ '{provider="api2convert"}': 0, '{provider="runconvert"}': 0 });
  expect(text).toContain('nodejs_eventloop_lag_seconds');
});
