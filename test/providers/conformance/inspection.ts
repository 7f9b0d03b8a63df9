import type { ErrorKind } from '../../../src/conversion/errors.js';
import type { Inspection } from '../../../src/conversion/provider.js';
import { VendorCallFailure } from '../../../src/providers/vendor-call.js';
import type { ScriptedTurn } from '../scripted-http.js';
import { API_KEY, bench, failureOf, idle, WEBHOOK_SECRET } from './bench.js';
import type { AdapterHarness } from './harness.js';

const NEUTRAL = 'The zebra is not striped.';

export function inspectionClauses(harness: AdapterHarness): void {
  const { answers, entries, listed, balance } = harness.inspection;

  const inspect = async (turns: readonly ScriptedTurn[], signal = idle()): Promise<{ inspection: Inspection | undefined; calls: ReturnType<typeof bench>['http']['calls'] }> => {
    const { provider, http } = bench(harness, turns, { webhookSecret: WEBHOOK_SECRET });
    return { inspection: await provider.inspect?.(signal), calls: http.calls };
  };

  describe('an account is looked at', () => {
    it('and its catalogue and balance are told as the vendor tells them', async () => {
      const { inspection } = await inspect(answers);
      expect(inspection).toMatchObject({ account: 'ok', catalogue: { entries }, balance });
      const missing = inspection?.catalogue?.missing ?? [];
      for (const format of listed) expect(missing).not.toContain(format);
      // The control: what is not listed is told.
      expect(missing).toContain('mp4');
    });

    it('by reads alone, the account first, each with the key and the caller\'s signal', async () => {
      const { signal } = new AbortController();
      const { calls } = await inspect(answers, signal);
      expect(calls).toHaveLength(answers.length);
      expect(calls.map(({ name }) => name)).toEqual(['account', ...answers.slice(1).map(() => 'catalogue')]);
      for (const call of calls) {
        expect([call.method, call.json, call.form, call.signal === signal]).toEqual(['GET', undefined, undefined, true]);
        expect(JSON.stringify(call.headers)).toContain(API_KEY);
        expect(call.url).not.toContain(API_KEY);
      }
    });

    it.each<[string, ScriptedTurn, ErrorKind]>([
      ['401', { status: 401, body: harness.answers.refusal(401, NEUTRAL) }, 'unauthorized'],
      ['403 without a body', { status: 403 }, 'unauthorized'],
      ['429', { status: 429 }, 'rate_limited'],
      ['503 in HTML', { status: 503, text: '<h1>No</h1>' }, 'unavailable'],
      ['HTML', { status: 200, text: '<!doctype html><title>Sign in</title>' }, 'malformed_response'],
      ['an empty body', { status: 200, text: '' }, 'malformed_response'],
      ['a bare word', { status: 200, text: '"ok"' }, 'malformed_response'],
      ['a reset', new VendorCallFailure('no_answer', 'ECONNRESET', 'The connection was reset.'), 'unavailable'],
      ['our own abort', new VendorCallFailure('aborted', 'aborted', 'The call was stopped.'), 'timeout'],
    ])('and %s at any of its calls is of the right kind', async (_name, turn, kind) => {
      for (const [index] of answers.entries()) expect((await failureOf(inspect([...answers.slice(0, index), turn]))).kind).toBe(kind);
    });

    it('and a 404 for the account speaks of no job', async () => {
      expect((await failureOf(inspect([{ status: 404 }]))).kind).toBe('unmapped');
    });

    it('and no secret is in its errors', async () => {
      const { message } = await failureOf(inspect([{ status: 401, body: harness.answers.refusal(401, `${NEUTRAL} ${API_KEY} ${WEBHOOK_SECRET}`) }]));
      expect(message).toContain('zebra');
      for (const secret of [API_KEY, WEBHOOK_SECRET]) expect(message).not.toContain(secret);
    });
  });
}
