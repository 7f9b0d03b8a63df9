import fc from 'fast-check';
import { ProviderError } from '../../../src/conversion/errors.js';
import { expectedMs, idleTooLong, pollDelay, unreadableTooLong, type AttemptClock } from '../../../src/execution/patience.js';

const clock = (more: Partial<AttemptClock>): AttemptClock => ({ idleMs: 0, leftThenMs: 3_600_000, readFailures: 0, failingMs: 0, ...more });
const unavailable = new ProviderError('unavailable', 'Away.');

it.each<[string, Partial<AttemptClock>, boolean]>([
  ['news just came', {}, false],
  ['almost two minutes of silence', { idleMs: 119_999 }, false],
  ['two minutes of silence', { idleMs: 120_000 }, true],
  ['half of the little time left', { idleMs: 5000, leftThenMs: 10_000 }, true],
  ['less than half of it', { idleMs: 4999, leftThenMs: 10_000 }, false],
  ['no time left at all', { leftThenMs: 0 }, true],
])('%s', (_, more, late) => {
  const error = idleTooLong(clock(more), expectedMs(['png']));
  expect(error?.kind ?? null).toBe(late ? 'timeout' : null);
});

it.each<[string, (string | null)[], number]>([
  ['a picture', ['png'], 120_000],
  ['what only the provider knows', [null], 120_000],
  ['a sound', ['mp3'], 540_000],
  ['a film, which takes its time', ['mp4', 'png'], 1_800_000],
])('%s may stand still for a while', (_, targets, limit) => {
  const patient = clock({ leftThenMs: 100 * limit, idleMs: limit - 1 });
  expect(idleTooLong(patient, expectedMs(targets))).toBeNull();
  expect(idleTooLong({ ...patient, idleMs: limit }, expectedMs(targets))).not.toBeNull();
});

it.each<[string, Partial<AttemptClock>, ProviderError, boolean]>([
  ['two failed reads, however long', { readFailures: 2, failingMs: 600_000 }, unavailable, false],
  ['three within a minute', { readFailures: 3, failingMs: 59_999 }, unavailable, false],
  ['three over a minute', { readFailures: 3, failingMs: 60_000 }, unavailable, true],
  ['three within half of the little time left', { readFailures: 3, failingMs: 5000, leftThenMs: 10_000 }, unavailable, true],
  ['throttled reads say nothing', { readFailures: 30, failingMs: 600_000 }, new ProviderError('rate_limited', 'Slowly.'), false],
])('%s', (_, more, error, late) => {
  expect(unreadableTooLong(error, clock(more))).toBe(late);
});

it('polls come at the floor first, at the ceiling in the end, ever slower between, and never outside of both but for the spread', () => {
  const floor = fc.integer({ min: 50, max: 10_000 });
  fc.assert(
    fc.property(floor, fc.integer({ min: 0, max: 100_000 }), fc.nat({ max: 10_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (low, more, polls, spread) => {
      const high = low + more;
      const delay = pollDelay(polls, low, high, spread);
      expect(delay).toBeGreaterThanOrEqual(Math.floor(low * 0.9));
      expect(delay).toBeLessThanOrEqual(high);
      expect(pollDelay(polls + 1, low, high, spread)).toBeGreaterThanOrEqual(delay);
    }),
  );
  expect(pollDelay(0, 1000, 15_000, 0)).toBe(1000);
  expect(pollDelay(1, 1000, 15_000, 0)).toBe(1500);
  expect(pollDelay(1000, 1000, 15_000, 0)).toBe(15_000);
  expect(pollDelay(1000, 1000, 15_000, 1)).toBe(13_500);
});
