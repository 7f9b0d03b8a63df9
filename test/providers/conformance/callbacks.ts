import type { CallbackReading } from '../../../src/conversion/provider.js';
import { bench, WEBHOOK_SECRET } from './bench.js';
import type { AdapterHarness } from './harness.js';

type Header = string | string[] | undefined;

export function callbackClauses(harness: AdapterHarness): void {
  const { body, header, sign, providerJobId } = harness.callback;
  const genuine = sign(body, WEBHOOK_SECRET);
  const reading = (signature: Header, bytes: Buffer, webhookSecret: string | null): CallbackReading =>
    bench(harness, [], { webhookSecret }).provider.readCallback({ headers: { 'content-type': 'application/json', [header]: signature }, body: bytes });

  describe('a callback', () => {
    it('is a hint while no secret is set, signed or not', () => {
      expect(reading(undefined, body, null)).toEqual({ verdict: 'hint', providerJobId });
      expect(reading('whatever', body, null)).toEqual({ verdict: 'hint', providerJobId });
    });

    it('is proven by the signature over its raw body', () => {
      expect(reading(genuine, body, WEBHOOK_SECRET)).toEqual({ verdict: 'proven', providerJobId });
    });

    it('is refused when any byte of it was changed', () => {
      for (const at of [0, Math.floor(body.length / 2), body.length - 1]) {
        const changed = Buffer.from(body);
        changed[at] = (changed[at] ?? 0) ^ 1;
        expect(reading(genuine, changed, WEBHOOK_SECRET)).toEqual({ verdict: 'refused' });
      }
    });

    it.each<[string, Header]>([
      ['missing', undefined],
      ['empty', ''],
      ['short', genuine.slice(0, -1)],
      ['long', `${genuine}0`],
      ['of another secret', sign(body, 'another')],
      ['of no hex and the same length', 'é'.repeat(genuine.length)],
      ['sent twice', [genuine, genuine]],
    ])('is refused when its signature is %s', (_name, signature) => {
      expect(reading(signature, body, WEBHOOK_SECRET)).toEqual({ verdict: 'refused' });
    });

    it.each([['empty', ''], ['no JSON', 'hello'], ['a list', '[]'], ['null', 'null'], ['deep', '['.repeat(50_000)], ['poisoned', '{"__proto__":{"id":"x"}}']])('tells no job when its body is %s', (_name, text) => {
      const bytes = Buffer.from(text);
      expect(reading(undefined, bytes, null)).toEqual({ verdict: 'hint', providerJobId: null });
      expect(reading(sign(bytes, WEBHOOK_SECRET), bytes, WEBHOOK_SECRET)).toEqual({ verdict: 'proven', providerJobId: null });
    });
  });
}
