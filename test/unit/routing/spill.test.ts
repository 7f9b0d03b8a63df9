import { Decimal } from 'decimal.js';
import { decideRoute } from '../../../src/routing/decision.js';
import type { Exclusion } from '../../../src/routing/filters.js';
import { LimitBoard, UNLIMITED, type Queue } from '../../../src/routing/limit-board.js';
import { groundedBy } from '../../../src/routing/outages.js';
import type { Candidate } from '../../../src/routing/plan-step.js';
import { isWorthMoving, secondsOfWaiting, spilled, type Spill } from '../../../src/routing/spill.js';

const full = (provider: string, more: Partial<Queue> = {}): Queue => ({ provider, code: 'concurrency', ahead: 0, limit: 2, pausedMs: 0, ...more });

it.each<[what: string, queue: Partial<Queue>, seconds: number | null, waits: number]>([
  ['full, nobody ahead: until one of two ends', {}, 8, 4],
  ['full, nine ahead', { ahead: 9 }, 8, 40],
  ['how long work takes is not known', { ahead: 1 }, null, 10],
  ['told to wait, and not full', { limit: null, pausedMs: 30_000 }, 8, 30],
  ['told to wait, and full', { ahead: 3, pausedMs: 30_000 }, 8, 46],
])('%s', (_, queue, seconds, waits) => {
  expect(secondsOfWaiting(full('a', queue), seconds)).toBe(waits);
});

it.each<[seconds: number, dearer: string | null, moves: boolean]>([[60, '0.0099', true], [60, '0.01', false], [60, '0.02', false], [600, '0.02', true], [1, '0', true], [0, '-1', false], [1, '-0.01', true], [60, null, false], [61, null, true]])(
  'a wait that is %d s longer, at 0.01 a minute, against %s: %s',
  (seconds, dearer, moves) => {
    expect(isWorthMoving(seconds, dearer === null ? null : new Decimal(dearer), new Decimal('0.01'))).toBe(moves);
  },
);

describe('a plan', () => {
  const candidate = (id: string, price: string | null): Candidate => {
    const amount = new Decimal(price ?? 0);
    return { id, wholeGraph: true, offers: () => ({ offered: true }), takes: () => ({ offered: true }), delivers: () => ({ offered: true }), judge: () => [], seconds: () => 6, price: () => (price === null ? null : { amount, least: amount, most: amount, basis: 'table' }) };
  };
  const steps = [{ id: 'a', inputs: ['file'], wishes: [{ operation: 'convert', from: null, parameters: {}, options: {} }], files: [], exports: [], consumed: false }];
  /** As the router asks. */
  function routed(candidates: readonly Candidate[], queues: readonly Queue[], exclusions: readonly Exclusion[] = [], perMinute = '0.01') {
    const decide = (spills: readonly Spill[]) => {
      const told = [...exclusions, ...groundedBy(spills, ['convert']).whole];
      return { ...decideRoute({ steps, candidates, exclusions: told, routing: { strategy: 'cheapest', prefer: [] }, currency: 'USD' }), exclusions: told };
    };
    return spilled(decide([]), queues, perMinute, ['convert'], decide);
  }
  const cheap = candidate('cheap', '0.010');
  const dear = candidate('dear', '0.014');

  it('goes past a queue that costs more than the difference, says so, and the one with the queue is no longer eligible', () => {
    const { decision, exclusions } = routed([cheap, dear], [full('cheap', { ahead: 9 })]);
    expect(decision.winner).toBe('dear');
    expect(exclusions).toEqual([{ provider: 'cheap', code: 'concurrency', message: '"cheap" has no room: it runs 2 at once; waiting there for about 30 s costs more than the difference.' }]);
    expect(decision.quotes[0]).toMatchObject({ provider: 'cheap', eligible: false, reasons: [{ code: 'concurrency' }] });
  });

  it('stays where the queue is short, and where a minute is worth less', () => {
    expect(routed([cheap, dear], [full('cheap', { ahead: 6 })]).decision.winner).toBe('cheap');
    expect(routed([cheap, dear], [full('cheap', { ahead: 9 })], [], '0.001').decision.winner).toBe('cheap');
    expect(routed([cheap, dear], [full('cheap', { ahead: 900 })], [], '0').decision.winner).toBe('cheap');
  });

  it('stays where nobody else is left, whatever the queue: then it waits', () => {
    const only: Exclusion = { provider: 'dear', code: 'not_in_only', message: 'No.' };
    expect(routed([cheap, dear], [full('cheap', { code: 'rate_limited', pausedMs: 3_600_000 })], [only]).decision.winner).toBe('cheap');
    expect(routed([cheap], [full('cheap', { ahead: 900 })]).decision.winner).toBe('cheap');
  });

  it('does not go from one queue to a longer one, and of three finds the one that is worth it', () => {
    expect(routed([cheap, dear], [full('cheap', { ahead: 9 }), full('dear', { ahead: 20 })]).decision.winner).toBe('cheap');
    expect(routed([cheap, dear, candidate('dearest', '0.015')], [full('cheap', { ahead: 99 }), full('dear', { ahead: 99 })]).decision.winner).toBe('dearest');
  });

  it('to a price that nobody knows only from a wait of more than a minute; where no price is known at all, to whoever is free', () => {
    const dark = candidate('dark', null);
    expect(routed([cheap, dark], [full('cheap', { code: 'rate_limited', pausedMs: 59_000, limit: null })]).decision.winner).toBe('cheap');
    expect(routed([cheap, dark], [full('cheap', { code: 'rate_limited', pausedMs: 61_000, limit: null })]).decision.winner).toBe('dark');
    expect(routed([dark, candidate('other', null)], [full('dark')]).decision.winner).toBe('other');
  });
});

it('the board knows a queue where a provider is full or wants to be left alone, and none where nothing bounds it', () => {
  const board = new LimitBoard();
  expect(board.queueAt('a', 1)).toBeNull();
  board.put(new Map([['a', { ...UNLIMITED, running: 3, waiting: 4 }], ['b', { ...UNLIMITED, ceiling: 5, running: 5, throttled: true, pausedUntil: performance.now() + 60_000 }]]));
  expect(board.queueAt('a', null)).toBeNull();
  expect(board.queueAt('a', 8)).toBeNull();
  expect(board.queueAt('a', 3)).toEqual({ provider: 'a', code: 'concurrency', ahead: 4, limit: 3, pausedMs: 0 });
  expect(board.queueAt('b', 20)).toMatchObject({ code: 'rate_limited', ahead: 0, limit: 5 });
});
