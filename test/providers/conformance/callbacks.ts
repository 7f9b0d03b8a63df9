import type { CallbackReading } from '../../../src/conversion/callback.js';
import { bench, idle, plain, runningJob, WEBHOOK_SECRET } from './bench.js';
import type { AdapterHarness, ExpectedReport } from './harness.js';
import type { ScriptedAnswer } from '../scripted-http.js';

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

    describe('as it speaks for itself, once it is proven,', () => {
      const { answers, callback } = harness;
      const job = runningJob(harness);
      const bodyOf = ([answer]: readonly ScriptedAnswer[]): string => callback.about(answer?.body as object);
      const told = (text: string): ExpectedReport | null => {
        const { provider, http } = bench(harness, []);
        const report = provider.readCallbackReport(job, text);
        expect(http.calls).toEqual([]);
        return report === null ? null : plain(report);
      };
      const readAs = async (script: readonly ScriptedAnswer[]): Promise<ExpectedReport> => plain(await bench(harness, script).provider.read(job, idle()));

      it.each([['success', answers.readSucceeded], ['failure', answers.readFailed]])('a %s is what a read would have told, without asking', async (_name, script) => {
        const report = told(bodyOf(script));
        expect(report).toEqual(await readAs(script));
        expect(report?.state).not.toBe('running');
      });

      it('a status that nobody knows is no end', () => {
        for (const word of ['defragmenting', 'constructor', '__proto__']) expect(['running', undefined]).toContain(told(bodyOf(answers.readStatus(word)))?.state);
      });

      it('what tells too little is left to a read', () => {
        expect(told(bodyOf(answers.readSucceededWithoutFile))).toBeNull();
        for (const text of ['', 'hello', '[]', 'null', '{}', '['.repeat(50_000), '{"__proto__":{"id":"x"}}', callback.about({ id: job.providerJobId }), callback.about({ id: job.providerJobId, status: null }), ...callback.short]) expect([text.slice(0, 80), told(text)]).toEqual([text.slice(0, 80), null]);
      });

      it('another job\'s end is not this one\'s', () => {
        const other = bodyOf(answers.readSucceeded).replaceAll(job.providerJobId, 'another-job');
        expect(other).toContain('another-job');
        expect(told(other)).toBeNull();
      });
    });
  });
}
