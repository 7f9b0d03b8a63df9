import { Injectable } from '@nestjs/common';
import { bookUntold } from '../accounts/ledger-store.js';
import { Spending } from '../accounts/spending.js';
import type { JobError } from '../conversion/errors.js';
import type { Transaction } from '../platform/transaction.js';
import { eraseCredentials } from './credential-store.js';
import { appendEvents, type Cause } from './event-store.js';
import { giveUpExports } from './export-store.js';
import { watchLeftBehind } from './left-behind.js';
import { leaveOrphans } from './orphans.js';
import { ATTEMPT_STATES, JOB_STATES, STAGE_STATES, statesBefore, STEP_STATES, type JobStatus } from './states.js';
import { Tally } from './tally.js';

/** An attempt that was left behind: its vendor's job is to be canceled, once the transaction that says so is committed. */
export interface Abandoned {
  readonly id: string;
  readonly provider: string;
  readonly providerJobId: string | null;
}

/**
 * How a job ends, whoever ends it: its live attempts are abandoned and their workers fenced, its state moves, guarded by where it may come
 * from, its timeline gets its last event, its files their time to live, its credentials are erased, and whoever waits hears of it. Part of the caller's transaction.
 * Each returns the attempts left behind, or null when the job had ended before.
 */
@Injectable()
export class JobEnding {
  constructor(
    private readonly spending: Spending = new Spending(),
    readonly tally: Tally = new Tally(),
  ) {}

  async complete(sql: Transaction, jobId: string, cause: Cause): Promise<readonly Abandoned[] | null> {
    return this.end(sql, jobId, 'completed', null, cause);
  }

  async fail(sql: Transaction, jobId: string, error: JobError, cause: Cause): Promise<readonly Abandoned[] | null> {
    return this.end(sql, jobId, 'failed', error, cause);
  }

  async cancel(sql: Transaction, jobId: string, cause: Cause): Promise<readonly Abandoned[] | null> {
    return this.end(sql, jobId, 'canceled', null, cause);
  }

  private async end(sql: Transaction, jobId: string, status: JobStatus, error: JobError | null, cause: Cause): Promise<readonly Abandoned[] | null> {
    const ends = sql.query<{ seconds: number | null }>(
      `UPDATE job SET status = $2, error = $3::jsonb, ended_at = now(), progress = CASE WHEN $2 = 'completed' THEN 100 ELSE progress END
       WHERE id = $1 AND status = ANY($4) RETURNING extract(epoch FROM now() - queued_at)::float8 AS seconds`,
      [jobId, status, error === null ? null : JSON.stringify(error), statesBefore(JOB_STATES, status)],
    );
    // A job that had ended has neither: all three are asked at once.
    const leaves = sql.query<Abandoned>(
      `WITH ended AS (
         UPDATE attempt SET status = 'abandoned', ended_at = now() WHERE job_id = $1 AND status = ANY($2) RETURNING id, job_id, provider, provider_job_id, step_ids),
       booked AS (${bookUntold})
       SELECT id, provider, provider_job_id AS "providerJobId" FROM ended`,
      [jobId, statesBefore(ATTEMPT_STATES, 'abandoned')],
    );
    const [rows, abandoned, givenUp] = await Promise.all([ends, leaves, giveUpExports(sql, jobId, cause)]);
    const [row] = rows;
    if (row === undefined) return null;
    this.tally.job(sql, status, row.seconds);
    for (const { provider } of abandoned) this.tally.attempt(sql, provider, 'abandoned');
    // Its worker may be dead, or its create unanswered: what it made runs at the vendor, and nobody could cancel it.
    await leaveOrphans(sql, abandoned.filter(({ providerJobId }) => providerJobId === null).map(({ id }) => id));
    await watchLeftBehind(sql, abandoned.map(({ id }) => id));
    sql.later(`UPDATE job_step SET status = 'skipped' WHERE job_id = $1 AND status = ANY($2)`, [jobId, statesBefore(STEP_STATES, 'skipped')]);
    sql.later(
      `UPDATE stage SET status = 'superseded', due_at = NULL, lease_epoch = lease_epoch + 1, lease_owner = NULL, lease_until = NULL WHERE job_id = $1 AND status = ANY($2)`,
      [jobId, statesBefore(STAGE_STATES, 'superseded')],
    );
    sql.later('UPDATE file SET expires_at = now() + make_interval(secs => (SELECT retention_seconds FROM job WHERE id = $1)) WHERE job_id = $1', [jobId]);
    this.spending.releaseJob(sql, jobId);
    eraseCredentials(sql, jobId);
    appendEvents(sql, jobId, [
      ...abandoned.map((attempt) => ({ type: 'attempt.abandoned', cause, detail: { attempt: attempt.id, provider: attempt.provider } })),
      ...givenUp,
      { type: `job.${status}`, cause, ...(error === null ? {} : { detail: { ...error } }) },
    ]);
    sql.tell('conversion_ended', jobId);
    return abandoned;
  }
}
