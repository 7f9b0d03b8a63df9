import { jest } from '@jest/globals';
import { Decimal } from 'decimal.js';
import { indexOf } from '../../../src/conversion/catalogue-index.js';
import { nameOf, type Budget } from '../../../src/accounts/budget.js';
import { ProviderError } from '../../../src/conversion/errors.js';
import type { Problem } from '../../../src/http/problem.js';
import type { WholeJob } from '../../../src/jobs/rows.js';
import { engineRoom, keptFile, TENANT, type EngineRoom } from '../../support/engine-room.js';
import { FakeProvider } from '../../support/fake-provider.js';

const budget = (scope: Pick<Budget, 'tag' | 'provider'>, amount: string, period: Budget['period'] = 'month'): Budget => ({ ...scope, period, id: nameOf({ ...scope, period }), limit: { amount, currency: 'USD' }, alerts: [50, 80, 100] });

/** Each test has a tag of its own: what is booked stays. */
const RACE = budget({ tag: 'race' }, '0.20');
const LIFE = budget({ tag: 'life' }, '100');
const LIFE_DAY = budget({ tag: 'life' }, '90', 'day');
const ENDS = budget({ tag: 'ends' }, '1', 'total');
const MOVE = budget({ tag: 'move' }, '0.04');
const THERE = budget({ tag: 'there', provider: 'one' }, '0.02');
const DRIFT = budget({ tag: 'drift' }, '5');
const ALERT = budget({ tag: 'alert' }, '0.10');
const LESS = budget({ tag: 'less' }, '0.04', 'total');
const SPARE = budget({ tag: 'spare', provider: 'one' }, '0');
const BUDGETS = [RACE, LIFE, LIFE_DAY, ENDS, MOVE, THERE, DRIFT, ALERT, LESS, SPARE].sort((one, other) => (one.id < other.id ? -1 : 1));
let room: EngineRoom;

/** Conversions cost 0.02 at one and 0.05 at two. */
beforeAll(async () => {
  room = await engineRoom([new FakeProvider('one', ['convert'], false), new FakeProvider('two', ['convert'])], { pricing: { currency: 'USD', perCredit: '0.01', credits: [] } }, BUDGETS);
  for (const [id, credits] of [['one', 2], ['two', 5]] as const) room.views.put(id, { live: indexOf({ entries: [{ operation: 'convert', name: 'convert', from: null, to: 'png', options: null, credits }], covers: [] }) });
  await room.budgets.open(BUDGETS);
});
beforeEach(async () => {
  await room.empty();
  room.spending.put(new Map());
});
afterAll(() => room.close());

const stateOf = async ({ id }: Budget) => {
  const state = (await room.budgets.states(BUDGETS)).get(id);
  return [new Decimal(state?.spent ?? -1).toFixed(), new Decimal(state?.reserved ?? -1).toFixed()];
};
const refusal = (work: Promise<unknown>) => work.then(() => null, (error: Problem) => error);
const leaseOf = async ({ id }: WholeJob) => {
  const lease = (await room.claim()).find(({ jobId }) => jobId === id);
  if (lease === undefined) throw new Error('it is not due');
  return room.running(lease);
};
const error = (kind: 'conversion_failed' | 'unavailable') => new ProviderError(kind, 'Because.');
const providerOf = async ({ id }: WholeJob) => (await room.test.query<{ provider: string }>(`SELECT provider FROM stage WHERE job_id = $1 AND status = 'active'`, [id])).map(({ provider }) => provider);

it('where what is left does not pay for the first choice, a cheaper provider is taken', async () => {
  const wished = () => room.accept({ tag: 'less', routing: { prefer: ['two'] } });
  // The control: it is the first choice.
  expect(await providerOf(await room.accept({ tag: 'spare', routing: { prefer: ['two'] } }))).toEqual(['two']);
  const jobs = [await wished(), await wished()];
  expect(await Promise.all(jobs.map(providerOf))).toEqual([['one'], ['one']]);
  expect(await stateOf(LESS)).toEqual(['0', '0.04']);
  expect((await refusal(wished()))?.detail).toBe('Of the budget "tag=less/total" of 0.0400 USD 0.0000 USD are left, and this may cost 0.0500 USD. It does not renew.');
});

it('of fifty jobs at once just as many are taken as the budget pays for; the others hear what is left, and when it renews', async () => {
  const answers = await Promise.all(Array.from({ length: 50 }, () => refusal(room.accept({ tag: 'race' }))));
  expect(answers.filter((answer) => answer === null)).toHaveLength(10);
  const [refused] = answers.filter((answer) => answer !== null);
  expect(refused).toMatchObject({ code: 'budget_exceeded', status: 402 });
  expect(refused?.detail).toMatch(/^Of the budget "tag=race\/month" of 0\.2000 USD 0\.0000 USD are left, and this may cost 0\.0200 USD\. It renews at \d{4}-\d{2}-01T00:00:00Z\.$/);
  expect(await stateOf(RACE)).toEqual(['0', '0.2']);
  expect(await room.test.query('SELECT count(*)::int AS count FROM job')).toEqual([{ count: 10 }]);
  // The control: without that tag there is nothing in the way.
  await Promise.all(Array.from({ length: 50 }, () => room.accept({})));
});

