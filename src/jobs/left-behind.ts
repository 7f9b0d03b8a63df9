import type { Sql } from '../platform/sql.js';

/** The vendor is given time to take in the cancel before it is asked what became of its job. */
const FIRST_LOOK_SECONDS = 10;

/** Part of the transaction that gives attempts up: of those whose vendor's job is known it will be asked what became of it, and what it cost. */
export async function watchLeftBehind(sql: Sql, attemptIds: readonly string[]): Promise<void> {
  if (attemptIds.length === 0) return;
  await sql.query(`UPDATE attempt SET watch_due_at = now() + make_interval(secs => $2) WHERE id = ANY($1::uuid[]) AND provider_job_id IS NOT NULL AND ended_at IS NOT NULL`, [attemptIds, FIRST_LOOK_SECONDS]);
}
