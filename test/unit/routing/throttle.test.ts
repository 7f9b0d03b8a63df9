import fc from 'fast-check';
import { afterTooMany, limitOf, raisedBy, UNTHROTTLED, type Throttle, type TooMany } from '../../../src/routing/throttle.js';

const told = (more: Partial<TooMany> = {}): TooMany => ({ now: 10_000, retryAfterMs: null, running: 8, begunAt: 9000, tookSome: false, lately: { ended: 1, refused: 1 }, random: 0, ...more });
const HOUR = 3_600_000;

it('a first 429 halves what ran, and leaves the provider alone as it told', () => {
  expect(afterTooMany(UNTHROTTLED, told({ retryAfterMs: 7000 }))).toEqual({ ceiling: 4, strikes: 1, pausedUntil: 17_000, loweredAt: 10_000 });
});

it.each<[running: number, before: number | null, ceiling: number]>([[1, null, 1], [2, null, 1], [3, null, 1], [21, null, 10], [21, 10, 5], [2, 10, 1], [0, null, 1]])('%i ran under a ceiling of %s: %i from then on', (running, before, ceiling) => {
  expect(afterTooMany({ ...UNTHROTTLED, ceiling: before }, told({ running })).ceiling).toBe(ceiling);
});

it.each<[what: string, retryAfterMs: number | null, pause: number]>([
  ['nothing', null, 1000], ['nought', 0, 1000], ['less than nothing', -5000, 1000], ['no number', Number.NaN, 1000], ['two hours', 2 * HOUR, HOUR], ['for ever', Number.POSITIVE_INFINITY, HOUR],
])('told to wait for %s, it waits for what is sensible', (_, retryAfterMs, pause) => {
  expect(afterTooMany(UNTHROTTLED, told({ retryAfterMs })).pausedUntil).toBe(10_000 + pause);
});

it.each<[ended: number, refused: number, isSlip: boolean]>([[200, 10, true], [200, 11, false], [20, 1, true], [19, 1, false], [40, 2, true], [1, 1, false]])('of %i that ended lately %i were refused: a slip? %s', (ended, refused, isSlip) => {
  const lately = { ended, refused };
  const [untold, waits] = [afterTooMany(UNTHROTTLED, told({ lately })), afterTooMany(UNTHROTTLED, told({ lately, retryAfterMs: 7000 }))];
  expect([untold, waits.ceiling]).toEqual(isSlip ? [UNTHROTTLED, null] : [{ ceiling: 4, strikes: 1, pausedUntil: 11_000, loweredAt: 10_000 }, 4]);
  // Whatever it is, nobody comes earlier than told.
  expect(waits.pausedUntil).toBe(17_000);
});

it('without a word the pauses grow, spread a little, up to a minute and a half; they are short again once it took something', () => {
  let throttle: Throttle = UNTHROTTLED;
  const pauses: number[] = [];
  for (let nth = 0, now = 10_000; nth < 9; nth += 1) {
    throttle = afterTooMany(throttle, told({ now, begunAt: now - 1 }));
    pauses.push(throttle.pausedUntil - now);
    now = throttle.pausedUntil + 5;
  }
  expect(pauses).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  expect(afterTooMany(UNTHROTTLED, told({ random: 1 })).pausedUntil).toBe(11_500);
  const later = afterTooMany(throttle, told({ now: 10 * HOUR, begunAt: 10 * HOUR - 1, tookSome: true }));
  expect([later.strikes, later.pausedUntil]).toEqual([1, 10 * HOUR + 1000]);
});

it('what was under way together is told the same thing many times: it lowers once, and the longest pause counts', () => {
  const first = afterTooMany(UNTHROTTLED, told({ running: 20, retryAfterMs: 5000 }));
  const all = Array.from({ length: 19 }, (_, index) => told({ now: 10_010, running: 19 - index, begunAt: 9500, retryAfterMs: index === 7 ? 9000 : 1000 })).reduce(afterTooMany, first);
  expect(all).toEqual({ ...first, pausedUntil: 19_010 });
  // A control: one that began after it lowers once more.
  expect(afterTooMany(all, told({ now: 30_000, begunAt: 29_000, running: 10 })).ceiling).toBe(5);
});

it('whatever is told in whatever order, nobody comes earlier than told, at least one may come, and an hour is the most', () => {
  const any = fc.record({ now: fc.integer({ min: 1, max: HOUR }), retryAfterMs: fc.option(fc.double()), running: fc.nat(1000), begunAt: fc.integer({ min: 0, max: HOUR }), tookSome: fc.boolean(), lately: fc.nat(200).chain((ended) => fc.record({ ended: fc.constant(ended), refused: fc.nat(ended) })), random: fc.double({ min: 0, max: 1, noNaN: true }) });
  fc.assert(fc.property(fc.array(any, { minLength: 1, maxLength: 20 }), (words) => {
    let throttle: Throttle = UNTHROTTLED;
    for (const word of [...words].sort((one, other) => one.now - other.now)) {
      const before = throttle;
      throttle = afterTooMany(before, word);
      expect(throttle.pausedUntil).toBeGreaterThanOrEqual(Math.max(before.pausedUntil, word.retryAfterMs !== null && word.retryAfterMs > 0 ? word.now + Math.min(word.retryAfterMs, HOUR) : 0));
      expect(throttle.pausedUntil).toBeLessThanOrEqual(Math.max(before.pausedUntil, word.now + HOUR));
      if (throttle.ceiling !== null) expect(throttle.ceiling).toBeGreaterThanOrEqual(1);
      expect(throttle.ceiling ?? 1).toBeLessThanOrEqual(before.ceiling ?? 1000);
    }
  }));
});

it.each<[ceiling: number, succeeded: number, sinceMs: number, more: number]>([[4, 3, 0, 0], [4, 4, 0, 1], [4, 11, 0, 2], [4, 0, 29_999, 0], [4, 0, 30_000, 1], [1, 2, 61_000, 4], [4, 0, -5000, 0]])('under %i, after %i successes and %i ms, %i more', (ceiling, succeeded, sinceMs, more) => {
  expect(raisedBy(ceiling, succeeded, sinceMs)).toBe(more);
});

it('of what is configured and what was learned the lower one counts', () => {
  expect([limitOf(null, null), limitOf(5, null), limitOf(null, 3), limitOf(5, 3), limitOf(3, 5)]).toEqual([null, 5, 3, 3, 3]);
});
