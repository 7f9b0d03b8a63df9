import { ProviderError } from '../../../src/conversion/errors.js';
import type { Lease } from '../../../src/execution/stage-store.js';
import { engineRoom, keptFile, TENANT, type EngineRoom } from '../../support/engine-room.js';
import { Steered } from '../../support/steered-provider.js';

const flat = new Steered('flat', ['convert', 'compress'], false);
const whole = new Steered('whole', ['convert', 'compress', 'ocr']);
let room: EngineRoom;

beforeAll(async () => {
  room = await engineRoom([flat, whole], { pricing: { currency: 'USD', perCredit: '0.02', credits: [{ operation: 'ocr', credits: 2 }, { operation: '*', credits: 1 }] } });
});

beforeEach(async () => {
  await room.empty();
  flat.reset();
  whole.reset();
});

afterAll(() => room.close());

interface Entry {
  readonly operation: string;
  readonly outcome: string;
  readonly amount: string | null;
  readonly estimated: boolean;
  readonly waste: boolean;
}

const entries = (jobId: string) => room.test.query<Entry>('SELECT provider, operation, outcome, trim_scale(amount)::text AS amount, trim_scale(credits)::text AS credits, currency, estimated, waste, tenant, key, tag FROM ledger_entry WHERE job_id = $1 ORDER BY id', [jobId]);
const lost = (kind: 'timeout' | 'conversion_failed' | 'unavailable', details: object = {}) => new ProviderError(kind, 'Because.', details);

async function running(body: Parameters<EngineRoom['accept']>[0] = {}) {
  const job = await room.accept(body);
  const [lease] = await room.claim();
  return { job, ...(await room.running(lease as Lease)) };
}

it('an attempt that succeeded is one row, written with it, and says whose it was', async () => {
  const { job, scene, attempt } = await running({ routing: { only: ['flat'] }, tag: 'invoice-42' });
  await room.settle.succeeded(scene, attempt, { files: [keptFile('step-1')], deliveries: [], cost: { credits: 3 } }, 'poll');
  expect(await entries(job.id)).toEqual([{ provider: 'flat', operation: 'convert', outcome: 'succeeded', amount: '0.06', credits: '3', currency: 'USD', estimated: false, waste: false, tenant: TENANT, key: 'admin', tag: 'invoice-42' }]);
  const written = await room.test.query('SELECT xmin FROM attempt WHERE job_id = $1 UNION SELECT xmin FROM ledger_entry WHERE job_id = $1', [job.id]);
  expect(written).toHaveLength(1);
});

it('what is told twice is booked once: an attempt that has ended ends no more', async () => {
  const { job, scene, attempt } = await running({ routing: { only: ['flat'] } });
  const outcome = { files: [keptFile('step-1')], deliveries: [], cost: { credits: 3 } };
  await room.settle.succeeded(scene, attempt, outcome, 'poll');
  await expect(room.settle.succeeded(scene, attempt, outcome, 'poll')).rejects.toThrow();
  expect(await entries(job.id)).toHaveLength(1);
});

it('a stage of several operations is split by what each was expected to cost, to the last digit', async () => {
  const { job, scene, attempt } = await running({ steps: [{ id: 'a', operation: 'convert', to: 'png' }, { id: 'b', operation: 'ocr' }], routing: { only: ['whole'] } });
  await room.settle.succeeded(scene, attempt, { files: [keptFile('b')], deliveries: [], cost: { credits: 10 } }, 'poll');
  expect((await entries(job.id)).map(({ operation, amount }) => [operation, amount])).toEqual([['convert', '0.06666667'], ['ocr', '0.13333333']]);
});

it('a vendor that never tells has its price booked, marked as estimated; the attempt itself keeps to what is known', async () => {
  const { job, scene, attempt } = await running({ routing: { only: ['flat'] } });
  await room.settle.succeeded(scene, attempt, { files: [keptFile('step-1')], deliveries: [], cost: { credits: null } }, 'poll');
  expect(await entries(job.id)).toMatchObject([{ amount: '0.02', credits: null, estimated: true, waste: false }]);
  expect((await room.find(job.id)).attempts).toMatchObject([{ cost: null }]);
});

it('what failed is waste, and a create that certainly made nothing cost nothing', async () => {
  const charged = await running({ routing: { only: ['flat'], maxAttempts: 1 } });
  await room.settle.errored(charged.scene, charged.attempt, lost('conversion_failed'), { credits: 1 }, 'poll');
  expect(await entries(charged.job.id)).toMatchObject([{ outcome: 'errored', amount: '0.02', estimated: false, waste: true }]);
  const refused = await running({ routing: { only: ['flat'], maxAttempts: 1 } });
  await room.settle.errored(refused.scene, { ...refused.attempt, providerJobId: null }, lost('unavailable', { created: 'not_created' }), { credits: null }, 'timer');
  expect(await entries(refused.job.id)).toMatchObject([{ outcome: 'errored', amount: '0', estimated: false, waste: true }]);
});

it('an attempt that its job left behind is booked without an amount, and a late success adds what it cost', async () => {
  const { job } = await running({ routing: { only: ['flat'] } });
  await room.cancels.cancel(TENANT, job.id);
  expect(await entries(job.id)).toMatchObject([{ outcome: 'abandoned', amount: null, estimated: true, waste: true }]);
  flat.says = { state: 'succeeded', results: [], deliveries: [], cost: { credits: 3 } };
  await room.test.query(`UPDATE attempt SET watch_due_at = now() - make_interval(secs => 1) WHERE watch_due_at < 'infinity'`);
  // However many processes ask.
  await Promise.all([room.leftBehind.ask(), room.leftBehind.ask()]);
  expect(await entries(job.id)).toMatchObject([{ outcome: 'abandoned' }, { outcome: 'late', operation: 'convert', amount: '0.06', credits: '3', estimated: false, waste: true }]);
});

it('a late cost that differs is a row with the difference: the rows together say what the attempt says', async () => {
  const { job, scene, attempt } = await running({ routing: { only: ['flat'], maxAttempts: 1 } });
  await room.settle.errored(scene, attempt, lost('timeout'), { credits: 5 }, 'timer', true);
  flat.says = { state: 'succeeded', results: [], deliveries: [], cost: { credits: 3 } };
  await room.test.query(`UPDATE attempt SET watch_due_at = now() - make_interval(secs => 1)`);
  expect(await room.leftBehind.ask()).toBe(1);
  expect((await entries(job.id)).map(({ outcome, amount }) => [outcome, amount])).toEqual([['errored', '0.1'], ['late', '-0.04']]);
  expect((await room.find(job.id)).attempts.map(({ cost }) => Number(cost))).toEqual([0.06]);
});

it('nobody changes what was written: not a row of it, nor all of it', async () => {
  const { job, scene, attempt } = await running({ routing: { only: ['flat'] } });
  await room.settle.succeeded(scene, attempt, { files: [keptFile('step-1')], deliveries: [], cost: { credits: 3 } }, 'poll');
  for (const attack of ['UPDATE ledger_entry SET amount = 0', 'DELETE FROM ledger_entry', 'TRUNCATE ledger_entry']) await expect(room.test.query(attack)).rejects.toThrow(/append-only/);
  // Nor does it go with its job.
  await room.empty();
  expect(await entries(job.id)).toHaveLength(1);
});
