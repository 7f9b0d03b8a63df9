import { once } from 'node:events';
import { setListening } from '../e2e/support/vendors.ts';
import type { Body, View } from './support/caller.ts';
import { forgetTheDead } from './support/killing.ts';
import { tries, vendorJobsOf } from './support/spoilt-world.ts';
import { openWorld, type World } from './support/world.ts';

type Vendor = 'api2convert' | 'runconvert';
type Steps = View & { readonly steps: readonly { readonly id: string; readonly status: string; readonly provider: string | null }[] };

const FOUR = [
  { id: 'one', operation: 'convert', to: 'png', inputs: ['file'] },
  { id: 'two', operation: 'compress', inputs: ['one'] },
  { id: 'three', operation: 'convert', to: 'webp', inputs: ['two'] },
  { id: 'four', operation: 'convert', to: 'jpg', inputs: ['three'] },
];

let world: World;

beforeAll(async () => {
  world = await openWorld();
  await world.gateway();
});

afterEach(async () => {
  for (const vendor of ['api2convert', 'runconvert'] as const) await setListening(world.vendors, vendor, true);
  await world.settled();
  expect(await world.audit()).toEqual([]);
});

afterAll(() => world.close());

const four = (prefer: Vendor, more: Body = {}): Body => world.job({ steps: FOUR, routing: { prefer: [prefer], deadlineSeconds: 18 }, ...more });
const hang = (vendor: Vendor, more: object = {}) => world.play({ name: 'hang', vendor, ...more });

/** How each step stands: "one done at runconvert". */
async function standing(id: string): Promise<readonly string[]> {
  const job = (await world.caller.read(id)) as Steps | null;
  return job?.steps.map((step) => `${step.id} ${step.status} at ${step.provider ?? 'nobody'}`) ?? [];
}

async function say(vendor: Vendor, state: string, operation: string): Promise<void> {
  const init = { method: 'PATCH', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ state, operation }) };
  expect((await world.gateways[0]?.call(`/v1/providers/${vendor}`, init))?.status).toBe(200);
}

async function until(id: string, wanted: readonly string[]): Promise<void> {
  for (const late = Date.now() + 15_000; ; await new Promise((resolve) => setTimeout(resolve, 40))) {
    const seen = await standing(id);
    if (wanted.every((one) => seen.includes(one))) return;
    if (Date.now() > late) throw new Error(`still ${seen.join(', ')}`);
  }
}

/** The vendors' own ledger: how many jobs each has of a job of ours. */
async function ledger(id: string): Promise<Record<Vendor, number>> {
  const jobs = await vendorJobsOf(world, id);
  return { api2convert: jobs.filter(({ vendor }) => vendor === 'api2convert').length, runconvert: jobs.filter(({ vendor }) => vendor === 'runconvert').length };
}

async function killAndStartAnew(): Promise<void> {
  const [gateway] = world.gateways;
  if (gateway === undefined) throw new Error('no gateway is there');
  const gone = once(gateway.process, 'exit');
  gateway.process.kill('SIGKILL');
  await gone;
  await forgetTheDead(world);
  await world.gateway();
}

const timesDone = async (id: string): Promise<Record<string, number>> => {
  const rows = await world.postgres.query<{ step: string; times: number }>(`SELECT detail->>'step' AS step, count(*)::int AS times FROM event WHERE job_id = $1 AND type = 'step.done' GROUP BY 1`, [id]);
  return Object.fromEntries(rows.map(({ step, times }) => [step, times]));
};
const ONCE = { one: 1, two: 1, three: 1, four: 1 };

