import type { JobPage, ListedJob } from '../../conversion/job-page.js';
import { readReport } from './mapper.js';
import type { Settings } from './settings.js';
import type { VendorJob } from './wire.js';

/** The documented words of a job that has not ended: a list is filtered by one at a time. */
const UNFINISHED = ['processing', 'created'] as const;

/** Where a page of the unfinished jobs begins. */
export interface Place {
  readonly status: (typeof UNFINISHED)[number];
  readonly offset: number;
}

export const firstPlace = (): Place => ({ status: UNFINISHED[0], offset: 0 });

const toCursor = ({ status, offset }: Place): string => `${status} ${offset}`;

/** Null where it is no cursor of ours. */
export function readPlace(cursor: string): Place | null {
  const [word, offset] = cursor.split(' ');
  const status = UNFINISHED.find((known) => known === word);
  return status === undefined || !/^\d{1,9}$/.test(offset ?? '') ? null : { status, offset: Number(offset) };
}

/** The page, and the place behind it. How long a page may be is documented nowhere: only one that is empty was the last. */
export function pageOf({ status, offset }: Place, jobs: readonly (VendorJob & { readonly id: string })[], settings: Settings, secrets: readonly string[]): JobPage {
  const other = UNFINISHED[UNFINISHED.indexOf(status) + 1];
  const next = jobs.length > 0 ? { status, offset: offset + jobs.length } : other === undefined ? null : { status: other, offset: 0 };
  return { jobs: jobs.map((job) => toListed(job, settings, secrets)), next: next === null ? null : toCursor(next) };
}

/** What a read of the same job would say, as long as it runs. */
function toListed(job: VendorJob & { readonly id: string }, settings: Settings, secrets: readonly string[]): ListedJob {
  const report = readReport(job, { providerJobId: job.id, reference: '', steps: [], exports: [] }, settings, secrets);
  return { providerJobId: job.id, ...(report.state === 'running' ? report : { state: 'ended' as const }) };
}
