import { Decimal } from 'decimal.js';
import { decideWithin, type Ceiling } from '../../../src/routing/ceiling.js';
import { decideRoute, type DecisionFacts } from '../../../src/routing/decision.js';
import type { Candidate, PlanStep } from '../../../src/routing/plan-step.js';

const step = (id: string, operation: string, inputs: readonly string[] = ['file']): PlanStep => ({ id, inputs, wishes: [{ operation, from: null, parameters: {}, options: {} }], files: [], exports: [], consumed: false });

const candidate = (id: string, prices: Readonly<Record<string, string | null>>): Candidate => ({
  id, wholeGraph: true,
  offers: ({ operation }) => (operation in prices ? { offered: true } : { offered: false, reason: `It has no ${operation}.` }),
  takes: () => ({ offered: true }), delivers: () => ({ offered: true }), judge: () => [], seconds: () => 2,
  price: ({ operation }) => {
    const told = prices[operation];
    const amount = new Decimal(told ?? 0);
    return told == null ? null : { amount, least: amount, most: amount, basis: 'table' };
  },
});

const dear = candidate('dear', { convert: '0.05', ocr: '0.01' });
const fair = candidate('fair', { convert: '0.03', ocr: '0.03' });
const cheap = candidate('cheap', { convert: '0.02', ocr: '0.06' });
const dark = candidate('dark', { convert: null, ocr: null });
const facts = (candidates: readonly Candidate[], more: Partial<DecisionFacts> = {}): DecisionFacts => ({ steps: [step('a', 'convert')], candidates, exclusions: [], routing: { strategy: 'cheapest', prefer: [] }, currency: 'USD', ...more });
const usd = (amount: string): Ceiling => ({ amount, currency: 'USD' });
const winnerOf = (told: DecisionFacts, ceiling: Ceiling | null) => decideWithin(told, ceiling).decision.winner;

it('without a ceiling nothing is other than it was', () => {
  const told = facts([dear, fair, cheap, dark]);
  expect(decideWithin(told, null)).toEqual(decideRoute(told));
});

it('a choice that costs no more stands, to the last digit', () => {
  const preferred = facts([dear, fair, cheap], { routing: { strategy: 'cheapest', prefer: ['dear'] } });
  expect(winnerOf(preferred, usd('0.05'))).toBe('dear');
  expect(winnerOf(preferred, usd('0.04999999'))).not.toBe('dear');
});

it('one that costs more gives way to the strategy\'s next, not to the cheapest; whoever is too dear is told so', () => {
  const byPriority = facts([dear, fair, cheap], { routing: { strategy: 'priority', prefer: [] } });
  const { decision } = decideWithin(byPriority, usd('0.04'));
  expect(decision).toMatchObject({ strategy: 'priority', winner: 'fair', quotes: [{ provider: 'dear', eligible: false, reasons: [{ code: 'max_cost', message: 'It would cost 0.0500 USD there, and 0.0400 USD may be spent.' }] }, { eligible: true }, { eligible: true }] });
});

it('a split plan is taken where nothing else is within it', () => {
  const both = facts([dear, cheap], { steps: [step('a', 'convert'), step('b', 'ocr', ['a'])], routing: { strategy: 'priority', prefer: [] } });
  expect(decideWithin(both, usd('0.03')).decision).toMatchObject({ strategy: 'priority', winner: 'split', quotes: [{ provider: 'dear', eligible: false }, { provider: 'cheap', eligible: false }] });
});

it('who has no price is out, even alone', () => {
  expect(winnerOf(facts([dark, fair]), usd('1'))).toBe('fair');
  const alone = decideWithin(facts([dark]), usd('1'));
  expect(alone).toMatchObject({ refusals: [{ provider: 'dark', code: 'max_cost' }], decision: { winner: null, quotes: [{ eligible: false, reasons: [{ code: 'max_cost' }] }] } });
  expect(winnerOf(facts([dark]), null)).toBe('dark');
});

it('where nothing is within it nobody runs it, and the cheapest there is is named', () => {
  const none = decideWithin(facts([dear, cheap]), usd('0.01'));
  expect(none).toMatchObject({ refusals: [], above: { amount: '0.0200', currency: 'USD' }, decision: { winner: null, plan: [], summary: 'Nobody can run it for 0.0100 USD: the cheapest would be 0.0200 USD, at cheap.' } });
  expect(none.decision.quotes.map(({ eligible }) => eligible)).toEqual([false, false]);
});

it('what nobody offers at all is no question of money', () => {
  expect(decideWithin(facts([dear], { steps: [step('a', 'conjure')] }), usd('1'))).toMatchObject({ refusals: [{ code: 'capability' }] });
});
