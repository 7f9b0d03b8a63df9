import { Decimal } from 'decimal.js';
import { decideRoute, type DecisionFacts } from '../../../src/routing/decision.js';
import { exclusionsOf } from '../../../src/routing/filters.js';
import type { Candidate, PlanStep } from '../../../src/routing/plan-step.js';

const step = (id: string, operation: string, inputs: readonly string[] = ['file']): PlanStep => ({ id, inputs, wishes: [{ operation, from: null, parameters: {}, options: {} }], files: [], exports: [], consumed: false });

/** Offers the operations of `prices`; null: at a price nobody knows. */
const candidate = (id: string, prices: Readonly<Record<string, string | null>>, more: Partial<Candidate> = {}): Candidate => ({
  id, wholeGraph: true,
  offers: ({ operation }) => (operation in prices ? { offered: true } : { offered: false, reason: `It has no ${operation}.` }),
  takes: () => ({ offered: true }), delivers: () => ({ offered: true }), judge: () => [], seconds: () => 2,
  price: ({ operation }) => {
    const told = prices[operation];
    const amount = new Decimal(told ?? 0);
    return told == null ? null : { amount, least: amount, most: amount.mul(2), basis: operation === 'ocr' ? 'table' : 'vendor' };
  },
  ...more,
});

const facts = (candidates: readonly Candidate[], more: Partial<DecisionFacts> = {}): DecisionFacts => ({ steps: [step('a', 'convert')], candidates, exclusions: [], routing: { strategy: 'cheapest', prefer: [] }, currency: 'USD', ...more });
const decided = (candidates: readonly Candidate[], more: Partial<DecisionFacts> = {}) => decideRoute(facts(candidates, more)).decision;
const dear = candidate('dear', { convert: '0.02', ocr: '0.001' });
const cheap = candidate('cheap', { convert: '0.012' });
const dark = candidate('dark', { convert: null });

