import fc from 'fast-check';
import { BREAKER_STATES, CLOSED, failureRatio, LEAST_SAMPLE, next, pauseMs, type Breaker, type BreakerEvent } from '../../../src/routing/breaker.js';

const FIRST = 30_000;
const at = (now: number) => ({ now, firstPauseMs: FIRST });
const ended = (ok: number, failed: number): BreakerEvent => ({ type: 'ended', ok, failed, kind: failed > 0 ? 'unavailable' : null });
const wanted = (stage: string, probing = false): BreakerEvent => ({ type: 'wanted', stage, probing });
const told = (stage: string, ok: boolean): BreakerEvent => ({ type: 'told', stage, ok, kind: ok ? null : 'timeout' });

/** What becomes of a breaker that these events happen to, each at its time. */
const after = (breaker: Breaker, ...events: readonly (readonly [number, BreakerEvent])[]) => events.reduce((before, [now, event]) => next(before, event, at(now)), breaker);

const OPEN = after(CLOSED, [1_000_000, ended(0, LEAST_SAMPLE)]);
const HALF = after(OPEN, [1_030_000, wanted('probe')]);

describe('a vendor that refuses the account', () => {
  const refused: BreakerEvent = { type: 'ended', ok: 0, failed: 1, kind: 'quota_exhausted', trouble: 'unfunded' };
  const UNFUNDED = after(CLOSED, [990_000, refused], [1_000_000, refused]);

  it('is out at the second word of it in a row, for five minutes', () => {
    expect(after(CLOSED, [1_000_000, refused])).toMatchObject({ state: 'closed', cause: 'unfunded' });
    expect(after(CLOSED, [1_000_000, refused], [1_001_000, ended(1, 0)], [1_002_000, refused])).toMatchObject({ state: 'closed', cause: 'unfunded' });
    expect(after(CLOSED, [1_000_000, { ...refused, failed: 2 }]).state).toBe('open');
    expect(UNFUNDED).toMatchObject({ state: 'open', cause: 'unfunded', openUntil: 1_300_000, reason: 'unfunded: the vendor says that the account has nothing left ("quota_exhausted"). One attempt is let through after 300 s.' });
    // The control: any other failure is one of many.
    expect(after(CLOSED, [1_000_000, ended(0, 1)]).state).toBe('closed');
  });

  it('is not left alone for longer by those that were under way', () => expect(after(UNFUNDED, [1_001_000, refused]).openUntil).toBe(1_300_000));

  it('stays what it is where a probe fails for another reason, and is as good as new once one succeeds', () => {
    const probed = after(UNFUNDED, [1_300_000, wanted('probe')]);
    expect(after(probed, [1_301_000, told('probe', false)])).toMatchObject({ state: 'open', cause: 'unfunded', openUntil: 1_601_000 });
    expect(after(probed, [1_301_000, told('probe', true)])).toMatchObject({ state: 'closed', cause: null });
  });
});

describe('a closed breaker', () => {
  it('opens at half of the sample, and says why and for how long', () => {
    expect(after(CLOSED, [1_000_000, ended(10, 10)])).toMatchObject({
      state: 'open', since: 1_000_000, openUntil: 1_030_000, opens: 1,
      reason: '10 of the last 20 attempts failed for the provider\'s own reasons, the last one with "unavailable". One attempt is let through after 30 s.',
    });
    expect(after(CLOSED, [1_000_000, ended(11, 9)]).state).toBe('closed');
  });

  it('does nothing on fewer attempts than say something, be they all failures', () => {
    const almost = after(CLOSED, [1_000_000, ended(0, LEAST_SAMPLE - 1)]);
    expect(almost.state).toBe('closed');
    expect(after(almost, [1_001_000, ended(0, 1)]).state).toBe('open');
  });

  it('only ever opens by a failure', () => {
    // The window slides past old successes: what is left is bad, but the news is good.
    const bad = after(CLOSED, [1_000_000, ended(19, 0)], [1_400_000, ended(0, 18)]);
    expect(bad.state).toBe('closed');
    expect(after(bad, [1_601_000, ended(2, 0)]).state).toBe('closed');
    expect(after(bad, [1_601_000, ended(0, 2)]).state).toBe('open');
  });

  it('forgets what is older than ten minutes', () => {
    const failed = after(CLOSED, [1_000_000, ended(0, 19)]);
    expect(after(failed, [1_601_000, ended(0, 5)]).state).toBe('closed');
    expect(after(failed, [1_400_000, ended(0, 5)]).state).toBe('open');
  });

  it('looks at the latest attempts alone where there are many: a busy provider that goes down is seen within seconds', () => {
    const busy = after(CLOSED, ...Array.from({ length: 50 }, (_, second) => [1_000_000 + second * 1000, ended(100, 0)] as const));
    expect(busy.outcomes).toHaveLength(1);
    const down = after(busy, [1_055_000, ended(0, 30)]);
    expect(down.state).toBe('closed');
    expect(after(down, [1_060_000, ended(0, 40)]).state).toBe('open');
  });

  it('is not moved by probes', () => {
    expect(after(CLOSED, [1, wanted('a')], [2, told('a', false)])).toBe(CLOSED);
  });
});

