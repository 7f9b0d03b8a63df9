import { bench, failureOf, idle } from './bench.js';
import type { AdapterHarness } from './harness.js';

export function findingClauses(harness: AdapterHarness): void {
  const { provider } = bench(harness, []);

  describe('a job whose create was never answered', () => {
    it('can be found where a create is a start, and need not be elsewhere', () => {
      expect([provider.find !== undefined, harness.finding !== null]).toEqual([provider.traits.startsOnCreate, provider.traits.startsOnCreate]);
    });

    const { finding, work: { reference } } = harness;
    if (finding === null) return;

    it('is found by our reference among the newest, page by page', async () => {
      const { provider: searching, http } = bench(harness, finding.pages(reference));
      expect(await searching.find?.(reference, idle())).toBe(harness.answers.providerJobId);
      expect(http.calls.every(({ method }) => method === 'GET')).toBe(true);
      expect(http.calls).toHaveLength(finding.pages(reference).length);
    });

    it('is not another\'s, and not there when the pages end', async () => {
      const { provider: searching } = bench(harness, [...finding.pages('another-reference-of-this-account'), finding.end]);
      expect(await searching.find?.(reference, idle())).toBeNull();
    });

    it('is not said to be absent from a list that goes on and on', async () => {
      const { provider: searching, http } = bench(harness, Array.from({ length: 300 }, (_, page) => finding.endless(page)));
      expect((await failureOf(searching.find?.(reference, idle()) ?? Promise.resolve())).code).toBe('too_many_jobs');
      expect(http.calls.length).toBeLessThan(150);
    });

    it.each([[401, 'unauthorized'], [503, 'unavailable']])('is not said to be absent by a %i', async (status, kind) => {
      const { provider: searching } = bench(harness, [{ status, body: harness.answers.refusal(status, 'No.') }]);
      expect((await failureOf(searching.find?.(reference, idle()) ?? Promise.resolve())).kind).toBe(kind);
    });

    it('nor by an answer that is no list', async () => {
      const { provider: searching } = bench(harness, [{ status: 200, body: '<html>' }]);
      expect((await failureOf(searching.find?.(reference, idle()) ?? Promise.resolve())).kind).toBe('malformed_response');
    });
  });
}
