import type { VendorLedger } from './auditor/evidence.ts';
import type { Body, View } from './support/caller.ts';
import { openWorld, type World } from './support/world.ts';

/** For each number of replicas: as many as two cores do in a time that a test may take. FAULT_JOBS=10000 is the whole of it, and takes half an hour. */
const JOBS = Number(process.env['FAULT_JOBS'] ?? 200);
const AT_ONCE = 20;

let world: World;

beforeAll(async () => {
  world = await openWorld({ variables: { POLL_FLOOR_MS: '300', POLL_CEILING_MS: '2000' } });
  await world.postgres.query(`CREATE TABLE audit_claims (stage text NOT NULL, owner text NOT NULL, epoch int NOT NULL)`);
  await world.postgres.query(`CREATE FUNCTION audit_claim() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO audit_claims VALUES (NEW.id, NEW.lease_owner, NEW.lease_epoch); RETURN NULL; END $$`);
  await world.postgres.query(`CREATE TRIGGER audit_claim AFTER UPDATE OF lease_epoch ON stage FOR EACH ROW WHEN (NEW.lease_epoch > OLD.lease_epoch) EXECUTE FUNCTION audit_claim()`);
});

afterAll(() => world.close());

const text = (more: Body = {}): Body => world.job({ inputs: [{ id: 'file', type: 'url', url: 'https://files.example.com/notes.txt' }], steps: [{ id: 'made', operation: 'convert', to: 'html' }], ...more });
const ledger = async (): Promise<VendorLedger> => (await fetch(new URL('/sandbox/ledger', world.vendors.runconvert))).json() as Promise<VendorLedger>;
const json = { 'content-type': 'application/json' };

async function upTo(count: number): Promise<void> {
  while (world.gateways.length < count) await Promise.all(Array.from({ length: Math.min(2, count - world.gateways.length) }, () => world.gateway()));
}

test.each([2, 8])('FI-07: %i processes on one database claim, poll and reconcile the same jobs, and each runs once', async (replicas) => {
  await upTo(replicas);
  await world.postgres.query('TRUNCATE audit_claims');
  const before = await ledger();
  const began = Date.now();
  const ids: string[] = [];
  for (let left = JOBS; left > 0; left -= AT_ONCE) {
    const some = await Promise.all(Array.from({ length: Math.min(AT_ONCE, left) }, (_, index) => world.caller.send(text({ routing: { only: [index % 2 === 0 ? 'api2convert' : 'runconvert'] } }))));
    ids.push(...some.map(({ id }) => id));
  }
  await world.settled(90_000 + JOBS * 150);
  const ends = await world.postgres.query<{ status: string; tries: number }>('SELECT status, (SELECT count(*)::int FROM attempt a WHERE a.job_id = j.id) AS tries FROM job j WHERE id = ANY($1::uuid[])', [ids]);
  expect(ends).toEqual(ids.map(() => ({ status: 'completed', tries: 1 })));
  const after = await ledger();
  expect(after.creates.length - before.creates.length).toBe(JOBS);
  expect(after.jobs.filter(({ billable }) => billable).length - before.jobs.filter(({ billable }) => billable).length).toBe(JOBS);
  const claims = await world.postgres.query<{ owners: number; all: number; twice: number }>(
    `SELECT count(DISTINCT owner)::int AS owners, count(*)::int AS all, (count(*) - count(DISTINCT (stage, epoch)))::int AS twice FROM audit_claims`,
  );
  process.stdout.write(`FI-07: ${JOBS} jobs by ${replicas} processes in ${Math.round((Date.now() - began) / 1000)} s, ${claims[0]?.all ?? 0} claims by ${claims[0]?.owners ?? 0} of them\n`);
  expect(claims[0]?.twice).toBe(0);
  // The control: they did race.
  expect(claims[0]?.owners).toBe(replicas);
  expect(await world.audit()).toEqual([]);
}, 180_000 + JOBS * 300);

test.each([20, 50])('FI-07, FI-32: %i requests with one Idempotency-Key at all replicas at once are one job, and each is answered the same', async (count) => {
  await upTo(3);
  const key = `race-${count}-${crypto.randomUUID()}`;
  const tag = `race-${count}`;
  const [{ jobs } = { jobs: 0 }] = await world.postgres.query<{ jobs: number }>('SELECT count(*)::int AS jobs FROM job');
  const ask = async (nth: number, body: Body) => {
    const gateway = world.gateways[nth % world.gateways.length] as World['gateways'][number];
    const answer = await gateway.call('/v1/jobs', { method: 'POST', headers: { ...json, 'idempotency-key': key }, body: JSON.stringify(body) });
    return { status: answer.status, text: await answer.text() };
  };
  const answers = await Promise.all(Array.from({ length: count }, (_, nth) => ask(nth, text({ tag }))));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
  expect(new Set(answers.map(({ text: said }) => said)).size).toBe(1);
  expect(await world.postgres.query('SELECT count(*)::int - $1 AS more FROM job', [jobs])).toEqual([{ more: 1 }]);
  // Another body under the key is refused, and makes nothing.
  expect((await ask(1, text({ tag: 'another' }))).status).toBe(422);
  world.caller.accepted.push({ id: (JSON.parse(answers[0]?.text ?? '{}') as View).id, idempotencyKey: key });
  await world.settled();
  expect(await world.audit()).toEqual([]);
}, 60_000);

test('FI-07: one callback at two replicas at once, ten times at each, has one effect', async () => {
  await Promise.all([...world.gateways].map((gateway) => gateway.stop()));
  const far = { POLL_FLOOR_MS: '30000', POLL_CEILING_MS: '30000' };
  const two = [await world.gateway(far), await world.gateway(far)];
  await world.play({ name: 'no-callback', vendor: 'api2convert' });
  const { id } = await world.caller.send(world.job({ routing: { only: ['api2convert'] } }));
  const attempt = async () => (await world.postgres.query<{ id: string; status: string; reference: string; provider_job_id: string | null }>('SELECT id, status, reference, provider_job_id FROM attempt WHERE job_id = $1', [id]))[0];
  const done = async () => (await ledger()).jobs.some(({ jobId, outcome }, _, all) => outcome === 'completed' && jobId === all.at(-1)?.jobId);
  for (const late = Date.now() + 20_000; Date.now() < late && !((await attempt())?.status === 'running' && (await done())); ) await new Promise((resolve) => setTimeout(resolve, 30));
  const running = await attempt();
  // The control: it is done there, and nobody here knows.
  expect(running?.status).toBe('running');
  const body = JSON.stringify({ id: running?.provider_job_id, status: { code: 'completed', info: '' } });
  const told = await Promise.all(Array.from({ length: 20 }, (_, nth) => fetch(`${two[nth % 2]?.url ?? ''}/v1/callbacks/api2convert/${running?.reference ?? ''}`, { method: 'POST', headers: json, body })));
  expect(told.filter(({ ok }) => !ok).map(({ status }) => status)).toEqual([]);
  // Well before the poll that would have found it out by itself.
  expect((await world.caller.ended(id, 15_000)).status).toBe('completed');
  await world.settled();
  expect(await world.postgres.query('SELECT count(*)::int AS kept FROM callback WHERE attempt_id = $1', [running?.id])).toEqual([{ kept: 1 }]);
  expect(await world.postgres.query(`SELECT type, cause FROM event WHERE job_id = $1 AND type IN ('attempt.succeeded', 'job.completed') ORDER BY sequence`, [id])).toEqual(['attempt.succeeded', 'job.completed'].map((type) => ({ type, cause: 'callback' })));
  expect(await world.audit()).toEqual([]);
}, 90_000);
