import type { CreateOutcome, ErrorKind } from '../../../src/conversion/errors.js';
import { VendorCallFailure } from '../../../src/providers/vendor-call.js';
import type { ScriptedAnswer, ScriptedTurn } from '../scripted-http.js';
import { API_KEY, answersOf, bench, createForUpload, failureOf, idle, invoke, METHODS, NOW, WEBHOOK_SECRET, type Method } from './bench.js';
import type { AdapterHarness } from './harness.js';

const NEUTRAL = 'The zebra is not striped.';

/** What each status means of a create and of a read; a 402 is the harness's to say. */
const STATUSES: readonly (readonly [status: number, onCreate: ErrorKind | '402', created: CreateOutcome, onRead: ErrorKind | '402'])[] = [
  [400, 'unmapped', 'not_created', 'unmapped'],
  [401, 'unauthorized', 'not_created', 'unauthorized'],
  [402, '402', 'not_created', '402'],
  [403, 'unauthorized', 'not_created', 'unauthorized'],
  [404, 'unmapped', 'not_created', 'vanished'],
  [409, 'unmapped', 'not_created', 'unmapped'],
  [422, 'unmapped', 'not_created', 'unmapped'],
  [429, 'rate_limited', 'not_created', 'rate_limited'],
  [500, 'unavailable', 'not_created', 'unavailable'],
  [502, 'unavailable', 'unknown', 'unavailable'],
  [503, 'unavailable', 'not_created', 'unavailable'],
  [504, 'unavailable', 'unknown', 'unavailable'],
];

const NO_ANSWERS: readonly (readonly [name: string, failure: VendorCallFailure, kind: ErrorKind, created: CreateOutcome])[] = [
  ['a timeout', new VendorCallFailure('no_answer', 'timeout', 'No answer came in time.'), 'timeout', 'unknown'],
  ['a reset', new VendorCallFailure('no_answer', 'ECONNRESET', 'The connection was reset.'), 'unavailable', 'unknown'],
  ['a refused connection', new VendorCallFailure('not_sent', 'ECONNREFUSED', 'The connection was refused.'), 'unavailable', 'not_created'],
  ['our own abort', new VendorCallFailure('aborted', 'aborted', 'The call was stopped.'), 'timeout', 'unknown'],
  ['an answer without end', new VendorCallFailure('too_large', 'too_large', 'The answer is too large.'), 'malformed_response', 'unknown'],
];

const UNREADABLE: readonly (readonly [name: string, answer: ScriptedAnswer])[] = [
  ['garbage', { status: 200, text: '{"id": "x", "sta' }],
  ['an empty body', { status: 200, text: '' }],
  ['204', { status: 204 }],
  ['HTML', { status: 200, headers: { 'content-type': 'text/html' }, text: '<!doctype html><title>Sign in</title>' }],
  ['a list', { status: 200, text: '[]' }],
  ['null', { status: 200, text: 'null' }],
  ['an object that says nothing', { status: 200, text: '{}' }],
  ['lists in lists without end', { status: 200, text: '['.repeat(50_000) + ']'.repeat(50_000) }],
  ['a poisoned prototype', { status: 200, text: '{"__proto__":{"id":"x","status":"completed"},"constructor":{"prototype":{"id":"x"}}}' }],
];

export function failureClauses(harness: AdapterHarness): void {
  const failing = async (method: Method, turn: ScriptedTurn) => {
    const created = await createForUpload(harness);
    return failureOf(invoke(harness, bench(harness, [turn], { webhookSecret: WEBHOOK_SECRET }).provider, method, created, idle()));
  };
  const kind = (expected: ErrorKind | '402'): ErrorKind => (expected === '402' ? harness.paymentRequired : expected);
  const refusal = (status: number, message = NEUTRAL): ScriptedAnswer => ({ status, body: harness.answers.refusal(status, message) });

  describe.each(STATUSES)('HTTP %s', (status, onCreate, created, onRead) => {
    it.each([['in the vendor\'s words', refusal(status)], ['as HTML', { status, text: '<h1>No</h1>' }], ['without a body', { status }]])('%s is classified', async (_words, answer) => {
      const onCreating = await failing('create', answer);
      expect([onCreating.kind, onCreating.details.created]).toEqual([kind(onCreate), created]);
      expect((await failing('read', answer)).kind).toBe(kind(onRead));
    });
  });

  it('a create refused for its target is unsupported, and no job', async () => {
    const failure = await failing('create', harness.answers.unsupported);
    expect([failure.kind, failure.details.created]).toEqual(['unsupported', 'not_created']);
  });

  it.each([
    ['nothing', undefined, null],
    ['seconds', '7', 7_000],
    ['a date', new Date(NOW.getTime() + 90_000).toUTCString(), 90_000],
    ['nonsense', 'soon', null],
  ])('a 429 that tells %s is waited for as told', async (_name, header, expected) => {
    const answer: ScriptedAnswer = { ...refusal(429), ...(header === undefined ? {} : { headers: { 'retry-after': header } }) };
    for (const method of ['create', 'read'] as const) expect((await failing(method, answer)).details.retryAfterMs ?? null).toBe(expected);
  });

  it.each(NO_ANSWERS)('%s is classified', async (_name, failure, expected, created) => {
    const onCreate = await failing('create', failure);
    expect([onCreate.kind, onCreate.details.created]).toEqual([expected, created]);
    expect((await failing('read', failure)).kind).toBe(expected);
  });

  it.each(UNREADABLE)('a success with %s is malformed, and a job may exist', async (_name, answer) => {
    const onCreate = await failing('create', answer);
    expect([onCreate.kind, onCreate.details.created]).toEqual(['malformed_response', 'unknown']);
    expect((await failing('read', answer)).kind).toBe('malformed_response');
    expect(({} as Record<string, unknown>)['id']).toBeUndefined();
  });

  describe.each(METHODS.filter((method) => answersOf(harness, method).length > 0))('an error of %s', (method) => {
    it.each([[400], [401], [403], [422], [429], [500]])('quotes the vendor for an operator, but no secret (HTTP %s)', async (status) => {
      const secrets = [API_KEY, WEBHOOK_SECRET, ...(method === 'upload' ? harness.secretsInAnswers : [])];
      const { message } = await failing(method, refusal(status, `${NEUTRAL} ${secrets.join(' ')} https://files.example/x.png?signature=s3cr3t-query`));
      expect(message).toContain('zebra');
      for (const secret of [...secrets, 's3cr3t-query']) expect(message).not.toContain(secret);
    });

    it('is short, whatever the vendor wrote', async () => {
      expect((await failing(method, refusal(400, 'x'.repeat(100_000)))).message.length).toBeLessThan(500);
    });

    it('says that the provider is out of reach where no answer came', async () => {
      expect((await failing(method, new VendorCallFailure('no_answer', 'timeout', 'No answer came in time.'))).kind).toBe('timeout');
      expect((await failing(method, { status: 503 })).kind).toBe('unavailable');
    });
  });
}
