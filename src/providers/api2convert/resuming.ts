import { ProviderError } from '../../conversion/errors.js';
import type { StageWork } from '../../conversion/provider.js';
import { arrange, toCreateBody } from './mapper.js';
import type { Api2convertJob, Api2convertSettings } from './wire.js';

/** What came in of an upload, and of the inputs that follow it, before a restart. */
export interface Standing {
  readonly bytes: boolean;
  /** How many of those that follow it. */
  readonly then: number;
}

export const NOTHING: Standing = { bytes: false, then: 0 };

const LOST: ReadonlySet<string> = new Set(['canceled', 'failed']);

/**
 * Reads it from the job's own list of inputs: whether a file that is sent twice counts once is documented nowhere, and a merge would have it twice.
 * Files are sent one after another, so their number tells which are in. Where the list cannot be what we sent, the job, which was not started, is given up for a new one.
 */
export function readStanding(work: StageWork, job: Api2convertJob, key: string, size: number, settings: Api2convertSettings): Standing {
  const { uploads } = arrange(work);
  const place = uploads.findIndex((upload) => upload.key === key);
  const sent = job.input.filter(({ type }) => type === 'upload');
  const own = sent[place];
  const isWhole = own === undefined || (!LOST.has(own.status ?? '') && (own.size === null || own.size === size));
  if (sent.length < place || !isWhole) throw new ProviderError('unavailable', 'After a restart the files that the job holds are not those that were sent to it.', { code: 'uploads_differ' });
  const before = (toCreateBody(work, settings).input ?? []).length + uploads.slice(0, place).flatMap(({ then }) => then).length;
  return { bytes: own !== undefined, then: Math.max(0, job.input.length - sent.length - before) };
}