it('a job that no budget matches is taken as ever: one statement, no transaction', async () => {
  const [transaction, query] = [jest.spyOn(room.database, 'transaction'), jest.spyOn(room.database, 'query')];
  await room.accept({});
  expect([transaction.mock.calls.length, query.mock.calls.length]).toEqual([0, 1]);
  await room.accept({ tag: 'drift' });
  expect([transaction.mock.calls.length, query.mock.calls.length]).toEqual([1, 1]);
  jest.restoreAllMocks();
});

it('fifty jobs that end in every way: the ledger, the attempts and the budgets say the same, and nothing stays reserved', async () => {
  const before = await stateOf(LIFE);
  const jobs = await Promise.all(Array.from({ length: 50 }, (_, index) => room.accept({ tag: 'life', routing: index % 5 === 4 ? {} : { only: ['one'] } })));
  expect(await stateOf(LIFE)).toEqual([before[0], '1']);
  const leases = await room.claim(100);
  await Promise.all(leases.map(async (lease) => {
    const index = jobs.findIndex(({ id }) => id === lease.jobId);
    const { scene, attempt } = await room.running(lease);
    if (index % 5 === 0) await room.cancels.cancel(TENANT, lease.jobId);
    else if (index % 5 === 1) await room.settle.errored(scene, attempt, error('conversion_failed'), { credits: 1 }, 'poll');
    else if (index % 5 === 4) await room.settle.errored(scene, attempt, error('conversion_failed'), { credits: 2 }, 'poll');
    else await room.settle.succeeded(scene, attempt, { files: [keptFile('step-1')], deliveries: [], cost: { credits: index } }, 'poll');
  }));
  // Those that failed over run at the other provider, and have more reserved for it.
  expect((await stateOf(LIFE))[1]).toBe('0.5');
  await Promise.all((await room.claim(100)).map(async (lease) => {
    const { scene, attempt } = await room.running(lease);
    await room.settle.succeeded(scene, attempt, { files: [keptFile('step-1')], deliveries: [], cost: { credits: 5 } }, 'poll');
  }));
  const [sums] = await room.test.query<{ ledger: string; attempts: string }>(`SELECT (SELECT trim_scale(sum(amount))::text FROM ledger_entry WHERE tag = 'life') AS ledger, (SELECT trim_scale(sum(cost))::text FROM attempt) AS attempts`);
  const spent = jobs.reduce((sum, _, index) => sum + (index % 5 === 0 ? 0 : index % 5 === 1 ? 1 : index % 5 === 4 ? 7 : index), 0) / 100;
  expect([sums?.ledger, sums?.attempts]).toEqual([String(spent), String(spent)]);
  expect([await stateOf(LIFE), await stateOf(LIFE_DAY)]).toEqual([[String(spent), '0'], [String(spent), '0']]);
  expect(await room.budgets.mend(LIFE)).toEqual([]);
});

it('however a job ends that never ran, what it had reserved comes back', async () => {
  const [canceled, late] = [await room.accept({ tag: 'ends' }), await room.accept({ tag: 'ends', inputs: [{ type: 'upload' }] })];
  expect(await stateOf(ENDS)).toEqual(['0', '0.04']);
  await room.cancels.cancel(TENANT, canceled.id);
  expect(await stateOf(ENDS)).toEqual(['0', '0.02']);
  await room.test.query(`UPDATE job SET deadline_at = now() - interval '1 second' WHERE id = $1`, [late.id]);
  await room.deadlines.failOverdue();
  expect(await stateOf(ENDS)).toEqual(['0', '0']);
});

describe('in a failover', () => {
  it('a provider that is dearer than what is left is not gone to: the job fails with that, and gives back what it had', async () => {
    const job = await room.accept({ tag: 'move' });
    const { scene, attempt } = await leaseOf(job);
    await room.settle.errored(scene, attempt, error('conversion_failed'), { credits: 0 }, 'poll');
    expect(await room.find(job.id)).toMatchObject({ status: 'failed', error: { code: 'budget_exceeded', message: expect.stringContaining('0.0500 USD') as string } });
    expect(await stateOf(MOVE)).toEqual(['0', '0']);
  });

  it('once more where it is costs no other reservation', async () => {
    const job = await room.accept({ tag: 'move', routing: { only: ['one'] } });
    const { scene, attempt } = await leaseOf(job);
    await room.settle.errored(scene, attempt, error('unavailable'), { credits: 0 }, 'poll');
    expect(await stateOf(MOVE)).toEqual(['0', '0.02']);
    await room.cancels.cancel(TENANT, job.id);
  });
});

