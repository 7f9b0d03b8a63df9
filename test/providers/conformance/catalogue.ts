import { entryKey, hasTarget, type Catalogue, type CatalogueEntry } from '../../../src/conversion/catalogue.js';
import type { ErrorKind } from '../../../src/conversion/errors.js';
import { canonicalFormat } from '../../../src/conversion/formats.js';
import { OPERATIONS } from '../../../src/conversion/operations.js';
import { VendorCallFailure } from '../../../src/providers/vendor-call.js';
import type { ScriptedTurn } from '../scripted-http.js';
import { API_KEY, bench, failureOf, idle, WEBHOOK_SECRET } from './bench.js';
import type { AdapterHarness } from './harness.js';

const NEUTRAL = 'The zebra is not striped.';

export function catalogueClauses(harness: AdapterHarness): void {
  const { answers, entries, covers } = harness.catalogue;

  const read = async (turns: readonly ScriptedTurn[], signal = idle()): Promise<{ catalogue: Catalogue | undefined; calls: ReturnType<typeof bench>['http']['calls'] }> => {
    const { provider, http } = bench(harness, turns, { webhookSecret: WEBHOOK_SECRET });
    return { catalogue: await provider.catalogue?.(signal), calls: http.calls };
  };

  describe('the live catalogue', () => {
    it('is read in our words, with options and prices as the vendor tells them', async () => {
      const { catalogue } = await read(answers);
      expect(catalogue?.entries.map(({ operation, from, to, options, credits }) => [operation, from, to, options === null ? null : Object.keys(options.properties), credits])).toEqual(entries);
      expect(catalogue?.covers).toEqual(covers);
      expect(catalogue?.remarks).toEqual([]);
    });

    it('is sound: everything once, of operations and formats that a step can name, or of none', async () => {
      const { catalogue } = await read(answers);
      requireSound(catalogue?.entries ?? []);
      expect(catalogue?.covers.every((name) => name === '*' || OPERATIONS.has(name))).toBe(true);
    });

    it('by reads alone, each with the key and the caller\'s signal', async () => {
      const { signal } = new AbortController();
      const { calls } = await read(answers, signal);
      expect(calls).toHaveLength(answers.length);
      for (const call of calls) {
        expect([call.name, call.method, call.json, call.form, call.signal === signal]).toEqual(['catalogue', 'GET', undefined, undefined, true]);
        expect(JSON.stringify(call.headers)).toContain(API_KEY);
        expect(call.url).not.toContain(API_KEY);
      }
    });

    it.each<[string, ScriptedTurn, ErrorKind]>([
      ['401', { status: 401, body: harness.answers.refusal(401, NEUTRAL) }, 'unauthorized'],
      ['429', { status: 429 }, 'rate_limited'],
      ['503 in HTML', { status: 503, text: '<h1>No</h1>' }, 'unavailable'],
      ['a reset', new VendorCallFailure('no_answer', 'ECONNRESET', 'The connection was reset.'), 'unavailable'],
      ['our own abort', new VendorCallFailure('aborted', 'aborted', 'The call was stopped.'), 'timeout'],
    ])('is not half a catalogue: %s at any of its calls is of the right kind', async (_name, turn, kind) => {
      for (const [index] of answers.entries()) {
        const failure = await failureOf(read([...answers.slice(0, index), ...answers.slice(index).map(() => turn)]));
        expect(failure.kind).toBe(kind);
      }
    });

    it.each<[string, ScriptedTurn]>([
      ['HTML', { status: 200, text: '<!doctype html><title>Sign in</title>' }],
      ['an empty body', { status: 200, text: '' }],
      ['a bare word', { status: 200, text: '"ok"' }],
    ])('is not %s', async (_name, turn) => {
      expect((await failureOf(read([turn]))).kind).toBe('malformed_response');
    });

    it('and no secret is in its errors', async () => {
      const { message } = await failureOf(read([{ status: 401, body: harness.answers.refusal(401, `${NEUTRAL} ${API_KEY} ${WEBHOOK_SECRET}`) }]));
      expect(message).toContain('zebra');
      for (const secret of [API_KEY, WEBHOOK_SECRET]) expect(message).not.toContain(secret);
    });
  });

  describe('what the documents tell of options', () => {
    const shipped = bench(harness, []).provider.shipped ?? [];

    it('is there for every operation that is offered by them, and forbids nothing', () => {
      requireSound(shipped);
      // OCR is offered once an account's settings say how, and no document shows its options.
      const told = new Set(shipped.map(({ operation }) => operation));
      expect(harness.offered.filter((operation) => !told.has(operation))).toEqual([]);
      expect(shipped.every(({ options }) => options?.additionalProperties === true)).toBe(true);
    });

    it('and being listed makes no operation possible that cannot be said to the vendor', () => {
      const { provider } = bench(harness, []);
      for (const operation of [...OPERATIONS.keys(), 'teleport', '__proto__'].filter((name) => !harness.offered.includes(name))) {
        expect(provider.offers({ operation, from: null, parameters: { to: 'png', text: 'Draft' }, options: {} }, true).offered).toBe(false);
      }
    });
  });
}

function requireSound(entries: readonly CatalogueEntry[]): void {
  expect(new Set(entries.map(entryKey)).size).toBe(entries.length);
  for (const { operation, name, from, to, options, credits } of entries) {
    expect(operation === null || OPERATIONS.has(operation)).toBe(true);
    expect(name).not.toBe('');
    expect([from, to]).toEqual([from, to].map((format) => (format === null ? null : canonicalFormat(format))));
    if (operation !== null && !hasTarget(operation)) expect(to).toBeNull();
    if (options !== null) expect(Object.keys(options).sort()).toEqual(['additionalProperties', 'properties', 'type']);
    expect(credits === null || credits >= 0).toBe(true);
  }
}
