import type { VendorCall, VendorHttp } from '../../../src/providers/vendor-call.js';
import { API_KEY, failureOf, idle, NOW } from '../conformance/bench.js';
import { harness } from './harness.js';

const REFERENCE = 'the-reference-of-one-attempt';

/** A vendor that lists `before` jobs, then ours, then `after`, and takes in `more` with each page that is read: at the front, where the newest stand first, or at the end. */
function account({ before, after, more, longest, newestFirst }: { before: number; after: number; more: number; longest: number; newestFirst: boolean }): VendorHttp {
  const other = (name: string, count: number): string[] => Array.from({ length: count }, (_, index) => `${name}-${index}`);
  let jobs = [...other('before', before), REFERENCE, ...other('after', after)];
  let pages = 0;
  return {
    call: async ({ url }: VendorCall) => {
      const query = new URL(url).searchParams;
      const from = Number(query.get('offset'));
      const page = jobs.slice(from, from + Math.min(longest, Number(query.get('limit'))));
      const made = other(`made-${(pages += 1)}`, more);
      jobs = newestFirst ? [...made, ...jobs] : [...jobs, ...made];
      return { status: 200, headers: {}, text: JSON.stringify({ data: page.map((tag) => ({ id: `id-of-${tag}`, status: 'completed', tag, tasks: [] })), meta: { count: jobs.length } }) };
    },
  };
}

const find = (http: VendorHttp, reference: string) =>
  harness.make({ id: 'account-1', baseUrl: harness.baseUrl, apiKey: API_KEY, webhookSecret: null, settings: harness.settings }, http, () => NOW).find?.(reference, idle());

describe.each([true, false])('a job in a list that grows while it is read, the newest first: %s', (newestFirst) => {
  it.each([
    ['far back', { before: 900, after: 300, more: 20, longest: 100 }],
    ['in short pages', { before: 200, after: 40, more: 5, longest: 10 }],
    ['at the very end', { before: 449, after: 0, more: 30, longest: 100 }],
  ])('is found %s', async (_where, shape) => {
    expect(await find(account({ ...shape, newestFirst }), REFERENCE)).toBe(`id-of-${REFERENCE}`);
  });

  it('is absent where it is not, once the list has come to its end', async () => {
    expect(await find(account({ before: 300, after: 300, more: 0, longest: 100, newestFirst }), 'another-reference')).toBeNull();
  });
});

const repeating = (length: number, count: number | null): VendorHttp => ({
  call: async () => ({ status: 200, headers: {}, text: JSON.stringify({ data: Array.from({ length }, (_, index) => ({ id: `job-${index}`, tasks: [] })), ...(count === null ? {} : { meta: { count } }) }) }),
});

describe('a list that only repeats itself', () => {
  it.each([[7, null], [50, 50], [0, 0], [7, 1000]])('of %i jobs, which counts %p, has come to its end', async (length, count) => {
    expect(await find(repeating(length, count), REFERENCE)).toBeNull();
  });

  it.each([[50, null], [50, 1000]])('of %i jobs, which counts %p, may hold more: what is not seen is not said to be absent', async (length, count) => {
    expect((await failureOf(find(repeating(length, count), REFERENCE) ?? Promise.resolve())).code).toBe('too_many_jobs');
  });

  it('because a page is made with each that is read may hold more as well', async () => {
    expect((await failureOf(find(account({ before: 900, after: 300, more: 50, longest: 50, newestFirst: true }), REFERENCE) ?? Promise.resolve())).code).toBe('too_many_jobs');
  });
});
