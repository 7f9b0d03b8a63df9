import { Injectable } from '@nestjs/common';
import type { JobError } from '../conversion/errors.js';
import type { Sql } from '../platform/database.js';
import { appendEvents, type Cause } from './event-store.js';
import { statesBefore, type JobStatus } from './states.js';

/**
 * How a job ends, whoever ends it: its state, guarded by where it may come from, its timeline's last event, its files' time to live,
 * and the word to whoever waits. Part of the caller's transaction. False when the job had ended before.
 */
@Injectable()
export class JobEnding {
  async complete(sql: Sql, jobId: string, cause: Cause): Promise<boolean> {
    return this.end(sql, jobId, 'completed', null, cause);
  }

  async fail(sql: Sql, jobId: string, error: JobError, cause: Cause): Promise<boolean> {
    return this.end(sql, jobId, 'failed', error, cause);
  }

  async cancel(sql: Sql, jobId: string, cause: Cause): Promise<boolean> {
    return this.end(sql, jobId, 'canceled', null, cause);
  }

  private async end(sql: Sql, jobId: string, status: JobStatus, error: JobError | null, cause: Cause): Promise<boolean> {
    const rows = await sql.query<{ id: string }>(
      `UPDATE job SET status = $2, error = $3::jsonb, ended_at = now(), progress = CASE WHEN $2 = 'completed' THEN 100 ELSE progress END
       WHERE id = $1 AND status = ANY($4) RETURNING id`,
      [jobId, status, error === null ? null : JSON.stringify(error), statesBefore(status)],
    );
    if (rows.length === 0) return false;
    await sql.query(`UPDATE job_step SET status = 'skipped' WHERE job_id = $1 AND status IN ('pending', 'running')`, [jobId]);
    await sql.query(`UPDATE stage SET status = 'superseded', due_at = NULL WHERE job_id = $1 AND status IN ('waiting', 'active')`, [jobId]);
    await sql.query('UPDATE file SET expires_at = now() + make_interval(secs => (SELECT retention_seconds FROM job WHERE id = $1)) WHERE job_id = $1', [jobId]);
    await appendEvents(sql, jobId, [{ type: `job.${status}`, cause, ...(error === null ? {} : { detail: { ...error } }) }]);
    await sql.query(`SELECT pg_notify('conversion_ended', $1)`, [jobId]);
    return true;
  }
}
