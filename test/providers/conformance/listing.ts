import type { JobPage } from '../../../src/conversion/job-page.js';
import { bench, failureOf, idle, plain, runningJob } from './bench.js';
import type { AdapterHarness } from './harness.js';

export function listingClauses(harness: AdapterHarness): void {
  const { answers, listing } = harness;
  const list = async (bodies: readonly unknown[]): Promise<JobPage | undefined> => bench(harness, [listing.page(bodies)]).provider.list?.(null, idle());
  const bodyOf = ([answer]: readonly { readonly body?: unknown }[]): unknown => answer?.body;

  describe('a page of the account\'s jobs', () => {
    it('tells of one that runs what a read of it tells', async () => {
      const read = plain(await bench(harness, answers.readRunning).provider.read(runningJob(harness), idle()));
      expect(read.state).toBe('running');
      expect((await list([bodyOf(answers.readRunning)]))?.jobs).toEqual([{ providerJobId: answers.providerJobId, ...read }]);
    });

    it.each([['succeeded', answers.readSucceeded], ['failed', answers.readFailed]])('tells of one that %s no more than that it has ended', async (_how, script) => {
      expect((await list([bodyOf(script)]))?.jobs).toEqual([{ providerJobId: answers.providerJobId, state: 'ended' }]);
    });

    it.each(['defragmenting', 'constructor'])('takes the word %p for one that runs', async (word) => {
      expect((await list([bodyOf(answers.readStatus(word))]))?.jobs).toMatchObject([{ state: 'running', word }]);
    });

    it('passes over what is no job', async () => {
      expect((await list([null, 'job', 7, [], {}, bodyOf(answers.readRunning)]))?.jobs).toHaveLength(1);
    });

    it('leads to the next one, each asked for by a GET of its own, until they end', async () => {
      const { provider, http } = bench(harness, listing.pages);
      let cursor: string | null = null;
      const ids: string[] = [];
      do {
        const page: JobPage = (await provider.list?.(cursor, idle())) ?? { jobs: [], next: null };
        ids.push(...page.jobs.map(({ providerJobId }) => providerJobId));
        cursor = page.next;
      } while (cursor !== null);
      expect(ids).toEqual(listing.ids);
      expect(http.calls).toHaveLength(listing.pages.length);
      expect(new Set(http.calls.map(({ url }) => url)).size).toBe(listing.pages.length);
      expect(http.calls.every(({ method }) => method === 'GET')).toBe(true);
    });

    it.each([[401, 'unauthorized'], [429, 'rate_limited'], [503, 'unavailable']])('is not empty by a %i', async (status, kind) => {
      const { provider } = bench(harness, [{ status, body: harness.answers.refusal(status, 'No.') }]);
      expect((await failureOf(provider.list?.(null, idle()) ?? Promise.resolve())).kind).toBe(kind);
    });

    it.each(['<html>', '{}', '"jobs"', ''])('nor by %p, which is no list', async (text) => {
      const { provider } = bench(harness, [{ status: 200, text }]);
      expect((await failureOf(provider.list?.(null, idle()) ?? Promise.resolve())).kind).toBe('malformed_response');
    });
  });
}
