import { Injectable } from '@nestjs/common';
import type { JobError } from '../conversion/errors.js';
import { JobEnding, type Abandoned } from '../jobs/job-ending.js';
import { Database } from '../platform/database.js';
import type { Sql } from '../platform/sql.js';
import { Registry } from '../providers/registry.js';
import { BreakerOutcomes, type AttemptOutcome } from '../routing/breaker-outcomes.js';
import { cancelAtVendors } from './vendor-cancel.js';

const BATCH = 50;

/** Fails jobs whose time is over. Any number of processes may do so at once. */
@Injectable()
export class Deadlines {
  constructor(
    private readonly database: Database,
    private readonly ending: JobEnding,
    private readonly registry: Registry,
    private readonly outcomes: BreakerOutcomes,
  ) {}

  /** Returns how many jobs were failed. */
  async failOverdue(): Promise<number> {
    const overdue = await this.database.query<{ id: string }>('SELECT id FROM job WHERE deadline_at < now() AND ended_at IS NULL ORDER BY deadline_at LIMIT $1', [BATCH]);
    for (const { id } of overdue) {
      const { abandoned, late } = await this.database.transaction(async (sql) => {
        const [job] = await sql.query<{ status: string; seconds: number }>(
          `SELECT status, (graph->'routing'->>'deadlineSeconds')::int AS seconds FROM job WHERE id = $1 AND deadline_at < now() AND ended_at IS NULL FOR UPDATE SKIP LOCKED`,
          [id],
        );
        if (job === undefined) return { abandoned: [], late: [] };
        const left = (await this.ending.fail(sql, id, job.status === 'awaiting_input' ? NEVER_CAME : tooLate(job.seconds), 'timer')) ?? [];
        return { abandoned: left, late: await blameable(sql, left) };
      });
      for (const outcome of late) this.outcomes.note(outcome);
      // Not waited for: a vendor that hangs must not hold up the other jobs' deadlines.
      void cancelAtVendors(this.registry, abandoned);
    }
    return overdue.length;
  }
}

/** Of the attempts that the deadline ended, those that were late through their provider: it never said whether it took them, or told nothing for as long as the work is expected to take. */
async function blameable(sql: Sql, abandoned: readonly Abandoned[]): Promise<readonly AttemptOutcome[]> {
  if (abandoned.length === 0) return [];
  return sql.query<AttemptOutcome>(
    `SELECT a.provider, a.stage_id AS stage, 'timeout' AS kind, (SELECT coalesce(array_agg(s.operation), '{}') FROM job_step s WHERE s.job_id = a.job_id AND s.id = ANY(a.step_ids)) AS operations
     FROM attempt a WHERE a.id = ANY($1::uuid[])
       AND ((a.unknown_since IS NOT NULL AND a.provider_job_id IS NULL) OR now() - a.moved_at > make_interval(secs => coalesce(a.patience_ms, 120000)::float8 / 3000))`,
    [abandoned.map(({ id }) => id)],
  );
}

const NEVER_CAME: JobError = { code: 'input_expired', message: 'An upload never came within 24 hours.', retryable: false };
const tooLate = (seconds: number): JobError => ({ code: 'deadline_exceeded', message: `The job did not end within the ${seconds} seconds of its deadline.`, retryable: true });
