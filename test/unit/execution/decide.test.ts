import fc from 'fast-check';
import { ERROR_KINDS, ERROR_POLICIES, type ErrorKind } from '../../../src/conversion/errors.js';
import { afterError, whenNobodyIsLeft, type Try } from '../../../src/execution/decide.js';

const facts = (history: readonly Try[], maxAttempts = 4, retryAfterMs: number | null = null) => ({ error: { kind: history.at(-1)?.kind ?? 'unmapped', message: 'Because.', retryAfterMs }, history, maxAttempts });
const tries = (...entries: readonly `${string}:${ErrorKind}`[]): Try[] => entries.map((entry) => ({ provider: entry.split(':')[0] ?? '', kind: entry.split(':')[1] as ErrorKind }));

/** The design's table: what follows the first failure of each kind. */
const FIRST: Readonly<Record<ErrorKind, object>> = {
  invalid_input: { do: 'fail', error: { code: 'invalid_input', message: 'Because.', retryable: false } },
  source_unreachable: { do: 'fail', error: { code: 'source_unreachable', message: 'Because.', retryable: false } },
  unsupported: { do: 'elsewhere', tried: ['a'] },
  conversion_failed: { do: 'elsewhere', tried: ['a'] },
  output_invalid: { do: 'elsewhere', tried: ['a'] },
  rate_limited: { do: 'elsewhere', tried: ['a'] },
  quota_exhausted: { do: 'elsewhere', tried: ['a'] },
  unauthorized: { do: 'elsewhere', tried: ['a'] },
  unavailable: { do: 'retry_here', afterMs: 1000 },
  timeout: { do: 'retry_here', afterMs: 1000 },
  vanished: { do: 'retry_here', afterMs: 1000 },
  malformed_response: { do: 'elsewhere', tried: ['a'] },
  unmapped: { do: 'elsewhere', tried: ['a'] },
};

it.each(ERROR_KINDS)('the first failure: %s', (kind) => {
  expect(afterError(facts(tries(`a:${kind}`)))).toEqual(FIRST[kind]);
});

it.each(ERROR_KINDS)('%s counts against the provider exactly when it is the provider\'s fault', (kind) => {
  expect(ERROR_POLICIES[kind].blamesProvider).toBe(['quota_exhausted', 'unauthorized', 'unavailable', 'timeout', 'vanished', 'malformed_response', 'unmapped'].includes(kind));
});

it.each<[what: string, history: Try[], expected: object]>([
  ['a second stumble here: the next provider', tries('a:unavailable', 'a:timeout'), { do: 'elsewhere', tried: ['a'] }],
  ['a first stumble there: once more there', tries('a:unavailable', 'a:unavailable', 'b:vanished'), { do: 'retry_here', afterMs: 1000 }],
  ['a stumble after being throttled: the next provider', tries('a:rate_limited', 'a:unavailable'), { do: 'elsewhere', tried: ['a'] }],
  ['throttled there: the first one may be asked again', tries('a:rate_limited', 'b:rate_limited'), { do: 'elsewhere', tried: ['b'] }],
  ['a conversion that failed at two: the end', tries('a:conversion_failed', 'b:conversion_failed'), { do: 'fail', error: { code: 'conversion_failed', message: 'Because.', retryable: false } }],
  ['a result that two got wrong: the end', tries('a:conversion_failed', 'b:output_invalid'), { do: 'fail', error: { code: 'output_invalid', message: 'Because.', retryable: false } }],
  ['out for good and then a stumble: once more here, never back', tries('a:unsupported', 'b:unavailable', 'b:unavailable'), { do: 'elsewhere', tried: ['a', 'b'] }],
  ['the last try allowed', tries('a:unavailable', 'a:unavailable', 'b:unavailable', 'b:timeout'), { do: 'fail', error: { code: 'providers_exhausted', message: 'After 4 tries (a: unavailable, a: unavailable, b: unavailable, b: timeout): Because.', retryable: true } }],
])('%s', (_, history, expected) => {
  expect(afterError(facts(history))).toEqual(expected);
});

it('a pause that the provider asked for is kept when it is asked again', () => {
  expect(afterError(facts(tries('a:unavailable'), 4, 7000))).toEqual({ do: 'retry_here', afterMs: 7000 });
  expect(whenNobodyIsLeft(facts(tries('a:rate_limited'), 4, 7000), ['a'])).toEqual({ provider: 'a', afterMs: 7000 });
});

it('one that was told by another job to leave alone for longer is no place to go to, and one for less is', () => {
  const now = 5000;
  const told: Try = { provider: 'a', kind: 'rate_limited', notBefore: 15_000 };
  const at = (pausedMs: Record<string, number>) => ({ ...facts([told], 4, 10_000), now, pausedMs });
  expect(afterError(at({ b: 60_000 }))).toEqual({ do: 'elsewhere', tried: ['a', 'b'] });
  expect(whenNobodyIsLeft(at({ b: 60_000 }), ['a', 'b'])).toEqual({ provider: 'a', afterMs: 10_000 });
  expect(afterError(at({ b: 2000 }))).toEqual({ do: 'elsewhere', tried: ['a'] });
  // The control: nobody else was told anything.
  expect(afterError(at({}))).toEqual({ do: 'elsewhere', tried: ['a'] });
});