it('a provider\'s budget that is used up keeps that provider out, with its reason; where nobody else is left it is told', async () => {
  const first = await room.accept({ tag: 'there' });
  expect(await providerOf(first)).toEqual(['one']);
  const second = await room.accept({ tag: 'there' });
  expect(await providerOf(second)).toEqual(['two']);
  expect((await room.decisions.last(second.id))?.quotes).toMatchObject([{ provider: 'one', eligible: false, reasons: [{ code: 'budget' }] }, { provider: 'two', eligible: true }]);
  expect(await refusal(room.accept({ tag: 'there', routing: { only: ['one'] } }))).toMatchObject({ code: 'budget_exceeded', status: 402, detail: expect.stringContaining('tag=there,provider=one/month') as string });
  // What this process knows of it suffices to leave it out; a quote tells of it, too.
  room.spending.put(await room.budgets.states(BUDGETS));
  expect(await room.quotes.quote(TENANT, { inputs: [{ type: 'url', url: 'https://example.com/a.jpg' }], steps: [{ operation: 'convert', to: 'png' }], tag: 'there', routing: { only: ['one'] } })).toMatchObject({ winner: null, quotes: [{ reasons: [{ code: 'budget' }] }, {}] });
  await room.cancels.cancel(TENANT, first.id);
  room.spending.put(await room.budgets.states(BUDGETS));
  expect(await providerOf(await room.accept({ tag: 'there' }))).toEqual(['one']);
});

it('what is reserved and spent is held against the ledger, and put right; where it is right nothing is done', async () => {
  await room.budgets.mend(DRIFT);
  const job = await room.accept({ tag: 'drift' });
  expect(await room.budgets.mend(DRIFT)).toEqual([]);
  await room.test.query(`UPDATE budget_period SET spent = 3, reserved = reserved + 1 WHERE budget = $1`, [DRIFT.id]);
  expect(await room.budgets.mend(DRIFT)).not.toEqual([]);
  expect(await stateOf(DRIFT)).toEqual(['0', '0.02']);
  // A job that ended while nobody knew of budgets leaves something behind.
  await room.test.query(`UPDATE job SET status = 'failed', ended_at = now() WHERE id = $1`, [job.id]);
  await room.budgets.mend(DRIFT);
  expect(await stateOf(DRIFT)).toEqual(['0', '0']);
});

it('a budget that is new counts what was spent before it', async () => {
  const job = await room.accept({ tag: 'life', routing: { only: ['one'] } });
  const { scene, attempt } = await leaseOf(job);
  await room.settle.succeeded(scene, attempt, { files: [keptFile('step-1')], deliveries: [], cost: { credits: 2 } }, 'poll');
  const whole = budget({ tag: 'life' }, '500', 'total');
  expect(await room.budgets.open([whole])).toEqual([whole.id]);
  await room.budgets.mend(whole);
  const [was, now] = [await stateOf(LIFE), (await room.budgets.states([whole])).get(whole.id)];
  expect(new Decimal(now?.spent ?? 0).toFixed()).toBe(was[0]);
  expect(Number(now?.spent)).toBeGreaterThan(0);
});

it('each threshold is told once, whoever looks', async () => {
  const spend = async (credits: number) => {
    const job = await room.accept({ tag: 'alert', routing: { only: ['one'] } });
    const { scene, attempt } = await leaseOf(job);
    await room.settle.succeeded(scene, attempt, { files: [keptFile('step-1')], deliveries: [], cost: { credits } }, 'poll');
  };
  const told = async (refused = false) => {
    const state = (await room.budgets.states([ALERT])).get(ALERT.id);
    if (state === undefined) throw new Error('no state');
    return (await Promise.all([room.budgets.alert(ALERT, state, refused), room.budgets.alert(ALERT, state, refused)])).flat();
  };
  expect(await told()).toEqual([]);
  await spend(5);
  expect(await told()).toEqual([50]);
  await spend(4);
  expect(await told()).toEqual([80]);
  // One more does not fit, though a hundredth is left: then it is used up.
  expect(await refusal(room.accept({ tag: 'alert', routing: { only: ['one'] } }))).toMatchObject({ status: 402 });
  expect(room.spending.takeRefusals()).toContain(ALERT.id);
  expect(await told(true)).toEqual([100]);
  expect(await told(true)).toEqual([]);
  expect(await room.test.query('SELECT threshold FROM budget_alert WHERE budget = $1 ORDER BY 1', [ALERT.id])).toEqual([{ threshold: 50 }, { threshold: 80 }, { threshold: 100 }]);
});
