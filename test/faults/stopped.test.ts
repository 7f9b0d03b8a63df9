import { once } from 'node:events';
import { request, type ClientRequest } from 'node:http';
import { readdir } from 'node:fs/promises';
import type { View } from './support/caller.ts';
import { openWorld, type World } from './support/world.ts';

const JOBS = 200;
const GIB = 2 ** 30;

let world: World;

beforeEach(async () => {
  // Vendors take their time: all jobs are in flight at once.
  world = await openWorld({ variables: { POLL_FLOOR_MS: '500', POLL_CEILING_MS: '1500' }, sandbox: { SANDBOX_SPEED_MS: '20000' } });
  await world.postgres.query(`CREATE TABLE audit_claims (at timestamptz NOT NULL DEFAULT clock_timestamp(), owner text NOT NULL)`);
  await world.postgres.query(`CREATE FUNCTION audit_claim() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO audit_claims (owner) VALUES (NEW.lease_owner); RETURN NULL; END $$`);
  await world.postgres.query(`CREATE TRIGGER audit_claim AFTER UPDATE OF lease_epoch ON stage FOR EACH ROW WHEN (NEW.lease_epoch > OLD.lease_epoch) EXECUTE FUNCTION audit_claim()`);
});

afterEach(() => world.close());

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const text = { inputs: [{ id: 'file', type: 'url', url: 'https://files.example.com/notes.txt' }], steps: [{ id: 'made', operation: 'convert', to: 'html' }] };

/** Announces a GiB and sends some 3 MB of it a second, made as it goes; never ends by itself. */
function slowUpload(url: string, key: string): { readonly sending: ClientRequest; readonly sent: () => number; readonly ended: Promise<string> } {
  const sending = request(url, { method: 'PUT', headers: { authorization: `Bearer ${key}`, 'content-type': 'application/octet-stream', 'content-length': GIB } });
  const chunk = Buffer.alloc(65_536, 7);
  let sent = 0;
  const timer = setInterval(() => {
    if (!sending.writableNeedDrain) sent += sending.write(chunk) ? chunk.length : chunk.length;
  }, 20);
  const ended = new Promise<string>((resolve) => {
    sending.once('error', ({ message }) => resolve(message));
    sending.once('response', ({ statusCode }) => resolve(String(statusCode)));
  }).finally(() => clearInterval(timer));
  return { sending, sent: () => sent, ended };
}

/** What the process says of its readiness, again and again until it is gone. */
async function readiness(url: string, gone: () => boolean): Promise<{ readonly afterMs: number; readonly status: number }[]> {
  const seen: { afterMs: number; status: number }[] = [];
  for (const began = Date.now(); !gone(); await pause(5)) {
    const afterMs = Date.now() - began;
    const status = await fetch(`${url}/health/ready`).then((answer) => answer.status).catch(() => 0);
    seen.push({ afterMs, status });
  }
  return seen;
}

test('FI-06: told to stop with 200 jobs in flight and a GiB coming in, it is gone in time, holds nothing, and the next one goes on at once', async () => {
  const first = await world.gateway();
  for (let left = JOBS; left > 0; left -= 20) await Promise.all(Array.from({ length: 20 }, () => world.caller.send(world.job(text))));
  const waiting = await world.caller.send(world.job({ ...text, inputs: [{ id: 'file', type: 'upload', filename: 'notes.txt' }] }));
  const upload = slowUpload(`${first.url}/v1/jobs/${waiting.id}/inputs/file/content`, first.key);
  const inFlight = async () => (await world.postgres.query<{ count: number }>(`SELECT count(*)::int AS count FROM attempt WHERE status = 'running'`))[0]?.count ?? 0;
  for (const late = Date.now() + 40_000; (await inFlight()) < JOBS && Date.now() < late; ) await pause(50);
  // The control: all are in flight, bytes come in, and stages are claimed all the time.
  expect(await inFlight()).toBe(JOBS);
  expect(upload.sent()).toBeGreaterThan(1_000_000);
  expect((await fetch(`${first.url}/health/ready`)).status).toBe(200);
  const [now] = await world.postgres.query<{ at: Date; claims: number }>(`SELECT clock_timestamp() AS at, (SELECT count(*)::int FROM audit_claims WHERE at > clock_timestamp() - interval '2 seconds') AS claims`);
  expect(now?.claims).toBeGreaterThan(0);

  const told = Date.now();
  let gone = false;
  const exit = once(first.process, 'exit').then(([code]) => {
    gone = true;
    return code as number | null;
  });
  first.process.kill('SIGTERM');
  const said = readiness(first.url, () => gone);
  expect(await exit).toBe(0);
  const stoppedMs = Date.now() - told;
  const statuses = await said;
  // At once: half a second for a busy machine, then never ready again; and it was asked while it could answer.
  expect(statuses.filter(({ afterMs, status }) => status === 200 && afterMs > 500)).toEqual([]);
  expect(statuses.some(({ status }) => status === 503)).toBe(true);
  expect(stoppedMs).toBeLessThan(15_000);
  const [late] = await world.postgres.query<{ count: number }>(`SELECT count(*)::int AS count FROM audit_claims WHERE at > $1::timestamptz + interval '1 second'`, [now?.at]);
  expect(late?.count).toBe(0);
  for (const table of ['stage', 'delivery']) expect(await world.postgres.query(`SELECT id FROM ${table} WHERE lease_owner IS NOT NULL`)).toEqual([]);
  const broke = await upload.ended;
  upload.sending.destroy();
  expect((await readdir(world.staging, { recursive: true })).filter((name) => name.endsWith('.part'))).toEqual([]);

  const second = await world.gateway();
  const ready = Date.now();
  const claimed = async () => (await world.postgres.query<{ count: number }>('SELECT count(*)::int AS count FROM audit_claims WHERE at > $1::timestamptz', [new Date(told + stoppedMs)]))[0]?.count ?? 0;
  while ((await claimed()) === 0 && Date.now() - ready < 10_000) await pause(20);
  expect(Date.now() - ready).toBeLessThan(2000);
  process.stdout.write(`FI-06: gone after ${stoppedMs} ms, the upload (${Math.round(upload.sent() / 1e6)} MB in) ended with "${broke}"; the next one went on ${Date.now() - ready} ms after its start\n`);
  expect(((await (await second.call(`/v1/jobs/${waiting.id}`)).json()) as View).status).toBe('awaiting_input');
  expect((await second.call(`/v1/jobs/${waiting.id}/inputs/file/content`, { method: 'PUT', body: 'The same file, small.' })).status).toBe(200);
  await world.settled(90_000);
  expect(await world.postgres.query('SELECT status, count(*)::int AS jobs FROM job GROUP BY 1')).toEqual([{ status: 'completed', jobs: JOBS + 1 }]);
  expect(await world.postgres.query('SELECT count(*)::int AS tries FROM attempt')).toEqual([{ tries: JOBS + 1 }]);
  expect(await world.audit()).toEqual([]);
});