describe('an open breaker', () => {
  it('lets nobody through before its pause is over, and then the first who asks', () => {
    expect(after(OPEN, [1_029_999, wanted('a')])).toBe(OPEN);
    expect(HALF).toMatchObject({ state: 'half_open', probe: 'probe', openUntil: null });
  });

  it('is not closed by an attempt that had begun before', () => {
    expect(after(OPEN, [1_031_000, ended(20, 0)], [1_031_000, told('a', true)])).toMatchObject({ state: 'open' });
  });
});

describe('a half-open breaker', () => {
  it('lets nobody else through while its probe works, and another one once that is gone', () => {
    expect(after(HALF, [1_031_000, wanted('other', true)])).toBe(HALF);
    // How it ended may not have been told yet.
    expect(after(HALF, [1_031_000, wanted('other', false)])).toBe(HALF);
    expect(after(HALF, [1_033_000, wanted('other', false)])).toMatchObject({ state: 'half_open', probe: 'other' });
    expect(after(HALF, [1_031_000, wanted('probe', true)])).toMatchObject({ probe: 'probe' });
  });

  it('does not wait for ever for a probe', () => {
    expect(after(HALF, [1_030_000 + 600_000, wanted('other', true)])).toMatchObject({ probe: 'other' });
  });

  it('closes when the probe succeeds, with a window that remembers nothing', () => {
    expect(after(HALF, [1_031_000, told('probe', true)])).toMatchObject({ state: 'closed', outcomes: [], probe: null, reason: 'The attempt that was let through succeeded.' });
  });

  it('opens for twice as long when it fails', () => {
    expect(after(HALF, [1_031_000, told('probe', false)])).toMatchObject({ state: 'open', opens: 2, openUntil: 1_091_000, reason: 'The attempt that was let through failed with "timeout". One attempt is let through after 60 s.' });
  });

  it('leaves the verdict to the probe', () => {
    for (const ok of [true, false]) expect(after(HALF, [1_031_000, told('other', ok)])).toBe(HALF);
    expect(after(HALF, [1_031_000, ended(0, 50)]).state).toBe('half_open');
  });
});

it('one that opens again soon after it closed goes on with its pauses where it was; one that held begins anew', () => {
  const closed = after(HALF, [1_031_000, told('probe', false)], [1_091_000, wanted('b')], [1_092_000, told('b', true)]);
  expect(after(closed, [1_093_000, ended(0, LEAST_SAMPLE)])).toMatchObject({ opens: 3, openUntil: 1_093_000 + 120_000 });
  expect(after(closed, [1_153_000, ended(0, LEAST_SAMPLE)])).toMatchObject({ opens: 1, openUntil: 1_183_000 });
});

it('pauses double up to ten minutes, and never fall below the first', () => {
  expect([1, 2, 3, 5, 6, 60].map((opens) => pauseMs(opens, FIRST))).toEqual([30_000, 60_000, 120_000, 480_000, 600_000, 600_000]);
  expect([1, 4].map((opens) => pauseMs(opens, 3_600_000))).toEqual([3_600_000, 3_600_000]);
});

it('tells how much of the window failed, and nothing of what is too old', () => {
  expect(failureRatio(after(CLOSED, [1_000_000, ended(6, 2)]), 1_000_000)).toBe(0.25);
  expect(failureRatio(after(CLOSED, [1_000_000, ended(6, 2)]), 1_700_000)).toBe(0);
});

it('whatever happens, it moves only as its table says, holds few slices, is open for some time, and half-open for somebody', () => {
  const event = fc.oneof(
    fc.record({ type: fc.constant('ended' as const), ok: fc.nat(30), failed: fc.nat(30), kind: fc.constantFrom('unavailable' as const, 'timeout' as const) }).map((one) => (one.failed === 0 ? { ...one, kind: null } : one)),
    fc.record({ type: fc.constant('wanted' as const), stage: fc.constantFrom('a', 'b', 'c'), probing: fc.boolean() }),
    fc.record({ type: fc.constant('told' as const), stage: fc.constantFrom('a', 'b', 'c'), ok: fc.boolean(), kind: fc.constant('timeout' as const) }),
  );
  const seen = new Set<string>();
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(200_000), event), { maxLength: 60 }), (events) => {
      let [breaker, now] = [CLOSED, 1_000_000];
      for (const [ms, one] of events) {
        now += ms;
        const later = next(breaker, one, at(now));
        if (later.state !== breaker.state) {
          seen.add(`${breaker.state} ${later.state}`);
          expect(BREAKER_STATES[breaker.state]).toContain(later.state);
        }
        expect(later.outcomes.length).toBeLessThanOrEqual(61);
        expect(later.probe !== null).toBe(later.state === 'half_open');
        expect((later.openUntil ?? 0) > later.since).toBe(later.state === 'open');
        breaker = later;
      }
    }),
    { numRuns: 300, seed: 5 },
  );
  // A control: every way of the table was taken.
  expect([...seen].sort()).toEqual(['closed open', 'half_open closed', 'half_open open', 'open half_open']);
});
