import { Readable } from 'node:stream';
import { Decimal } from 'decimal.js';
import { nameOf, type Budget } from '../../../src/accounts/budget.js';
import { indexOf } from '../../../src/conversion/catalogue-index.js';
import { ProviderError } from '../../../src/conversion/errors.js';
import type { Problem } from '../../../src/http/problem.js';
import type { WholeJob } from '../../../src/jobs/rows.js';
import { engineRoom, keptFile, TENANT, type EngineRoom } from '../../support/engine-room.js';
import { FakeProvider } from '../../support/fake-provider.js';
import { workers } from '../../support/interleavings/workers.js';

const budget = (scope: Pick<Budget, 'tag' | 'provider'>, amount: string): Budget => ({ ...scope, period: 'total', id: nameOf({ ...scope, period: 'total' }), limit: { amount, currency: 'USD' }, alerts: [] });

/** Each test has a tag of its own: what is booked stays. */
const BUDGETS = [
  budget({ tag: 'spent', provider: 'one' }, '0.03'),
  budget({ tag: 'unknown', provider: 'one' }, '0.03'),
  budget({ tag: 'reaches', provider: 'one' }, '0.04'),
  budget({ tag: 'nowhere', provider: 'one' }, '0.03'),
  budget({ tag: 'nowhere', provider: 'two' }, '0.04'),
  budget({ tag: 'tight' }, '0.03'),
  budget({ tag: 'kept' }, '0.02'),
].sort((one, other) => (one.id < other.id ? -1 : 1));

let room: EngineRoom;
let retries: ReturnType<typeof workers>['retries'];

/** Conversions cost 0.02 at one and 0.05 at two. */
beforeAll(async () => {
  room = await engineRoom([new FakeProvider('one', ['convert', 'compress'], false), new FakeProvider('two', ['convert'])], { pricing: { currency: 'USD', perCredit: '0.01', credits: [{ operation: 'compress', credits: 1 }] } }, BUDGETS);
  for (const [id, credits] of [['one', 2], ['two', 5]] as const) room.views.put(id, { live: indexOf({ entries: [{ operation: 'convert', name: 'convert', from: null, to: 'png', options: null, credits }], covers: [] }) });
  await room.budgets.open(BUDGETS);
  ({ retries } = workers(room));
});
beforeEach(async () => {
  await room.empty();
  room.spending.put(new Map());
});
afterAll(() => room.close());

async function known(): Promise<void> {
  room.spending.put(await room.budgets.states(BUDGETS));
}
const reserved = async (tag: string) => Object.fromEntries([...(await room.budgets.states(BUDGETS))].filter(([id]) => id.startsWith(`tag=${tag}`)).map(([id, state]) => [id, new Decimal(state.reserved).toFixed()]));
const refusal = (work: Promise<unknown>) => work.then(() => null, (error: Problem) => error);
const planned = async ({ id }: WholeJob) => (await room.test.query<{ provider: string }>(`SELECT provider FROM stage WHERE job_id = $1`, [id])).map(({ provider }) => provider);

/** All that is staged. */
async function files(): Promise<readonly string[]> {
  const all: string[] = [];
  for await (const paths of room.staging.writtenBefore(new Date('2200-01-01'))) all.push(...paths);
  return all.sort();
}

/** Ran at one, where its failure cost 0.02. */
async function failed(tag: string, body: object = {}): Promise<WholeJob> {
  const job = await room.accept({ tag, routing: { maxAttempts: 1 }, ...body });
  const lease = (await room.claim()).find(({ jobId }) => jobId === job.id);
  if (lease === undefined) throw new Error('it is not due');
  const { scene, attempt } = await room.running(lease);
  await room.settle.errored(scene, attempt, new ProviderError('invalid_input', 'Because.'), { credits: 2 }, 'poll');
  expect(await room.find(job.id)).toMatchObject({ status: 'failed', attempts: [{ provider: 'one' }] });
  return room.find(job.id);
}

it.each<[string, () => Promise<void>]>([['spent', known], ['unknown', () => Promise.resolve()]])('a retry goes to another provider where the budget of the one that it ran at does not reach (%s)', async (tag, look) => {
  const old = await failed(tag);
  await look();
  const again = await retries.retry(old, {});
  expect(await planned(again)).toEqual(['two']);
  expect(await room.decisions.last(again.id)).toMatchObject({ winner: 'two', quotes: [{ provider: 'one', eligible: false, reasons: [{ code: 'budget', message: expect.stringContaining(`tag=${tag},provider=one/total`) as string }] }, { provider: 'two', eligible: true }] });
  expect(await reserved(tag)).toEqual({ [`tag=${tag},provider=one/total`]: '0' });
  expect((await room.events(again.id))).toEqual(['job.created', 'plan.decided', 'job.queued']);
});

it('the control: where it reaches, the retry is where it was', async () => {
  const again = await retries.retry(await failed('reaches'), {});
  expect(await planned(again)).toEqual(['one']);
  expect(await reserved('reaches')).toEqual({ 'tag=reaches,provider=one/total': '0.02' });
});

it('where no provider\'s budget reaches, it is refused with what is left of each, and nothing of it stays', async () => {
  const old = await failed('nowhere', { inputs: [{ type: 'base64', data: 'aGVsbG8=', filename: 'a.jpg' }] });
  const before = await files();
  const refused = await refusal(retries.retry(old, {}));
  expect(refused).toMatchObject({ code: 'budget_exceeded', status: 402 });
  expect(refused?.detail).toMatch(/tag=nowhere,provider=one\/total" of 0\.0300 USD 0\.0100 USD are left.*tag=nowhere,provider=two\/total" of 0\.0400 USD 0\.0400 USD are left/);
  expect(await reserved('nowhere')).toEqual({ 'tag=nowhere,provider=one/total': '0', 'tag=nowhere,provider=two/total': '0' });
  expect(await room.test.query('SELECT count(*)::int AS count FROM job')).toEqual([{ count: 1 }]);
  expect(await files()).toEqual(before);
});

it('a budget of the caller\'s own that does not reach is the end of it, wherever it would run', async () => {
  expect(await refusal(retries.retry(await failed('tight'), {}))).toMatchObject({ code: 'budget_exceeded', status: 402, detail: expect.stringContaining('"tag=tight/total" of 0.0300 USD 0.0100 USD are left') as string });
});

it('what has nothing left to do costs nothing, and is not refused', async () => {
  const job = await room.accept({ tag: 'kept' });
  const [lease] = await room.claim();
  if (lease === undefined) throw new Error('it is not due');
  const { scene, attempt } = await room.running(lease);
  const file = await room.staging.write(Readable.from(['bytes']), 100);
  await room.settle.succeeded(scene, attempt, { files: [keptFile('step-1', file)], deliveries: [], cost: { credits: 2 } }, 'poll');
  await known();
  expect(await room.find((await retries.retry(await room.find(job.id), {})).id)).toMatchObject({ status: 'completed', tenant: TENANT, attempts: [] });
});