test('one whole graph at RunConvert: what its first two tasks made is kept while the third still runs, and after vendor and gateway died the other vendor does the rest alone', async () => {
  await hang('runconvert', { options: { after: 2 } });
  const { id } = await world.caller.send(four('runconvert'));
  await until(id, ['one done at runconvert', 'two done at runconvert', 'three running at runconvert']);
  await killAndStartAnew();
  await setListening(world.vendors, 'runconvert', false);
  const job = await world.caller.ended(id);
  expect([job.status, tries(job).at(-1)]).toEqual(['completed', 'api2convert succeeded']);
  expect(await standing(id)).toEqual(['one done at runconvert', 'two done at runconvert', 'three done at api2convert', 'four done at api2convert']);
  await setListening(world.vendors, 'runconvert', true);
  expect(await ledger(id)).toEqual({ api2convert: 2, runconvert: 1 });
  expect(await timesDone(id)).toEqual(ONCE);
}, 60_000);

test('the control: with nothing done before the vendor died, the other one runs all four', async () => {
  await hang('runconvert');
  const { id } = await world.caller.send(four('runconvert'));
  await until(id, ['one running at runconvert']);
  await setListening(world.vendors, 'runconvert', false);
  expect((await world.caller.ended(id)).status).toBe('completed');
  await setListening(world.vendors, 'runconvert', true);
  expect(await ledger(id)).toEqual({ api2convert: 4, runconvert: 1 });
  expect(await timesDone(id)).toEqual(ONCE);
}, 60_000);

test('a stage for each step at api2convert: two are done, the third hangs in a vendor that dies; the other vendor does the rest, over a death of the gateway', async () => {
  await hang('api2convert', { match: { filename: '.png', operation: 'image/webp' } });
  const { id } = await world.caller.send(four('api2convert'));
  await until(id, ['one done at api2convert', 'two done at api2convert', 'three running at api2convert']);
  await setListening(world.vendors, 'api2convert', false);
  await killAndStartAnew();
  const job = await world.caller.ended(id);
  expect([job.status, tries(job).at(-1)]).toEqual(['completed', 'runconvert succeeded']);
  expect(await standing(id)).toEqual(['one done at api2convert', 'two done at api2convert', 'three done at runconvert', 'four done at runconvert']);
  await setListening(world.vendors, 'api2convert', true);
  expect(await ledger(id)).toEqual({ api2convert: 3, runconvert: 1 });
  expect(await timesDone(id)).toEqual(ONCE);
}, 60_000);

test('a whole graph whose third task fails: the report of its end is enough to keep what the first two made', async () => {
  await world.play({ name: 'fail', vendor: 'runconvert', options: { after: 2 } });
  const { id } = await world.caller.send(four('runconvert'));
  const job = await world.caller.ended(id);
  expect(tries(job)).toEqual(['runconvert errored conversion_failed', 'api2convert succeeded', 'api2convert succeeded']);
  expect(await ledger(id)).toEqual({ api2convert: 2, runconvert: 1 });
  expect(await timesDone(id)).toEqual(ONCE);
});

test('a split plan: what the other vendor waits for begins as soon as it is there, and is not made again where the rest of the graph falls out', async () => {
  // Only api2convert has a hash; for now it has nothing else, and RunConvert's job hangs in the second of its steps.
  for (const operation of ['convert', 'compress']) await say('api2convert', 'disabled', operation);
  await hang('runconvert', { options: { after: 1 } });
  const steps = [FOUR[0], { id: 'sum', operation: 'hash', to: 'sha256', inputs: ['one'] }, FOUR[1], FOUR[2]];
  const { id } = await world.caller.send(four('runconvert', { steps }));
  await until(id, ['one done at runconvert', 'sum done at api2convert', 'two running at runconvert']);
  for (const operation of ['convert', 'compress']) await say('api2convert', 'enabled', operation);
  await setListening(world.vendors, 'runconvert', false);
  const job = await world.caller.ended(id);
  expect(job.status).toBe('completed');
  expect(await standing(id)).toEqual(['one done at runconvert', 'sum done at api2convert', 'two done at api2convert', 'three done at api2convert']);
  await setListening(world.vendors, 'runconvert', true);
  expect(await ledger(id)).toEqual({ api2convert: 3, runconvert: 1 });
  expect(await timesDone(id)).toEqual({ one: 1, sum: 1, two: 1, three: 1 });
}, 60_000);
