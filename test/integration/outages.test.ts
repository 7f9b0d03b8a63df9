import { nameOf, type Budget } from '../../src/accounts/budget.js';
import { indexOf } from '../../src/conversion/catalogue-index.js';
import type { JobBody } from '../../src/conversion/job-body.js';
import type { Decision } from '../../src/routing/decision-record.js';
import { UNLIMITED, type Limits } from '../../src/routing/limit-board.js';
import { engineRoom, TENANT, type EngineRoom } from '../support/engine-room.js';
import { FakeProvider } from '../support/fake-provider.js';

/* What a quote says in the middle of an outage is what becomes of the same job a moment later: who runs it, what it costs, who is left out and why. */

const TAG = 'poor';
const BUDGET: Budget = { id: nameOf({ tag: TAG, provider: 'cheap', period: 'total' }), tag: TAG, provider: 'cheap', period: 'total', limit: { amount: '0', currency: 'USD' }, alerts: [] };

let room: EngineRoom;

/** A conversion costs 0.01 at cheap, 0.02 at fair, 0.04 at dear; compressing half of it. */
beforeAll(async () => {
  room = await engineRoom(['cheap', 'fair', 'dear'].map((id) => new FakeProvider(id, ['convert', 'compress'])), { pricing: { currency: 'USD', perCredit: '0.01', credits: [{ operation: 'compress', credits: 0.5 }] }, maxConcurrent: 2 }, [BUDGET]);
  for (const [id, credits] of [['cheap', 1], ['fair', 2], ['dear', 4]] as const) {
    room.views.put(id, { live: indexOf({ entries: [{ operation: 'convert', name: 'convert', from: null, to: 'png', options: null, credits }, { operation: 'compress', name: 'compress', from: null, to: null, options: null, credits: credits / 2 }], covers: [] }) });
  }
  await room.budgets.open([BUDGET]);
});

beforeEach(async () => {
  await room.outcomes.flush();
  await room.empty();
  await room.test.query('TRUNCATE breaker, provider_state, provider_event, quote');
  await refresh();
  room.spending.put(await room.budgets.states([BUDGET]));
});

afterAll(() => room.close());

const refresh = async (): Promise<void> => room.board.put(await room.standings.read());

async function opens(provider: string, operation = '*', times = 1): Promise<void> {
  await room.breakers.record(provider, operation, { ok: 0, failed: 20, kind: 'unavailable', stages: new Map() });
  await room.test.query('UPDATE breaker SET opens = $3 WHERE provider = $1 AND operation = $2', [provider, operation, times]);
  await refresh();
}

async function says(provider: string, state: 'draining' | 'disabled', operation: string | null = null): Promise<void> {
  await room.standings.say(provider, operation, state);
  await refresh();
}

const limited = (provider: string, limits: Partial<Limits>): void => room.limits.put(new Map([[provider, { ...UNLIMITED, ...limits }]]));
const throttled = (provider: string): void => limited(provider, { throttled: true, pausedUntil: performance.now() + 3_600_000, pausedMs: 3_600_000 });

const ONE: JobBody = { inputs: [{ type: 'url', url: 'https://example.com/a.jpg' }], steps: [{ operation: 'convert', to: 'png' }] };
const TWO: JobBody = { ...ONE, steps: [{ id: 'small', operation: 'compress' }, { id: 'png', operation: 'convert', to: 'png' }] };

/** The quote, and the decision of a job that is sent right after it. */
async function both(body: JobBody): Promise<{ readonly quoted: Omit<Decision, 'strategy'>; readonly decided: Omit<Decision, 'strategy'> }> {
  const { id: _id, expiresAt: _expiresAt, ...quoted } = await room.quotes.quote(TENANT, body);
  const { decidedAt: _at, strategy: _strategy, ...decided } = (await room.decisions.last((await room.accept(body)).id)) as Decision & { readonly decidedAt: Date };
  return { quoted: quoted as Omit<Decision, 'strategy'>, decided };
}

const codes = ({ quotes }: { readonly quotes: readonly { readonly provider: string; readonly reasons: readonly { readonly code: string }[] }[] }) => Object.fromEntries(quotes.map(({ provider, reasons }) => [provider, reasons.map(({ code }) => code)]));
const planned = ({ plan }: Pick<Decision, 'plan'>) => plan.map(({ provider, steps, cost }) => `${provider}: ${steps.join(' ')} for ${cost.amount}`);

it.each<[string, () => Promise<void> | void, Partial<JobBody>, string, Record<string, readonly string[]>]>([
  ['a breaker is open', () => opens('cheap'), {}, 'fair', { cheap: ['breaker'], fair: [], dear: [] }],
  ['a breaker is open, and another provider drained', async () => { await opens('cheap'); await says('fair', 'draining'); }, {}, 'dear', { cheap: ['breaker'], fair: ['state'], dear: [] }],
  ['a provider is drained', () => says('cheap', 'draining'), {}, 'fair', { cheap: ['state'], fair: [], dear: [] }],
  ['a provider asked to be left alone', () => throttled('cheap'), {}, 'fair', { cheap: ['rate_limited'], fair: [], dear: [] }],
  ['a provider runs as many as it may', () => limited('cheap', { running: 2, waiting: 40 }), {}, 'fair', { cheap: ['concurrency'], fair: [], dear: [] }],
  ['one asked to be left alone while another\'s breaker is open', async () => { await opens('fair'); throttled('cheap'); }, {}, 'dear', { cheap: ['rate_limited'], fair: ['breaker'], dear: [] }],
  ['a provider\'s budget is used up', () => undefined, { tag: TAG }, 'fair', { cheap: ['budget'], fair: [], dear: [] }],
  ['all breakers are open: the least bad', async () => { await opens('cheap', '*', 4); await opens('fair', '*', 3); await opens('dear', '*', 1); }, {}, 'dear', { cheap: ['breaker'], fair: ['breaker'], dear: [] }],
])('while %s', async (_, happens, more, winner, reasons) => {
  const body = { ...ONE, ...more };
  // The control: without it another provider wins, at another price.
  const calm = await room.quotes.quote(TENANT, ONE);
  expect([calm.winner, codes(calm)]).toEqual(['cheap', { cheap: [], fair: [], dear: [] }]);
  await happens();
  const { quoted, decided } = await both(body);
  expect([quoted.winner, codes(quoted)]).toEqual([winner, reasons]);
  expect(planned(quoted)).not.toEqual(planned(calm));
  expect(decided).toEqual(quoted);
});

it('while one operation of a provider is out, the same split', async () => {
  expect(planned(await room.quotes.quote(TENANT, TWO))).toEqual(['cheap: small png for 0.0150']);
  await opens('cheap', 'convert');
  const { quoted, decided } = await both(TWO);
  expect([quoted.winner, planned(quoted)]).toEqual(['split', ['cheap: small for 0.0050', 'fair: png for 0.0200']]);
  expect(decided).toEqual(quoted);
});

it('a quote of before the outage keeps its provider, and says so as a decision does; one of after it does not bring the other back', async () => {
  const before = await room.quotes.quote(TENANT, ONE);
  await opens('cheap');
  const after = await room.quotes.quote(TENANT, ONE);
  const kept = async (quoteId: string) => (await room.decisions.last((await room.accept({ ...ONE, routing: { quoteId } })).id)) as Decision;
  expect([await kept(before.id), await kept(after.id)]).toMatchObject([{ winner: 'cheap', quotes: [{}, { reasons: [{ code: 'not_quoted' }] }, { reasons: [{ code: 'not_quoted' }] }] }, { winner: 'fair' }]);
});
