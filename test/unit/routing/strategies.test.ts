import { Decimal } from 'decimal.js';
import fc from 'fast-check';
import { STRATEGIES, type Strategy } from '../../../src/conversion/job-graph.js';
import { decideRoute, type DecisionFacts } from '../../../src/routing/decision.js';
import type { Candidate, PlanStep, Reliability } from '../../../src/routing/plan-step.js';

interface Known {
  readonly price?: string | null;
  readonly seconds?: number;
  readonly record?: readonly [ok: number, failed: number, failedCost?: string];
  readonly weight?: number;
  readonly operations?: readonly string[];
}

const step = (id: string, operation = 'convert', inputs: readonly string[] = ['file']): PlanStep => ({ id, inputs, wishes: [{ operation, from: null, parameters: {}, options: {} }], files: [], exports: [], consumed: false });

function candidate(id: string, { price = '0.02', seconds = 10, record, weight = 1, operations = ['convert'] }: Known = {}): Candidate {
  const reliability: Reliability | null = record === undefined ? null : { ok: record[0], failed: record[1], failedCost: new Decimal(record[2] ?? 0) };
  const amount = new Decimal(price ?? 0);
  return {
    id, wholeGraph: true, weight, record: () => reliability,
    offers: ({ operation }) => (operations.includes(operation) ? { offered: true } : { offered: false, reason: `It has no ${operation}.` }),
    takes: () => ({ offered: true }), delivers: () => ({ offered: true }), judge: () => [], seconds: () => seconds,
    price: () => (price === null ? null : { amount, least: amount, most: amount, basis: 'table' }),
  };
}

const facts = (strategy: Strategy, candidates: readonly Candidate[], more: Partial<DecisionFacts> = {}): DecisionFacts => ({ steps: [step('a')], candidates, exclusions: [], routing: { strategy, prefer: [] }, currency: 'USD', ...more });
const decided = (...told: Parameters<typeof facts>) => decideRoute(facts(...told)).decision;
const winnerOf = (...told: Parameters<typeof facts>) => decided(...told).winner;
/** As lucky as can be: whoever may explore does. */
const LUCKY = { draw: () => 0 };

describe('cheapest', () => {
  it('goes by the list where nothing is known of failures', () => {
    expect(winnerOf('cheapest', [candidate('a', { price: '0.0201' }), candidate('b')])).toBe('b');
    expect(winnerOf('cheapest', [candidate('a', { price: '0.0201' }), candidate('b', { record: [5000, 0] })])).toBe('b');
  });

  it('counts what failures cost: a failed attempt, and the next provider then', () => {
    // 0.019 + 0.1 x 0.020 is more than 0.020; 0.019 + 0.04 x 0.020 is not.
    const shaky = candidate('shaky', { price: '0.019', record: [88, 12] });
    expect(decided('cheapest', [candidate('sound'), shaky])).toMatchObject({ winner: 'sound', summary: 'sound: 0.020 USD against 0.019 at shaky (of 100 attempts 12 failed).' });
    expect(decided('cheapest', [candidate('sound'), candidate('shaky', { price: '0.019', record: [95, 5] })])).toMatchObject({ winner: 'shaky', summary: 'shaky: 0.019 USD against 0.020 at sound.' });
    // The same, where the failed ones are charged too.
    expect(winnerOf('cheapest', [candidate('sound'), candidate('shaky', { price: '0.019', record: [95, 5, '0.019'] })])).toBe('sound');
  });

  it('shows the price itself in the quote, whatever the failures', () => {
    expect(decided('cheapest', [candidate('shaky', { record: [50, 50] })]).quotes).toMatchObject([{ cost: { amount: '0.0200' } }]);
  });

  it('a few that failed hardly count', () => {
    expect(winnerOf('cheapest', [candidate('sound'), candidate('new', { price: '0.018', record: [0, 1] })])).toBe('new');
  });

  it('never gets worse for who is cheaper, and never takes one that it may not', () => {
    const known = fc.record({ price: fc.integer({ min: 1, max: 50 }), ok: fc.integer({ min: 0, max: 100 }), failed: fc.integer({ min: 0, max: 100 }) });
    fc.assert(fc.property(fc.array(known, { minLength: 2, maxLength: 5 }), fc.nat(), fc.nat(), (all, pick, cut) => {
      const told = all.map(({ price, ok, failed }, index) => ({ id: `p${index}`, price, record: [ok, failed] as const }));
      const made = (prices: typeof told, out: readonly string[] = []) => winnerOf('cheapest', prices.map(({ id, price, record }) => candidate(id, { price: String(price), record })), { exclusions: out.map((provider) => ({ provider, code: 'excluded', message: 'No.' })) });
      const winner = made(told);
      const cheaper = told.map((one) => (one.id === winner ? { ...one, price: one.price * (1 - (cut % 100) / 100) } : one));
      expect(made(cheaper)).toBe(winner);
      const out = `p${pick % told.length}`;
      expect(made(told, [out])).not.toBe(out);
    }));
  });
});

