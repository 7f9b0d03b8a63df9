import type { JobErrorCode } from '../conversion/errors.js';
import { Problem } from '../http/problem.js';
import type { WholeJob } from './rows.js';

/** Whose fault it was, as an HTTP status. */
const STATUS: Readonly<Record<JobErrorCode, number>> = {
  invalid_input: 422,
  source_unreachable: 422,
  input_expired: 422,
  unsupported_conversion: 422,
  conversion_failed: 502,
  output_invalid: 502,
  export_failed: 502,
  budget_exceeded: 402,
  deadline_exceeded: 504,
  providers_exhausted: 502,
};

/** An ended job that did not complete, as the problem that its caller hears of. */
export function failureOf(job: WholeJob): Problem {
  if (job.error === null) return new Problem('conflict', `The job is ${job.status}.`, { headers: { location: `/v1/jobs/${job.id}` } });
  return new Problem(job.error.code, job.error.message, { status: STATUS[job.error.code], title: 'The job failed', headers: { location: `/v1/jobs/${job.id}` } });
}
