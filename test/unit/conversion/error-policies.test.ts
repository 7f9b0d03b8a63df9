import { ERROR_KINDS, ERROR_POLICIES, ProviderError, type ErrorKind } from '../../../src/conversion/errors.js';
import { afterError } from '../../../src/execution/decide.js';

type Row = readonly [kinds: readonly ErrorKind[], first: string, second: string, blamesProvider: boolean];

/** What follows the first and the second failure of a kind at one provider while others are left, as callers and operators are told. */
const TABLE: readonly Row[] = [
  [['invalid_input', 'source_unreachable'], 'fail', 'fail', false],
  [['unsupported'], 'elsewhere', 'elsewhere', false],
  [['conversion_failed', 'output_invalid'], 'elsewhere', 'fail', false],
  [['rate_limited'], 'elsewhere', 'elsewhere', false],
  [['quota_exhausted', 'unauthorized'], 'elsewhere', 'elsewhere', true],
  [['unavailable', 'timeout', 'vanished'], 'retry_here', 'elsewhere', true],
  [['malformed_response', 'unmapped'], 'elsewhere', 'elsewhere', true],
];
const rows = TABLE.flatMap(([kinds, ...rest]) => kinds.map((kind) => [kind, ...rest] as const));

test('the table names every kind there is, once, and nothing else', () => {
  expect(rows.map(([kind]) => kind).sort()).toEqual([...ERROR_KINDS].sort());
  expect(Object.keys(ERROR_POLICIES).sort()).toEqual([...ERROR_KINDS].sort());
});

test.each(rows)('after "%s": %s, then %s; against the provider: %p', (kind, first, second, blames) => {
  const after = (times: number) => afterError({ error: { ...new ProviderError(kind, 'Because.'), kind, message: 'Because.', retryAfterMs: null }, history: Array.from({ length: times }, (_, index) => ({ provider: first === 'retry_here' ? 'one' : `p${index}`, kind })), maxAttempts: 9 }).do;
  expect([after(1), after(2), ERROR_POLICIES[kind].blamesProvider]).toEqual([first, second, blames]);
});