describe('a decision', () => {
  it('is told in one sentence, with what it is compared with', () => {
    expect(decided([dear, cheap])).toMatchObject({ winner: 'cheap', summary: 'cheap: 0.012 USD against 0.020 at dear.', plan: [{ stage: 1, provider: 'cheap', steps: ['a'], cost: { amount: '0.0120', currency: 'USD' } }] });
  });

  it('tells of every provider what it would be there', () => {
    expect(decided([dear, cheap]).quotes).toEqual([
      { provider: 'dear', eligible: true, reasons: [], cost: { amount: '0.0200', currency: 'USD' }, costRange: { min: { amount: '0.0200', currency: 'USD' }, max: { amount: '0.0400', currency: 'USD' } }, basis: 'vendor', seconds: 2, losses: [] },
      { provider: 'cheap', eligible: true, reasons: [], cost: { amount: '0.0120', currency: 'USD' }, costRange: { min: { amount: '0.0120', currency: 'USD' }, max: { amount: '0.0240', currency: 'USD' } }, basis: 'vendor', seconds: 2, losses: [] },
    ]);
  });

  it('a provider without a price is last, and it is said', () => {
    const made = decided([dark, dear]);
    expect(made).toMatchObject({ winner: 'dear', summary: 'dear: 0.020 USD against a price that is not known at dark.' });
    expect(made.quotes[0]).toMatchObject({ provider: 'dark', eligible: true, cost: { amount: null, currency: 'USD' }, costRange: null, basis: 'none' });
    expect(decided([dark])).toMatchObject({ winner: 'dark', summary: 'dark: at a price that is not known.' });
  });

  it('split where that is cheaper; nobody\'s own quote, but a plan with its parts', () => {
    const made = decided([dear, candidate('odd', { convert: '0.01', ocr: '0.05' })], { steps: [step('a', 'convert'), step('b', 'ocr', ['a'])] });
    expect(made).toMatchObject({
      winner: 'split', summary: 'split, "a" at odd, then "b" at dear: 0.011 USD against 0.021 at dear and 0.060 at odd.',
      plan: [{ stage: 1, provider: 'odd', steps: ['a'], cost: { amount: '0.0100' } }, { stage: 2, provider: 'dear', steps: ['b'], cost: { amount: '0.0010' } }],
    });
    // As sure as the least sure of its steps; one step after the other.
    expect(made.quotes[0]).toMatchObject({ provider: 'dear', cost: { amount: '0.0210' }, basis: 'table', seconds: 4 });
  });

  it('nobody: every reason is told, of every provider', () => {
    const made = decided([dear, cheap], { steps: [step('a', 'conjure'), step('b', 'ocr')], exclusions: [{ provider: 'cheap', code: 'excluded', message: '"cheap" is in routing.exclude.' }] });
    expect(made).toMatchObject({ winner: null, plan: [], summary: 'Nobody can run it: dear, "a": It has no conjure; cheap, "cheap" is in routing.exclude.' });
    expect(made.quotes.map(({ reasons }) => reasons.map(({ code }) => code))).toEqual([['capability'], ['excluded', 'capability', 'capability']]);
    expect(made.quotes[0]).toMatchObject({ eligible: false, cost: { amount: null }, seconds: null });
  });

  it('what an excluded provider would have cost is told all the same', () => {
    const made = decided([dear, cheap], { exclusions: [{ provider: 'cheap', code: 'excluded', message: '"cheap" is in routing.exclude.' }] });
    expect(made).toMatchObject({ winner: 'dear', summary: 'dear: 0.020 USD; not cheap, "cheap" is in routing.exclude.' });
    expect(made.quotes[1]).toMatchObject({ eligible: false, cost: { amount: '0.0120' } });
  });

  it('a wish outweighs a price, and the sentence says so', () => {
    expect(decided([cheap, dear], { routing: { strategy: 'cheapest', prefer: ['dear'] } })).toMatchObject({ winner: 'dear', summary: 'dear, as preferred: 0.020 USD against 0.012 at cheap.' });
    expect(decided([dear, cheap], { routing: { strategy: 'priority', prefer: [] } })).toMatchObject({ strategy: 'priority', winner: 'dear', summary: 'dear, by priority: 0.020 USD against 0.012 at cheap.' });
  });

  it('a step that a quote gave to somebody goes nowhere else', () => {
    expect(decided([dear, cheap], { bound: { a: 'dear' } })).toMatchObject({ winner: 'dear', quotes: [{ provider: 'dear', eligible: true }, { provider: 'cheap', eligible: false, reasons: [{ code: 'not_quoted' }] }] });
  });

  it('from the same facts it is the same, letter by letter', () => {
    const frozen = Object.freeze(facts([dark, dear, cheap], { steps: [step('a', 'convert'), step('b', 'convert', ['a'])] }));
    expect(JSON.stringify(decideRoute(frozen))).toBe(JSON.stringify(decideRoute(frozen)));
    // The control: other facts, another decision.
    expect(JSON.stringify(decideRoute(frozen))).not.toBe(JSON.stringify(decideRoute(facts([dark, dear]))));
  });
});

describe('a provider is left out', () => {
  const asked = { id: 'one', regions: ['eu'], routing: { only: [], exclude: [], regions: [] }, quoted: undefined, tried: [] };

  it.each<[string, Partial<Parameters<typeof exclusionsOf>[0]>, string[]]>([
    ['never without a reason', {}, []],
    ['where only others are wanted', { routing: { only: ['two'], exclude: [], regions: [] } }, ['not_in_only']],
    ['where it is not wanted', { routing: { only: [], exclude: ['one'], regions: [] } }, ['excluded']],
    ['where it is in no region that is wanted', { routing: { only: [], exclude: [], regions: ['us'] } }, ['region']],
    ['where another was quoted', { quoted: { providers: { a: 'two' }, ceiling: null } }, ['not_quoted']],
    ['where it was tried', { tried: ['one'] }, ['tried']],
    ['for all reasons that hold', { tried: ['one'], routing: { only: ['two'], exclude: [], regions: ['us'] } }, ['not_in_only', 'region', 'tried']],
  ])('%s', (_, more, codes) => {
    expect(exclusionsOf({ ...asked, ...more }).map(({ code }) => code)).toEqual(codes);
  });
});
