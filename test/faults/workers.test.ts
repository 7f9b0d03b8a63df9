import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runconvertDouble, RUNCONVERT_KEY, type RunconvertDouble } from '../doubles/runconvert-double.js';
import { api2convertDouble, API2CONVERT_KEY, type Api2convertDouble } from '../doubles/api2convert-double.js';
import type { Answer, RecordedRequest } from '../doubles/recording-server.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { startGateway, type Gateway } from '../support/gateway.js';
import { ended, eventsOf, jobOf, running, send, until } from '../e2e/support/rest.js';

/** Leases of 15 s run out in here. */
const TEST_MS = 120_000;

let database: TestDatabase;
let files: string;
let runconvert: RunconvertDouble;
let api2convert: Api2convertDouble;
const started: Gateway[] = [];

async function start(role: 'api' | 'worker' | 'all'): Promise<Gateway> {
  const gateway = await startGateway({
    // One address for all: a worker by itself has none that a vendor could call.
    PUBLIC_URL: 'http://127.0.0.1:9', ROLE: role, DATABASE_URL: database.url, STAGING_URL: `file://${files}`, POLL_FLOOR_MS: '50', POLL_CEILING_MS: '100',
    API2CONVERT_API_KEY: API2CONVERT_KEY, API2CONVERT_BASE_URL: api2convert.baseUrl, RUNCONVERT_API_KEY: RUNCONVERT_KEY, RUNCONVERT_BASE_URL: runconvert.baseUrl,
  });
  started.push(gateway);
  return gateway;
}

beforeEach(async () => {
  [database, files, runconvert, api2convert] = await Promise.all([testDatabase({ migrate: false }), mkdtemp(join(tmpdir(), 'gateway-files-')), runconvertDouble(), api2convertDouble()]);
});

afterEach(async () => {
  await Promise.all(started.splice(0).map(async (gateway) => {
    gateway.process.kill('SIGCONT');
    if (gateway.process.exitCode === null && gateway.process.signalCode === null) await gateway.stop();
  }));
  await Promise.all([runconvert.close(), api2convert.close(), database.drop(), rm(files, { recursive: true, force: true })]);
}, 60_000);

const job = (vendor: string, word = 'a') => ({ inputs: [{ type: 'url', url: `https://files.example.com/${word}.jpg` }], steps: [{ operation: 'convert', to: 'png' }], routing: { only: [vendor] } });
const isCreate = ({ method, path }: RecordedRequest) => method === 'POST' && path.endsWith('/process/jobs');
const typesOf = async (gateway: Gateway, id: string) => (await eventsOf(gateway, id)).map(({ type }) => type).filter((type) => type !== 'attempt.progressed');

it('four processes on an empty database at once: it is migrated once, all come up, and work that is for one alone is done once', async () => {
  // Whoever came up is stopped in the end, though another one did not.
  const starts = await Promise.allSettled((['all', 'all', 'worker', 'api'] as const).map((role) => start(role)));
  const gateways = starts.map((one) => {
    if (one.status === 'rejected') throw one.reason;
    return one.value;
  });
  for (const gateway of gateways) expect((await gateway.call('/health/ready')).status).toBe(200);
  const migrations = await database.query<{ name: string; times: number }>('SELECT migration_name AS name, count(*)::int AS times FROM _prisma_migrations GROUP BY 1');
  expect(migrations.length).toBeGreaterThan(5);
  expect(migrations.filter(({ times }) => times !== 1)).toEqual([]);
  // Three of them work: the vendors are told once where to call, and asked once for their catalogues.
  const read = async () => (await database.query<{ provider: string }>(`SELECT provider FROM catalogue_version WHERE status = 'active' ORDER BY 1`)).map(({ provider }) => provider);
  await until('the registration', async () => (runconvert.to('POST', /\/webhooks$/).length > 0 ? true : null), 30_000);
  await sleep(3000);
  expect(runconvert.to('POST', /\/webhooks$/)).toHaveLength(1);
  const pages = api2convert.to('GET', /\/conversions$/).map(({ query }) => query.get('page'));
  expect([pages.length > 0, new Set(pages).size]).toEqual([true, pages.length]);
  const core = runconvert.requests.filter(({ path }) => path.includes('/core/')).map(({ path, query }) => `${path}?${query.toString()}`);
  expect(new Set(core).size).toBe(core.length);
  expect((await read()).length).toBeLessThanOrEqual(2);
  const [api] = gateways;
  if (api === undefined) throw new Error('no gateway');
  expect(await ended(api, (await send(api, job('runconvert'))).id)).toMatchObject({ status: 'completed' });
}, TEST_MS);

