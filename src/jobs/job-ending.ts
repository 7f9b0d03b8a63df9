import { Injectable } from '@nestjs/common';
import { bookUntold } from '../accounts/ledger-store.js';
import { Spending } from '../accounts/spending.js';
import type { JobError } from '../conversion/errors.js';
import type { Transaction } from '../platform/transaction.js';
import { appendEvents, type Cause, type NewEvent } from './event-store.js';
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

  /** `before`: what the timeline tells first, of the same moment. */
  async complete(sql: Transaction, jobId: string, cause: Cause, before: readonly NewEvent[] = []): Promise<readonly Abandoned[] | null> {
    return this.end(sql, jobId, 'completed', null, cause, before);
  }

  async fail(sql: Transaction, jobId: string, error: JobError, cause: Cause): Promise<readonly Abandoned[] | null> {
    return this.end(sql, jobId, 'failed', error, cause);
  }

  async cancel(sql: Transaction, jobId: string, cause: Cause): Promise<readonly Abandoned[] | null> {
    return this.end(sql, jobId, 'canceled', null, cause);
  }

  private async end(sql: Transaction, jobId: string, status: JobStatus, error: JobError | null, cause: Cause, before: readonly NewEvent[] = []): Promise<readonly Abandoned[] | null> {
    const [row] = await sql.query<{ ended: boolean; seconds: number | null; abandoned: readonly Abandoned[]; undelivered: readonly string[] }>(END_JOB, [
      jobId, status, error === null ? null : JSON.stringify(error), statesBefore(JOB_STATES, status), statesBefore(ATTEMPT_STATES, 'abandoned'),
      statesBefore(STEP_STATES, 'skipped'), statesBefore(STAGE_STATES, 'superseded'), TOO_LATE,
    ]);
    if (row?.ended !== true) {
      appendEvents(sql, jobId, before);
      return null;
    }
    const { abandoned, undelivered } = row;
    this.tally.job(sql, status, row.seconds);
    for (const { provider } of abandoned) this.tally.attempt(sql, provider, 'abandoned');
    // Its worker may be dead, or its create unanswered: what it made runs at the vendor, and nobody could cancel it.
    await leaveOrphans(sql, abandoned.filter(({ providerJobId }) => providerJobId === null).map(({ id }) => id));
    await watchLeftBehind(sql, abandoned.map(({ id }) => id));
    this.spending.releaseJob(sql, jobId);
    appendEvents(sql, jobId, [
      ...before,
      ...abandoned.map((attempt) => ({ type: 'attempt.abandoned', cause, detail: { attempt: attempt.id, provider: attempt.provider } })),
      ...undelivered.map((id) => ({ type: 'export.undeliverable', cause, detail: { export: id, message: TOO_LATE } })),
      { type: `job.${status}`, cause, ...(error === null ? {} : { detail: { ...error } }) },
    ]);
    sql.tell('conversion_ended', jobId);
    return abandoned;
  }
}

const TOO_LATE = 'The job ended before it could be delivered.';

/** All that goes with the job's row, if that one moves: whoever holds it holds them. What was not delivered by now never will be, and nobody will ask for its credentials again. */
const END_JOB = {
  name: 'end_job',
  text: `
  WITH job_row AS (
    UPDATE job SET status = $2, error = $3::jsonb, ended_at = now(), progress = CASE WHEN $2 = 'completed' THEN 100 ELSE progress END
    WHERE id = $1 AND status = ANY($4) RETURNING id, retention_seconds, extract(epoch FROM now() - queued_at)::float8 AS seconds),
  ended AS (
    UPDATE attempt a SET status = 'abandoned', ended_at = now() FROM job_row WHERE a.job_id = job_row.id AND a.status = ANY($5)
    RETURNING a.id, a.job_id, a.provider, a.provider_job_id, a.step_ids),
  booked AS (${bookUntold}),
  undelivered AS (
    UPDATE job_export x SET status = 'undeliverable', error = coalesce(x.error, $8) FROM job_row WHERE x.job_id = job_row.id AND x.status = 'pending' RETURNING x.id),
  skipped AS (
    UPDATE job_step s SET status = 'skipped' FROM job_row WHERE s.job_id = job_row.id AND s.status = ANY($6)),
  superseded AS (
    UPDATE stage g SET status = 'superseded', due_at = NULL, lease_epoch = g.lease_epoch + 1, lease_owner = NULL, lease_until = NULL FROM job_row WHERE g.job_id = job_row.id AND g.status = ANY($7)),
  kept AS (
    UPDATE file f SET expires_at = now() + make_interval(secs => job_row.retention_seconds) FROM job_row WHERE f.job_id = job_row.id),
  erased AS (
    DELETE FROM credential c USING job_row WHERE c.job_id = job_row.id)
  SELECT EXISTS (SELECT FROM job_row) AS ended, (SELECT seconds FROM job_row) AS seconds, (SELECT coalesce(json_agg(id), '[]') FROM undelivered) AS undelivered,
    (SELECT coalesce(json_agg(json_build_object('id', id, 'provider', provider, 'providerJobId', provider_job_id)), '[]') FROM ended) AS abandoned`,
};
