import { finish, runconvertDouble, RUNCONVERT_KEY, type RunconvertDouble } from '../doubles/runconvert-double.js';
import type { RecordedRequest } from '../doubles/recording-server.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { startGateway, type Gateway } from '../support/gateway.js';
import { until } from '../support/engine-room.js';
import { jobOf, send } from '../e2e/support/rest.js';

/** The vendor never calls back: what happens there is found out by looking. */
let database: TestDatabase;
let vendor: RunconvertDouble;
const gateways: Gateway[] = [];

beforeEach(async () => {
  [database, vendor] = await Promise.all([testDatabase(), runconvertDouble()]);
  vendor.behave({ ending: 'hold' });
});

afterEach(async () => {
  await Promise.all(gateways.splice(0).map((gateway) => gateway.stop()));
  await Promise.all([vendor.close(), database.drop()]);
});

async function start(floorMs: number, ceilingMs: number): Promise<Gateway> {
  const variables = { POLL_FLOOR_MS: String(floorMs), POLL_CEILING_MS: String(ceilingMs), RUNCONVERT_API_KEY: RUNCONVERT_KEY, RUNCONVERT_BASE_URL: vendor.baseUrl };
  const gateway = await startGateway({ DATABASE_URL: database.url, ROLE: 'all', ...variables });
  gateways.push(gateway);
  return gateway;
}

const job = { inputs: [{ type: 'url', url: 'https://files.example.com/a.jpg' }], steps: [{ operation: 'convert', to: 'png' }] };
const count = async (text: string): Promise<number> => (await database.query<{ count: number }>(`SELECT count(*)::int AS count FROM ${text}`))[0]?.count ?? 0;
const isList = ({ method, path }: RecordedRequest): boolean => method === 'GET' && path.endsWith('/process/jobs');
const isRead = ({ method, path }: RecordedRequest): boolean => method === 'GET' && /\/process\/jobs\/./.test(path);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

it('of 200 that run, two processes together read the vendor\'s list, and all end when it says so', async () => {
  const CEILING_MS = 1500;
  const gateway = await start(500, CEILING_MS);
  await start(500, CEILING_MS);
  for (let sent = 0; sent < 200; sent += 20) await Promise.all(Array.from({ length: 20 }, () => send(gateway, job)));
  await until(async () => (await count(`attempt WHERE status = 'running' AND listed = 'running'`)) === 200, 60_000);
  await pause(2 * CEILING_MS);
  const before = vendor.requests.length;
  await pause(4 * CEILING_MS);
  const asked = vendor.requests.slice(before);
  // One by one it would be 200 a round. A list of 200 has four pages, and two that are empty.
  expect(asked.filter(isList).length).toBeGreaterThan(2 * 4);
  expect(asked.filter(isList).length).toBeLessThanOrEqual(5 * 7);
  expect(asked.filter(isRead).length).toBeLessThan(50);
  for (const one of vendor.jobs.values()) finish(one);
  await until(async () => (await count(`job WHERE status = 'completed'`)) === 200, 60_000);
  expect(await count('attempt')).toBe(200);
  expect(vendor.jobs.size).toBe(200);
}, 180_000);

it('who reads a job that runs has it renewed: its end is seen long before it would be looked for, and 50 readers are one', async () => {
  const gateway = await start(1000, 3_600_000);
  const [read, unread] = [(await send(gateway, job)).id, (await send(gateway, job)).id];
  await until(async () => (await count('attempt WHERE polls > 0')) === 2, 20_000);
  // As after a long time: the next look is an hour away.
  await until(async () => (await database.query(`UPDATE stage g SET due_at = now() + interval '1 hour' FROM attempt a WHERE a.stage_id = g.id AND g.lease_until IS NULL AND a.polls > 0 RETURNING 1`)).length === 2, 5000);
  await database.query('UPDATE attempt SET polls = 40');
  const readsOf = async (id: string): Promise<number> => {
    const [row] = await database.query<{ theirs: string }>('SELECT provider_job_id AS theirs FROM attempt WHERE job_id = $1', [id]);
    return vendor.requests.filter((request) => isRead(request) && request.path.endsWith(`/${row?.theirs}`)).length;
  };
  const before = await readsOf(read);
  await jobOf(gateway, read);
  await pause(2500);
  expect(await readsOf(read)).toBe(before);
  await Promise.all(Array.from({ length: 50 }, () => jobOf(gateway, read)));
  await pause(1000);
  expect(await readsOf(read)).toBe(before + 1);
  for (const one of vendor.jobs.values()) finish(one);
  await pause(2000);
  await until(async () => (await jobOf(gateway, read)).status === 'completed', 10_000);
  expect(await count(`job WHERE id = '${unread}' AND status = 'processing'`)).toBe(1);
}, 60_000);
