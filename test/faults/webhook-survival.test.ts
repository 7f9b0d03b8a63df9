import { api2convertDouble, API2CONVERT_KEY, type Api2convertDouble } from '../doubles/api2convert-double.js';
import { verified, webhookReceiver, type Receiver } from '../doubles/webhook-receiver.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { startGateway, type Gateway } from '../support/gateway.js';
import { toPng, until } from '../e2e/contract/scene.js';

const SECRET = `whsec_${Buffer.alloc(24, 8).toString('base64')}`;
/** Two starts, and a lease of the killed one that runs out. */
const TEST_MS = 60_000;

let database: TestDatabase;
let vendor: Api2convertDouble;
let receiver: Receiver;
let gateway: Gateway;

const start = async () =>
  (gateway = await startGateway({ DATABASE_URL: database.url, EGRESS_ALLOW: '127.0.0.0/8', POLL_FLOOR_MS: '50', POLL_CEILING_MS: '100', API2CONVERT_API_KEY: API2CONVERT_KEY, API2CONVERT_BASE_URL: vendor.baseUrl }));

beforeAll(async () => {
  [database, vendor, receiver] = await Promise.all([testDatabase(), api2convertDouble(), webhookReceiver()]);
  await start();
});

afterAll(async () => {
  await gateway.stop();
  await Promise.all([vendor.close(), receiver.close(), database.drop()]);
});

/** A job that has ended while its receiver sits on the first event and answers nothing. */
async function endedUntold(path: string): Promise<string> {
  receiver.behave(path, () => undefined);
  const body = JSON.stringify(toPng({ webhook: { url: `${receiver.origin}${path}`, secret: SECRET } }));
  const { id } = (await (await gateway.call('/v1/jobs', { method: 'POST', headers: { 'content-type': 'application/json' }, body })).json()) as { id: string };
  await until(async () => ((await (await gateway.call(`/v1/jobs/${id}`)).json()) as { status: string }).status, (status) => status === 'completed');
  await until(() => receiver.at(path).length, (count) => count === 1);
  // The control: it was told of the beginning alone, and that is not settled.
  expect(await database.query(`SELECT sequence, status, tries FROM delivery WHERE job_id = $1 ORDER BY sequence`, [id])).toEqual([1, 2, 3].map((sequence) => ({ sequence, status: 'scheduled', tries: 0 })));
  receiver.behave(path, (response) => void response.writeHead(204).end());
  return id;
}

async function expectAllTold(path: string, id: string): Promise<void> {
  const all = await until(() => receiver.at(path), (seen) => seen.length >= 4, 30_000);
  expect(all.map((one) => verified(SECRET, one)).map(({ type, sequence, data }) => [type, sequence, data.id, data.status])).toEqual([
    ['job.queued', 1, id, 'queued'], ['job.queued', 1, id, 'queued'], ['job.processing', 2, id, 'processing'], ['job.completed', 3, id, 'completed'],
  ]);
  expect([all[1]?.id, all[1]?.raw]).toEqual([all[0]?.id, all[0]?.raw]);
  expect(new Set(all.map(({ id: message }) => message)).size).toBe(3);
}

test('a gateway that is killed with -9 before it could tell tells everything after its next start', async () => {
  const id = await endedUntold('/killed');
  await gateway.kill();
  await start();
  await expectAllTold('/killed', id);
}, TEST_MS);

test('one that is told to stop does not wait for a receiver that hangs, and its successor tells the rest at once', async () => {
  const id = await endedUntold('/stopped');
  expect(await gateway.stop()).toBe(0);
  // Given back, not left to run out.
  expect(await database.query('SELECT lease_owner FROM delivery WHERE lease_owner IS NOT NULL')).toEqual([]);
  await start();
  await expectAllTold('/stopped', id);
}, TEST_MS);