it('the work of a worker that died runs at another one within 20 s', async () => {
  const api = await start('api');
  const first = await start('worker');
  api2convert.behave({ ending: 'hold' });
  const { id } = await send(api, job('api2convert'));
  const { attempts } = await running(api, id);
  // It is killed while it holds the lease: the vendor does not answer its poll.
  const theirs = api2convert.jobs.get(attempts[0]?.providerJobId ?? '');
  let polls = 0;
  api2convert.behave({ intercept: ({ method, path }) => (method === 'GET' && path.endsWith(`/jobs/${theirs?.id ?? ''}`) && (polls += 1) === 1 ? 'hang' : undefined) });
  await until('the poll', async () => (polls === 1 ? true : null));
  await start('worker');
  const owner = async () => (await database.query<{ owner: string | null }>('SELECT lease_owner AS owner FROM stage WHERE job_id = $1 AND lease_until > now()', [id]))[0]?.owner ?? null;
  expect([await owner(), polls]).toEqual([expect.any(String), 1]);
  await first.kill();
  const died = Date.now();
  if (theirs !== undefined) Object.assign(theirs, { script: { ...theirs.script, ending: 'completed' } });
  const done = await ended(api, id, 30_000);
  expect(done).toMatchObject({ status: 'completed', attempts: [{ status: 'succeeded' }] });
  expect(Date.now() - died).toBeLessThan(20_000);
  expect([done.attempts.length, api2convert.jobs.size]).toEqual([1, 1]);
}, TEST_MS);

it('a worker that is frozen past its lease, and woken, writes nothing: its create is found by who took over, and nothing is made twice', async () => {
  const api = await start('api');
  const frozen = await start('worker');
  let answer: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (answer = resolve));
  let creates = 0;
  runconvert.behave({ ending: 'hold', intercept: (request) => (isCreate(request) && (creates += 1) === 1 ? gate.then((): Answer | undefined => undefined) : undefined) });
  const { id } = await send(api, job('runconvert'));
  await until('the create', async () => (creates === 1 ? true : null));
  frozen.process.kill('SIGSTOP');
  // The vendor makes the job while nobody listens.
  answer();
  await start('worker');
  const adopted = await until('the other worker', async () => {
    const one = await jobOf(api, id);
    return one.attempts[0]?.status === 'running' ? one : null;
  }, 40_000);
  const before = await typesOf(api, id);
  const stage = () => database.query('SELECT lease_epoch, status FROM stage WHERE job_id = $1', [id]);
  frozen.process.kill('SIGCONT');
  await sleep(3000);
  // It wakes with the answer in its hands; what it would write changes nothing.
  expect(await typesOf(api, id)).toEqual(before);
  expect(before.filter((type) => type === 'attempt.submitting')).toHaveLength(1);
  expect(before).toContain('attempt.adopted');
  expect([await jobOf(api, id), (await stage()).length]).toMatchObject([{ status: 'processing', attempts: [{ status: 'running', providerJobId: adopted.attempts[0]?.providerJobId }] }, 1]);
  const theirs = runconvert.latest();
  Object.assign(theirs, { script: { ...theirs.script, ending: 'completed' } });
  expect(await ended(api, id)).toMatchObject({ status: 'completed' });
  expect([creates, runconvert.jobs.size, (await typesOf(api, id)).filter((type) => type.startsWith('job.')).at(-1)]).toEqual([1, 1, 'job.completed']);
}, TEST_MS);