it('fastest goes by the seconds that are expected, failures included, and tells them', () => {
  const [slow, quick] = [candidate('slow', { price: '0.01', seconds: 30 }), candidate('quick', { price: '0.03', seconds: 4 })];
  expect(decided('fastest', [slow, quick])).toMatchObject({ strategy: 'fastest', winner: 'quick', summary: 'quick, expected to be the fastest: 0.030 USD in 4 s against 0.010 at slow in 30 s.' });
  expect(winnerOf('fastest', [slow, candidate('quick', { seconds: 20, record: [50, 50] })])).toBe('slow');
  // A price that is not known is no reason against anybody.
  expect(winnerOf('fastest', [slow, candidate('quick', { price: null, seconds: 4 })])).toBe('quick');
});

it('most-reliable goes by failures, then by the price; one without a price is the dearest', () => {
  const [shaky, dear, cheap, dark] = [candidate('shaky', { price: '0.001', record: [90, 10] }), candidate('dear', { price: '0.05', record: [90, 0] }), candidate('cheap', { price: '0.04' }), candidate('dark', { price: null })];
  expect(decided('most-reliable', [shaky, dear, cheap, dark])).toMatchObject({ winner: 'cheap', summary: 'cheap, the most reliable: 0.040 USD against 0.001 at shaky (of 100 attempts 10 failed) and 0.050 at dear and a price that is not known at dark.' });
  expect(winnerOf('most-reliable', [shaky, dark])).toBe('dark');
  expect(winnerOf('most-reliable', [dark, dear])).toBe('dear');
});

describe('balanced', () => {
  const all = [candidate('cheap', { price: '0.01', seconds: 40, record: [95, 5] }), candidate('quick', { price: '0.08', seconds: 2, record: [95, 5] }), candidate('sound', { price: '0.08', seconds: 40 })];

  it('goes by what the operator weighs', () => {
    expect(winnerOf('balanced', all, { weights: { cost: 1, speed: 0, reliability: 0 } })).toBe('cheap');
    expect(winnerOf('balanced', all, { weights: { cost: 0, speed: 1, reliability: 0 } })).toBe('quick');
    expect(winnerOf('balanced', all, { weights: { cost: 0, speed: 0, reliability: 1 } })).toBe('sound');
  });

  it('weighs evenly where nothing is said: a little dearer and a lot faster wins', () => {
    expect(decided('balanced', [candidate('cheap', { price: '0.018', seconds: 40 }), candidate('quick', { price: '0.02', seconds: 4 })])).toMatchObject({ winner: 'quick', summary: 'quick, the best by price, speed and reliability: 0.020 USD against 0.018 at cheap.' });
  });

  it('a job that costs nothing anywhere is no trouble', () => {
    expect(winnerOf('balanced', [candidate('a', { price: '0', seconds: 0 }), candidate('b', { price: null, seconds: 0 })])).toBe('a');
  });
});

