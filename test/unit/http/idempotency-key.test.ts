import fc from 'fast-check';
import { fingerprintOf, readIdempotencyKey } from '../../../src/http/idempotency-key.js';

describe('Idempotency-Key', () => {
  it.each([
    [undefined, null],
    ['8e03978e-40d5-43e8-bc93-6894a57f9324', '8e03978e-40d5-43e8-bc93-6894a57f9324'],
    ['"8e03978e-40d5-43e8-bc93-6894a57f9324"', '8e03978e-40d5-43e8-bc93-6894a57f9324'],
    ['order:42/a.b~c=', 'order:42/a.b~c='],
    ['"order 42, again; twice"', 'order 42, again; twice'],
    [String.raw`"say \"hi\" to C:\\"`, String.raw`say "hi" to C:\ `.trimEnd()],
    [' padded ', 'padded'],
    ['k'.repeat(255), 'k'.repeat(255)],
    [`"${'k'.repeat(255)}"`, 'k'.repeat(255)],
  ])('%j is the key %j', (header, key) => {
    expect(readIdempotencyKey(header)).toBe(key);
  });

  it.each(['', '   ', '""', '"', 'a b', 'a, b', '"a", "b"', 'a,b', '"a";x=1', 'a;x=1', '"open', 'open"', String.raw`"bad \n escape"`, 'a\tb', 'clé', 'a\\b', 'k'.repeat(256), `"${'k'.repeat(256)}"`])('%j is refused at its header', (header) => {
    expect(() => readIdempotencyKey(header)).toThrow(expect.objectContaining({ code: 'invalid_request', more: { errors: [expect.objectContaining({ pointer: '/headers/idempotency-key' })] } }) as Error);
  });

  it('quoted and bare are one key, whatever it is', () => {
    fc.assert(fc.property(fc.uuid(), (key) => expect(readIdempotencyKey(`"${key}"`)).toBe(readIdempotencyKey(key))));
  });

  it('said twice is refused', () => {
    expect(() => readIdempotencyKey(['a', 'b'])).toThrow(expect.objectContaining({ code: 'invalid_request' }) as Error);
  });
});

describe('fingerprints', () => {
  const of = (body: unknown, url = '/v1/jobs', method = 'POST') => fingerprintOf(method, url, body);
  const shuffled = (value: unknown): unknown =>
    typeof value !== 'object' || value === null ? value : Array.isArray(value) ? value.map(shuffled) : Object.fromEntries(Object.entries(value).reverse().map(([name, entry]) => [name, shuffled(entry)]));

  it('the order of fields is no difference, at any depth', () => {
    fc.assert(fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (body) => expect(of(shuffled(body))).toBe(of(body))));
  });

  it('the order of entries, a value, a type, a method, a path and a query are', () => {
    const others = [of({ a: [2, 1] }), of({ a: [1, 2], b: null }), of({ a: ['1', 2] }), of({ a: [1, 2] }, '/v1/jobs', 'PUT'), of({ a: [1, 2] }, '/v1/job'), of({ a: [1, 2] }, '/v1/jobs?to=png'), of({ a: [1, 2] }, '/v1/jobs?to=jpg')];
    expect(new Set([of({ a: [1, 2] }), ...others]).size).toBe(others.length + 1);
    expect(of({ a: [1, 2] }, '/v1/convert?to=png&wait=5')).toBe(of({ a: [1, 2] }, '/v1/convert?wait=5&to=png'));
  });

  it('different bodies do not meet', () => {
    fc.assert(fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
      expect(of(one) === of(other)).toBe(JSON.stringify(sorted(one)) === JSON.stringify(sorted(other)));
    }));
  });
});

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  // An object without fields is no empty list.
  return Array.isArray(value) ? value.map(sorted) : { fields: Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)).map(([name, entry]) => ({ [`f:${name}`]: sorted(entry) })) };
}
