import type { JobGraph } from '../conversion/job-graph.js';
import type { Delivery } from '../conversion/provider.js';
import type { Sql } from '../platform/sql.js';
import type { Transaction } from '../platform/transaction.js';
import { appendEvents, type Cause } from './event-store.js';

/** An export row as it is written: `waits_for` are the steps whose results are still to be delivered. */
export interface NewExport {
  readonly id: string;
  readonly position: number;
  readonly waits_for: readonly string[];
}

export function newExports(graph: JobGraph): readonly NewExport[] {
  return graph.exports.map(({ id, inputs }, position) => ({ id, position, waits_for: inputs }));
}

/** Writes how deliveries ended; part of the transaction that ends their attempt. An export is delivered when the last of its steps is. */
export async function writeDeliveries(sql: Transaction, jobId: string, deliveries: readonly Delivery[], cause: Cause): Promise<void> {
  for (const { exportId, step, refusal } of deliveries) {
    const [ended] = await sql.query<{ status: string }>(
      `UPDATE job_export
       SET waits_for = array_remove(waits_for, $3), error = coalesce(error, $4),
         status = CASE WHEN $4::text IS NOT NULL THEN 'undeliverable' WHEN array_remove(waits_for, $3) = '{}' THEN 'delivered' ELSE status END
       WHERE job_id = $1 AND id = $2 AND status = 'pending' AND $3 = ANY(waits_for) RETURNING status`,
      [jobId, exportId, step, refusal],
    );
    if (ended === undefined || ended.status === 'pending') continue;
    appendEvents(sql, jobId, [{ type: `export.${ended.status}`, cause, detail: { export: exportId, ...(refusal === null ? {} : { message: refusal }) } }]);
  }
}

/** What keeps a job whose steps are all done from being completed: the exports that could not be delivered. */
export async function undelivered(sql: Sql, jobId: string): Promise<readonly { readonly id: string; readonly error: string | null }[]> {
  return sql.query(`SELECT id, error FROM job_export WHERE job_id = $1 AND status <> 'delivered' ORDER BY position`, [jobId]);
}