describe('weighted', () => {
  const drawing = (seed: number) => (word: string) => {
    let state = seed * 2654435761 + [...word].reduce((sum, letter) => Math.imul(sum, 31) + letter.charCodeAt(0), 7);
    state = Math.imul(state ^ (state >>> 15), 2246822519);
    state = Math.imul(state ^ (state >>> 13), 3266489917);
    return ((state ^ (state >>> 16)) >>> 0) / 2 ** 32;
  };

  it('draws as often as the weights say', () => {
    const all = [candidate('three', { weight: 3 }), candidate('one', { weight: 1 })];
    const won = Array.from({ length: 4000 }, (_, seed) => winnerOf('weighted', all, { draw: drawing(seed) })).filter((winner) => winner === 'three').length;
    expect(won / 4000).toBeGreaterThan(0.71);
    expect(won / 4000).toBeLessThan(0.79);
  });

  it('draws for the whole job, whatever it costs or loses there', () => {
    const steps = [step('a'), step('b', 'convert', ['a']), step('c')];
    for (let seed = 0; seed < 50; seed += 1) expect(winnerOf('weighted', [candidate('x', { price: '9' }), candidate('y')], { steps, draw: drawing(seed) })).not.toBe('split');
  });

  it('who weighs nothing gets what nobody else can do', () => {
    const all = [candidate('idle', { weight: 0, operations: ['convert', 'ocr'] }), candidate('busy')];
    for (let seed = 0; seed < 50; seed += 1) expect(winnerOf('weighted', all, { draw: drawing(seed) })).toBe('busy');
    expect(winnerOf('weighted', all, { steps: [step('a', 'ocr')] })).toBe('idle');
    expect(decided('weighted', all, { steps: [step('a'), step('b', 'ocr', ['a'])] }).plan.map(({ provider }) => provider)).toEqual(['busy', 'idle']);
  });

  it('nobody else\'s luck changes when one falls out', () => {
    const all = ['a', 'b', 'c', 'd'].map((id) => candidate(id));
    for (let seed = 0; seed < 50; seed += 1) {
      const draw = drawing(seed);
      const first = winnerOf('weighted', all, { draw });
      const second = winnerOf('weighted', all.filter(({ id }) => id !== first), { draw });
      const other = ['a', 'b', 'c', 'd'].find((id) => id !== first && id !== second);
      expect(winnerOf('weighted', all.filter(({ id }) => id !== other), { draw })).toBe(first);
    }
  });
});

describe('every strategy', () => {
  it.each(STRATEGIES)('%s splits where nobody can do all of it, and says so', (strategy) => {
    const all = [candidate('reader', { operations: ['ocr'] }), candidate('painter')];
    expect(decided(strategy, all, { steps: [step('a', 'ocr'), step('b', 'convert', ['a'])] })).toMatchObject({ strategy, winner: 'split', plan: [{ provider: 'reader' }, { provider: 'painter' }] });
  });

  it.each(STRATEGIES)('%s: a tie goes to the first, a wish outweighs it, and what is excluded never wins', (strategy) => {
    const all = [candidate('first'), candidate('second'), candidate('third', { price: '0.001', seconds: 0.1 })];
    const exclusions = [{ provider: 'third', code: 'excluded' as const, message: 'No.' }];
    expect(winnerOf(strategy, all, { exclusions, ...(strategy === 'weighted' ? { exclusions: [...exclusions, { ...exclusions[0], provider: 'second' } as typeof exclusions[number]] } : {}) })).toBe('first');
    expect(winnerOf(strategy, all, { exclusions, routing: { strategy, prefer: ['second'] } })).toBe('second');
    // A wish that cannot be had is none.
    if (strategy !== 'priority' && strategy !== 'weighted') expect(winnerOf(strategy, all, { routing: { strategy, prefer: ['nobody'] } })).toBe('third');
  });

  it.each(STRATEGIES)('%s: from the same facts it is the same, letter by letter', (strategy) => {
    const frozen = Object.freeze(facts(strategy, [candidate('a', { record: [80, 20] }), candidate('b', { price: '0.021' }), candidate('c', { price: null })], LUCKY));
    expect(JSON.stringify(decideRoute(frozen))).toBe(JSON.stringify(decideRoute(frozen)));
  });
});

