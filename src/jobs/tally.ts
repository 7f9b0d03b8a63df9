import type { Metrics } from '../platform/metrics.js';
import type { Transaction } from '../platform/transaction.js';
import type { AttemptEnd, JobStatus } from './states.js';

/** Counts what ends, by the process that ended it, once that is committed. */
export class Tally {
  constructor(private readonly metrics: Pick<Metrics, 'jobs' | 'jobSeconds' | 'attempts'> | null = null) {}

  /** `seconds` since it was queued; null: it never was. */
  job(sql: Transaction, status: JobStatus, seconds: number | null): void {
    const { metrics } = this;
    if (metrics === null) return;
    sql.afterwards(() => {
      metrics.jobs.inc({ status });
      if (seconds !== null) metrics.jobSeconds.observe(seconds);
    });
  }

  /** `kind` of its error. */
  attempt(sql: Transaction, provider: string, status: AttemptEnd, kind = 'none'): void {
    const { metrics } = this;
    if (metrics !== null) sql.afterwards(() => metrics.attempts.inc({ provider, status, kind }));
  }
}
