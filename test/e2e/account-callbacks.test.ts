import { runconvertDouble, RUNCONVERT_KEY, finish, type RunconvertDouble } from '../doubles/runconvert-double.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { startGateway, type Gateway } from '../support/gateway.js';
import { ended, eventsOf, send, until } from './support/rest.js';

let database: TestDatabase;
let runconvert: RunconvertDouble;
let gateway: Gateway;

beforeAll(async () => {
  [database, runconvert] = await Promise.all([testDatabase(), runconvertDouble()]);
  gateway = await start();
});

afterAll(async () => {
  await gateway.stop();
  await Promise.all([runconvert.close(), database.drop()]);
});

const start = (more: Record<string, string> = {}): Promise<Gateway> =>
  startGateway({ DATABASE_URL: database.url, POLL_FLOOR_MS: '20000', POLL_CEILING_MS: '20000', RUNCONVERT_API_KEY: RUNCONVERT_KEY, RUNCONVERT_BASE_URL: runconvert.baseUrl, ...more });

const JOB = { inputs: [{ type: 'url', url: 'https://files.example.com/photo.jpg' }], steps: [{ operation: 'convert', to: 'png' }] };
const registered = () => runconvert.requests.filter(({ method, path }) => method === 'POST' && path.endsWith('/webhooks')).map(({ json }) => json as { endpoint_url: string; events: string[] });
const endpoint = () => until('the registration', async () => registered().at(-1)?.endpoint_url ?? null);
const tell = (url: string, body: object) => fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

it('the account\'s webhook is registered at start, for the ends of jobs', async () => {
  const url = await endpoint();
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v1\/callbacks\/runconvert\/[A-Za-z0-9_-]{43}$/);
  expect(registered()).toEqual([{ endpoint_url: url, events: ['job.finished', 'job.failed'] }]);
});

it('a callback to it makes its job due at once, long before the next poll', async () => {
  runconvert.behave({ ending: 'hold' });
  const { id } = await send(gateway, JOB);
  const held = await until('the vendor\'s job', async () => ((await eventsOf(gateway, id)).some(({ type }) => type === 'attempt.running') ? runconvert.latest() : null));
  finish(held);
  expect((await tell(await endpoint(), { event: 'job.finished', job: { id: held.id, status: null } })).status).toBe(204);
  expect(await ended(gateway, id)).toMatchObject({ status: 'completed' });
  expect((await eventsOf(gateway, id)).find(({ type }) => type === 'attempt.succeeded')?.cause).toBe('callback');
});

it('what is about nobody\'s job, or in no shape, is taken and changes nothing; a wrong token is not taken', async () => {
  const url = await endpoint();
  expect((await tell(url, { event: 'job.finished', job: { id: 'nobody-s' } })).status).toBe(204);
  expect((await tell(url, { event: 'party.started' })).status).toBe(204);
  expect((await tell(`${url.slice(0, -1)}${url.endsWith('x') ? 'y' : 'x'}`, { event: 'job.finished' })).status).toBe(404);
  expect(await database.query(`SELECT outcome, body FROM callback WHERE attempt_id IS NULL ORDER BY id`)).toEqual([
    { outcome: 'unknown_job', body: '{"event":"job.finished","job":{"id":"nobody-s"}}' }, { outcome: 'unknown_shape', body: '{"event":"party.started"}' },
  ]);
});

it('another process of the same account finds it registered, and knows its token', async () => {
  const url = await endpoint();
  const before = registered().length;
  await gateway.stop();
  gateway = await start({ PUBLIC_URL: new URL(url).origin });
  await until('the look', async () => (runconvert.requests.filter(({ method, path }) => method === 'GET' && path.endsWith('/webhooks')).length >= 2 ? true : null));
  expect(registered()).toHaveLength(before);
});

it('a worker that knows of no address leaves the registration to whoever does', async () => {
  const origin = new URL(await endpoint()).origin;
  await gateway.stop();
  const looks = () => runconvert.requests.filter(({ method, path }) => method === 'GET' && path.endsWith('/webhooks')).length;
  const asked = () => database.query(`SELECT task_identifier FROM graphile_worker.jobs WHERE task_identifier = 'callback-registration'`);
  const before = looks();
  const worker = await start({ ROLE: 'worker', STAGING_URL: `file://${gateway.dataDir}/shared` });
  await database.query(`SELECT graphile_worker.add_job('callback-registration', '{}'::json, job_key := 'callback-registration')`);
  // The control: it does take up such work, of other kinds.
  await database.query(`SELECT graphile_worker.add_job('staging-leftovers', '{}'::json, job_key := 'control')`);
  await until('the control', async () => ((await database.query(`SELECT 1 FROM graphile_worker.jobs WHERE key = 'control'`)).length === 0 ? true : null));
  expect([await asked(), looks()]).toEqual([[{ task_identifier: 'callback-registration' }], before]);
  gateway = await start({ PUBLIC_URL: origin, STAGING_URL: `file://${gateway.dataDir}/shared` });
  await until('the look', async () => (looks() > before && (await asked()).length === 0 ? true : null));
  await worker.stop();
});

it('a provider that was removed: its right token is 410, a wrong one 404', async () => {
  const path = new URL(await endpoint()).pathname;
  await gateway.stop();
  gateway = await startGateway({ DATABASE_URL: database.url, API2CONVERT_API_KEY: 'k', API2CONVERT_BASE_URL: 'http://127.0.0.1:9/v2' });
  const told = async (at: string) => (await gateway.call(at, { method: 'POST', body: '{}' })).status;
  expect([await told(path), await told(path.replace(/.$/, '_'))]).toEqual([410, 404]);
});
