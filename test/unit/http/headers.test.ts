import fc from 'fast-check';
import { readCursor, toCursor, UUID } from '../../../src/http/paging.js';
import { readPreferWait } from '../../../src/http/prefer.js';
import { PROBLEM_CODES, Problem, invalidRequest, unavailable } from '../../../src/http/problem.js';

describe('Prefer', () => {
  it.each([
    [undefined, 0],
    ['', 0],
    ['respond-async', 0],
    ['wait=1', 1000],
    ['wait=60', 60_000],
    ['WAIT = 20', 20_000],
    ['wait="5"', 5000],
    ['respond-async, wait=10', 10_000],
    ['wait=10; foo=bar', 10_000],
    ['await=5', 0],
    ['handling=lenient;wait=7', 7000],
  ])('%j waits %i ms', (header, ms) => {
    expect(readPreferWait(header)).toBe(ms);
  });

  it.each(['wait=0', 'wait=61', 'wait=-1', 'wait=1.5', 'wait=', 'wait=soon', 'wait=1e9'])('%s is refused', (header) => {
    expect(() => readPreferWait(header)).toThrow(Problem);
  });
});

describe('cursors', () => {
  it('what was handed out is read back', () => {
    fc.assert(fc.property(fc.uuid(), (id) => expect(readCursor(toCursor(id), UUID)).toBe(id)));
    expect(readCursor(undefined, UUID)).toBeUndefined();
  });

  it('anything else is refused, whatever it is', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.base64String()), (text) => {
        fc.pre(!UUID.test(Buffer.from(text, 'base64url').toString()));
        expect(() => readCursor(text, UUID)).toThrow(expect.objectContaining({ code: 'invalid_request' }) as Error);
      }),
    );
  });
});

describe('problems', () => {
  it.each(Object.entries(PROBLEM_CODES))('%s is told with its status and title', (code, [status, title]) => {
    expect(new Problem(code, 'Because.').body('r-1')).toEqual({ type: `urn:conversion-gateway:problem:${code}`, title, status, detail: 'Because.', code, requestId: 'r-1' });
  });

  it('the contract\'s codes are all there', () => {
    const contract = {
      400: ['invalid_json'], 401: ['unauthorized'], 402: ['budget_exceeded'], 403: ['forbidden'], 404: ['not_found'], 409: ['conflict', 'idempotency_in_progress'], 413: ['payload_too_large'],
      415: ['unsupported_media_type'], 422: ['invalid_request', 'unsupported_conversion', 'no_eligible_provider', 'idempotency_mismatch'], 429: ['rate_limited'], 503: ['unavailable'],
    };
    for (const [status, codes] of Object.entries(contract)) for (const code of codes) expect(new Problem(code, '').status).toBe(Number(status));
  });

  it('fields at fault are listed, and the first one is told', () => {
    const problem = invalidRequest([{ pointer: '/a', message: 'Wrong.' }, { pointer: '/b', message: 'Wrong too.' }]);
    expect(problem.body('r')).toMatchObject({ detail: '/a: Wrong. (and 1 more)', errors: [{ pointer: '/a' }, { pointer: '/b' }] });
  });

  it('who is told to come back is told when', () => {
    expect(unavailable('Later.', 7).more.headers).toEqual({ 'retry-after': '7' });
  });
});
