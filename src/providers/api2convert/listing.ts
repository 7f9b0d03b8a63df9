import type { JobPage, ListedJob } from '../../conversion/job-page.js';
import { isEnd } from './mapper.js';
import type { Api2convertStanding } from './wire.js';

export const FIRST_PAGE = '1';
/** "Paginated with an amount of 50 elements per page in any case" (OpenAPI document). */
const PAGE = 50;

/** A page of `GET /jobs`; what is no job in it counts all the same. */
export function pageOf(page: string, listed: readonly (Api2convertStanding | null)[]): JobPage {
  return { jobs: listed.flatMap((job) => (job === null ? [] : toListed(job))), next: listed.length < PAGE ? null : String(Number(page) + 1) };
}

/** What a read of the same job would say, as long as it runs; nothing of one without id or status. */
function toListed({ id, status: { code } }: Api2convertStanding): readonly ListedJob[] {
  if (id === null || code === null) return [];
  return [{ providerJobId: id, ...(isEnd(code) ? { state: 'ended' as const } : { state: 'running' as const, progress: null, word: code }) }];
}
