import type { VendorLedger } from './auditor/evidence.ts';
import { forgetTheDead, killed, RECORDED, type Moment } from './support/killing.ts';
import { openWorld, type World } from './support/world.ts';

/* FI-01 to FI-05: what commits.test.ts does at every commit, here at those that have a name, and with what must hold at each. */

type Vendor = 'api2convert' | 'runconvert';

let world: World;

beforeAll(async () => {
  world = await openWorld({ variables: RECORDED });
  await world.gateway();
});

afterEach(async () => {
  await world.settled();
  expect(await world.audit()).toEqual([]);
});

afterAll(() => world.close());

const BEGIN = 'execution/attempt-store:AttemptStore.begin';
const CREATED = 'execution/attempt-store:AttemptStore.created';
const SUCCEEDED = 'execution/settle:SettleService.succeeded';
const TOLD = 'webhooks/delivery-store:DeliveryStore.end';

const gateway = () => {
  const [first] = world.gateways;
  if (first === undefined) throw new Error('no gateway is there');
  return first;
};

const at = (vendor: Vendor) => world.job({ routing: { only: [vendor] } });

/** A job whose gateway kills itself at that moment: the job's id, and a new gateway works. */
async function dead(body: ReturnType<typeof at>, moment: Moment, { waits = false } = {}): Promise<string> {
  let id: Promise<string> | undefined;
  const met = await killed(gateway(), moment, async () => {
    id = world.caller.send(body).then((job) => job.id);
    await world.caller.ended(await id, 60_000);
  });
  expect(met).toBe(true);
  if (!waits) await forgetTheDead(world);
  await world.gateway();
  return (await id) ?? '';
}

const ledger = async (): Promise<VendorLedger> => (await fetch(new URL('/sandbox/ledger', world.vendors.runconvert))).json() as Promise<VendorLedger>;

/** The vendors' jobs that stand for a job of ours. */
async function vendorJobs(id: string): Promise<VendorLedger['jobs']> {
  const attempts = await world.postgres.query<{ reference: string }>('SELECT reference FROM attempt WHERE job_id = $1', [id]);
  return (await ledger()).jobs.filter((job) => attempts.some(({ reference }) => job.reference?.endsWith(reference) === true));
}

const timeline = async (id: string) =>
  (await world.postgres.query<{ type: string }>(`SELECT type FROM event WHERE job_id = $1 AND type LIKE 'attempt.%' AND type <> 'attempt.progressed' ORDER BY sequence`, [id])).map(({ type }) => type.slice('attempt.'.length));

const newsOf = (id: string) => world.receiver.received.filter(({ body }) => body.data.id === id);

test('FI-01: a worker that dies between a job\'s acceptance and the vendor leaves it to another, which has it once the lease is over', async () => {
  const id = await dead(at('api2convert'), { place: BEGIN, nth: 1, side: 'before' }, { waits: true });
  const [held] = await world.postgres.query<{ left: number }>('SELECT extract(epoch FROM lease_until - now())::float8 AS left FROM stage WHERE job_id = $1', [id]);
  const job = await world.caller.ended(id, 40_000);
  const [took] = await world.postgres.query<{ seconds: number }>('SELECT extract(epoch FROM a.started_at - j.queued_at)::float8 AS seconds FROM attempt a JOIN job j ON j.id = a.job_id WHERE j.id = $1', [id]);
  process.stdout.write(`FI-01: dispatched ${took?.seconds.toFixed(1) ?? '?'} s after its acceptance\n`);
  expect(job).toMatchObject({ status: 'completed', attempts: [{ status: 'succeeded' }] });
  expect(job.attempts).toHaveLength(1);
  expect(took?.seconds).toBeLessThanOrEqual(20);
  // The control: the dead one held it, and nobody took it from it before its time.
  expect(held?.left ?? 15).toBeGreaterThan(0);
  expect(took?.seconds).toBeGreaterThan(14);
  expect(await vendorJobs(id)).toHaveLength(1);
});

test('FI-02: a create that was answered and never written down: at api2convert it is inert, and the job is made again', async () => {
  const id = await dead(at('api2convert'), { place: CREATED, nth: 1, side: 'before' });
  const job = await world.caller.ended(id, 40_000);
  expect(job).toMatchObject({ status: 'completed', attempts: [{ provider: 'api2convert', status: 'succeeded', error: null }] });
  const jobs = await vendorJobs(id);
  expect(jobs.filter(({ billable }) => billable)).toHaveLength(1);
  expect(jobs.length).toBeLessThanOrEqual(2);
  expect(await timeline(id)).toEqual(['submitting', 'running', 'succeeded']);
});