describe('exploration', () => {
  const all = [candidate('sound'), candidate('shaky', { price: '0.019', record: [88, 12] })];
  const unlucky = { draw: () => 0.02 };

  it('sends one in fifty where it would go if nothing had failed, and says so', () => {
    expect(decided('cheapest', all, LUCKY)).toMatchObject({ winner: 'shaky', exploration: true, summary: 'shaky, to find out how it does by now: 0.019 USD (of 100 attempts 12 failed) against 0.020 at sound.' });
    expect(decided('cheapest', all, unlucky)).toMatchObject({ winner: 'sound' });
    expect(decided('cheapest', all, unlucky)).not.toHaveProperty('exploration');
  });

  it.each<[string, Parameters<typeof facts>]>([
    ['where nothing failed', ['cheapest', [candidate('sound'), candidate('dear', { price: '0.03' })], LUCKY]],
    ['where who failed is the cheapest all the same, or never was', ['cheapest', [candidate('sound'), candidate('shaky', { price: '0.01', record: [88, 12] }), candidate('dear', { price: '0.03', record: [50, 50] })], LUCKY]],
    ['of a job that keeps to a quote', ['cheapest', all, { ...LUCKY, bound: { a: 'sound' } }]],
    ['of a job that failed somewhere', ['cheapest', [...all, candidate('tried')], { ...LUCKY, exclusions: [{ provider: 'tried', code: 'tried', message: 'It was tried.' }] }]],
    ['of a job that may be tried but once', ['cheapest', all, { ...LUCKY, routing: { strategy: 'cheapest', prefer: [], maxAttempts: 1 } }]],
    ['of a job that has no time for two', ['cheapest', all, { ...LUCKY, routing: { strategy: 'cheapest', prefer: [], deadlineSeconds: 15 } }]],
    ['of a job that names its provider', ['cheapest', all, { ...LUCKY, exclusions: [{ provider: 'sound', code: 'not_in_only', message: 'No.' }] }]],
    ['where another is preferred', ['cheapest', all, { ...LUCKY, routing: { strategy: 'cheapest', prefer: ['sound'] } }]],
    ['where the caller wants the most reliable', ['most-reliable', all, LUCKY]],
    ['by priority, or by weight', ['priority', all, LUCKY]],
  ])('never %s', (_, told) => {
    expect(decided(...told)).not.toHaveProperty('exploration');
  });

  it('looks again at what was learned long ago: a price above the table\'s, seconds beside others that are known', () => {
    const table = new Decimal('0.015');
    const dear = new Decimal('0.03');
    const old: Candidate = { ...candidate('old', { seconds: 50 }), price: () => ({ amount: dear, least: dear, most: dear, basis: 'learned' }), hope: () => ({ price: { amount: table, least: table, most: table, basis: 'table' }, seconds: 0 }) };
    for (const strategy of ['cheapest', 'fastest'] as const) {
      expect(decided(strategy, [candidate('sure'), old], LUCKY)).toMatchObject({ winner: 'old', exploration: true, quotes: [{}, { cost: { amount: '0.0300' }, seconds: 50 }] });
      expect(winnerOf(strategy, [candidate('sure'), old], unlucky)).toBe('sure');
    }
    // Where nobody's seconds are known there is nothing to compare.
    expect(decided('fastest', [{ ...candidate('quick', { seconds: 5 }), hope: () => ({ seconds: 0 }) }, old], LUCKY)).not.toHaveProperty('exploration');
  });
});
