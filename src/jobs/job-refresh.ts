import { Injectable, Logger } from '@nestjs/common';
import { databaseTrouble } from '../platform/database-trouble.js';
import { Database } from '../platform/database.js';

/** An attempt of which the vendor was last asked so long ago that a caller's interest has it asked again. Not where its list of jobs, which shows the attempt, is read all the time. */
const STALE = `a.ended_at IS NULL AND a.status = 'running' AND a.stale_at < now()
  AND NOT (coalesce(a.listed, '') = 'running' AND EXISTS (SELECT FROM roll_call r WHERE r.provider = a.provider AND r.covers_until > now()))`;

/** Whether any of `job j` is. */
export const IS_STALE = `EXISTS (SELECT FROM attempt a WHERE a.job_id = j.id AND ${STALE}) AS stale`;

/** A caller looks at a job that runs: what is known of it is renewed for the next look. Nobody waits for the vendor here. */
@Injectable()
export class JobRefresh {
  private readonly log = new Logger('refresh');

  constructor(private readonly database: Database) {}

  /** Its stages are due now, but for those that somebody works on; many callers at once are one. */
  ask(jobId: string): void {
    this.database
      .query<object>({ name: 'refresh_job', text: `
        UPDATE stage SET due_at = now() WHERE id IN (
          SELECT g.id FROM stage g JOIN attempt a ON a.stage_id = g.id
          WHERE g.job_id = $1 AND g.status = 'active' AND g.due_at > now() AND g.lease_owner IS NULL AND ${STALE}
          FOR NO KEY UPDATE OF g SKIP LOCKED)
        RETURNING 1` }, [jobId])
      .then(
        (due) => due.length > 0 && this.database.tell('conversion_due', ''),
        (error: unknown) => this.log.debug(databaseTrouble(error) ?? (error as Error).message),
      );
  }
}