it('nobody is asked before the time that it told, whoever was asked since', () => {
  const told = (provider: string, seconds: number): Try => ({ provider, kind: 'rate_limited', notBefore: seconds * 1000 });
  const at = (seconds: number, ...history: Try[]) => ({ ...facts(history), now: seconds * 1000 });
  expect(afterError(at(5, told('a', 30), told('b', 20)))).toEqual({ do: 'elsewhere', tried: ['a', 'b'] });
  expect(whenNobodyIsLeft(at(5, told('a', 30), told('b', 20)), ['a', 'b'])).toEqual({ provider: 'b', afterMs: 15_000 });
  expect(whenNobodyIsLeft(at(5, told('a', 10), told('b', 20)), ['a', 'b'])).toEqual({ provider: 'a', afterMs: 5000 });
  // A third one that stumbles does not send the steps back to the first.
  expect(afterError(at(5, told('a', 30), ...tries('c:unavailable', 'c:unavailable')))).toEqual({ do: 'elsewhere', tried: ['a', 'c'] });
  // The control: once its time is over, it may be asked at once.
  expect(afterError(at(31, told('a', 30), told('b', 40)))).toEqual({ do: 'elsewhere', tried: ['b'] });
});

it('with nobody new left, turns go round with growing pauses, longest ago first', () => {
  expect(whenNobodyIsLeft(facts(tries('a:unavailable', 'a:unavailable', 'b:quota_exhausted')), ['a', 'b'])).toEqual({ provider: 'a', afterMs: 2000 });
  expect(whenNobodyIsLeft(facts(tries('b:unavailable', 'a:unavailable', 'b:timeout')), ['a', 'b'])).toMatchObject({ provider: 'a' });
  const pauses = Array.from({ length: 12 }, (_, count) => whenNobodyIsLeft(facts(Array.from({ length: count + 1 }, () => ({ provider: 'a', kind: 'unavailable' as const })), 20), ['a']));
  expect(pauses.map((turn) => 'afterMs' in turn && turn.afterMs)).toEqual([1000, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000, 60_000, 60_000]);
});

it('with nobody who might do better, it is the end', () => {
  expect(whenNobodyIsLeft(facts(tries('a:unsupported')), ['a'])).toEqual({ code: 'unsupported_conversion', message: 'Because.', retryable: false });
  expect(whenNobodyIsLeft(facts(tries('a:unavailable', 'a:conversion_failed')), ['a'])).toMatchObject({ code: 'conversion_failed' });
  expect(whenNobodyIsLeft(facts(tries('a:unavailable')), [])).toMatchObject({ code: 'providers_exhausted', retryable: true });
});

interface Story {
  readonly history: readonly Try[];
  readonly ended: boolean;
}

/** Plays a stage against providers that fail as drawn; routing is played by "the first one who was not left out". */
function play(kinds: readonly ErrorKind[], providers: readonly string[], maxAttempts: number): Story {
  const history: Try[] = [];
  let here = providers[0] ?? '';
  for (const kind of kinds) {
    history.push({ provider: here, kind });
    const next = afterError(facts(history, maxAttempts));
    if (next.do === 'fail') return { history, ended: true };
    if (next.do === 'retry_here') continue;
    const other = providers.find((id) => !next.tried.includes(id));
    const turn = other === undefined ? whenNobodyIsLeft(facts(history, maxAttempts), providers) : { provider: other };
    if ('code' in turn) return { history, ended: true };
    here = turn.provider;
  }
  return { history, ended: false };
}

const anyStory = fc.record({
  kinds: fc.array(fc.constantFrom(...ERROR_KINDS), { minLength: 25, maxLength: 25 }),
  providers: fc.constantFrom(['a'], ['a', 'b'], ['a', 'b', 'c']),
  maxAttempts: fc.integer({ min: 1, max: 20 }),
});

/** Failures that no second try at the same provider could mend. */
const FOR_GOOD: readonly ErrorKind[] = ['unsupported', 'conversion_failed', 'output_invalid'];

it('whatever goes wrong, it ends, after at most maxAttempts tries', () => {
  let longest = 0;
  fc.assert(
    fc.property(anyStory, ({ kinds, providers, maxAttempts }) => {
      const { history, ended } = play(kinds, providers, maxAttempts);
      expect(ended).toBe(true);
      expect(history.length).toBeLessThanOrEqual(maxAttempts);
      longest = Math.max(longest, history.length);
    }),
    { numRuns: 2000 },
  );
  // A control: failures that may pass do use up their tries.
  expect(play(Array<ErrorKind>(25).fill('unavailable'), ['a', 'b'], 20).history).toHaveLength(20);
  expect(longest).toBeGreaterThan(3);
});

it('nobody is asked again who was out for good, and the caller\'s fault is asked of nobody else', () => {
  fc.assert(
    fc.property(anyStory, ({ kinds, providers, maxAttempts }) => {
      const { history } = play(kinds, providers, maxAttempts);
      const out = new Set<string>();
      history.forEach(({ provider, kind }, index) => {
        expect(out.has(provider)).toBe(false);
        if (FOR_GOOD.includes(kind)) out.add(provider);
        if (ERROR_POLICIES[kind].then === 'fail_job') expect(index).toBe(history.length - 1);
      });
    }),
    { numRuns: 2000 },
  );
});

it('nobody is asked a third time while another one was not asked at all', () => {
  fc.assert(
    fc.property(anyStory, ({ kinds, providers, maxAttempts }) => {
      const { history } = play(kinds, providers, maxAttempts);
      history.forEach(({ provider }, index) => {
        const before = history.slice(0, index);
        const untouched = providers.some((id) => !before.some((entry) => entry.provider === id));
        if (untouched) expect(before.filter((entry) => entry.provider === provider).length).toBeLessThan(2);
      });
    }),
    { numRuns: 2000 },
  );
});
