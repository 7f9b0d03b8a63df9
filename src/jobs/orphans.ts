import type { Sql } from '../platform/sql.js';

/**
 * Part of the transaction that gives attempts up of which nobody knows whether the vendor has a job: it may run there, and cost.
 * Whoever searches for it finds the row.
 */
export async function leaveOrphans(sql: Sql, attemptIds: readonly string[]): Promise<void> {
  if (attemptIds.length === 0) return;
  await sql.query('INSERT INTO orphan (attempt_id, job_id, provider, reference) SELECT id, job_id, provider, reference FROM attempt WHERE id = ANY($1::uuid[]) ON CONFLICT DO NOTHING', [attemptIds]);
}