test('FI-02: at RunConvert, where a create is a start, it is unknown first, then found by our reference and adopted', async () => {
  const id = await dead(at('runconvert'), { place: CREATED, nth: 1, side: 'before' });
  expect(await world.caller.ended(id, 40_000)).toMatchObject({ status: 'completed', attempts: [{ provider: 'runconvert', status: 'succeeded', error: null }] });
  expect(await timeline(id)).toEqual(['submitting', 'unknown', 'adopted', 'running', 'succeeded']);
  expect(await vendorJobs(id)).toMatchObject([{ billable: true, outcome: 'completed' }]);
});

test.each<Vendor>(['api2convert', 'runconvert'])('FI-03: killed while %s makes the job and nobody hears of it: the vendor is asked, nobody else is sent it', async (vendor) => {
  // The job stands, its answer comes a byte in two seconds.
  await world.play({ name: 'slow-bytes', vendor, options: { call: 'create', everyMs: 2000 } });
  const before = (await ledger()).jobs.length;
  const { id } = await world.caller.send(world.job({ routing: { prefer: [vendor] } }));
  for (const late = Date.now() + 20_000; (await ledger()).jobs.length === before && Date.now() < late; ) await pause(20);
  const [first] = await world.postgres.query<{ status: string; provider_job_id: string | null }>('SELECT status, provider_job_id FROM attempt WHERE job_id = $1', [id]);
  // The control: it was in the middle of its create.
  expect(first).toEqual({ status: 'submitting', provider_job_id: null });
  await gateway().kill();
  await forgetTheDead(world);
  await world.gateway();
  const job = await world.caller.ended(id, 40_000);
  expect(job).toMatchObject({ status: 'completed', attempts: [{ provider: vendor, status: 'succeeded' }] });
  expect(job.attempts).toHaveLength(1);
  expect(await timeline(id)).toEqual(vendor === 'runconvert' ? ['submitting', 'unknown', 'adopted', 'running', 'succeeded'] : ['submitting', 'running', 'succeeded']);
  expect((await vendorJobs(id)).filter(({ billable }) => billable)).toHaveLength(1);
});

test.each<Vendor>(['api2convert', 'runconvert'])('FI-03: a create at %s whose answer is lost on the way is no failure, and no reason to go elsewhere', async (vendor) => {
  await world.play({ name: 'drop-create-answer', vendor });
  const { id } = await world.caller.send(world.job({ routing: { prefer: [vendor] } }));
  const job = await world.caller.ended(id, 40_000);
  expect(job.status).toBe('completed');
  expect(new Set(job.attempts.map(({ provider }) => provider))).toEqual(new Set([vendor]));
  expect((await vendorJobs(id)).filter(({ billable }) => billable)).toHaveLength(1);
  // The control: the answer was lost.
  expect((await ledger()).creates.some(({ vendor: whose, dropped }) => whose === vendor && dropped)).toBe(true);
});

test('FI-04: killed between a job\'s end and the word of it: its caller is told of it all the same, once', async () => {
  const id = await dead(at('api2convert'), { place: SUCCEEDED, nth: 1, side: 'after' });
  const [written] = await world.postgres.query<{ id: string }>(`SELECT id FROM outbox_event WHERE job_id = $1 AND type = 'job.completed'`, [id]);
  // The control: it had not been told when the process died.
  expect((await world.caller.ended(id)).status).toBe('completed');
  await world.settled();
  const ends = newsOf(id).filter(({ body }) => body.type === 'job.completed');
  expect(ends.map((one) => one.id)).toEqual([written?.id]);
});

test('FI-05: killed between the receiver\'s answer and its line in the log: told once more, under the same id', async () => {
  const id = await dead(at('api2convert'), { place: TOLD, nth: 1, side: 'before' });
  await world.caller.ended(id, 40_000);
  await world.settled();
  const told = newsOf(id);
  expect([...new Map(told.map((one) => [one.id, one.body.type])).values()]).toEqual(['job.queued', 'job.processing', 'job.completed']);
  // The control: the first came twice, byte for byte.
  const first = told.filter(({ body }) => body.type === 'job.queued');
  expect(first).toHaveLength(2);
  expect(first[1]).toMatchObject({ id: first[0]?.id, raw: first[0]?.raw });
});

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
