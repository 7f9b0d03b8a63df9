import type { Sql } from '../platform/sql.js';
import type { Booking, Share } from './ledger.js';

/** The rows of an attempt, as SQL takes them. */
export function ledgerRows(bookings: readonly Booking[]): string {
  return JSON.stringify(bookings);
}

/**
 * Part of the statement that ends attempts: `ended` holds them (id, job_id, provider), `place` the rows. Booked is what ended there, and nothing that had
 * ended before.
 */
export const bookEnded = (place: string, outcome: string): string => `
  INSERT INTO ledger_entry (tenant, key, tag, provider, operation, job_id, attempt_id, outcome, amount, currency, credits, estimated, waste)
  SELECT j.tenant, j.key, j.tag, e.provider, b.operation, e.job_id, e.id, ${outcome}, b.amount, b.currency, b.credits, b.estimated, b.waste
  FROM ended e JOIN job j ON j.id = e.job_id CROSS JOIN jsonb_to_recordset(${place}::jsonb) AS b (operation text, amount numeric, currency text, credits numeric, estimated boolean, waste boolean)`;

/** The same where nobody knows yet what they cost, nor may ever. */
export const bookUntold = `
  INSERT INTO ledger_entry (tenant, key, tag, provider, operation, job_id, attempt_id, outcome, estimated, waste)
  SELECT j.tenant, j.key, j.tag, e.provider, s.operation, e.job_id, e.id, 'abandoned', true, true
  FROM ended e JOIN job j ON j.id = e.job_id CROSS JOIN LATERAL (SELECT DISTINCT operation FROM job_step WHERE job_id = e.job_id AND id = ANY(e.step_ids)) AS s`;

const BOOK_LATE = `WITH ended AS (SELECT id, job_id, provider FROM attempt WHERE id = $1) ${bookEnded('$2', `'late'`)}`;

/** What is booked of an attempt so far, and how its operations were expected to share in it. Whoever asks holds its job. */
export async function bookedOf(sql: Sql, attemptId: string): Promise<{ readonly shares: readonly Share[]; readonly booked: readonly Pick<Booking, 'credits' | 'amount' | 'estimated'>[] }> {
  const [row] = await sql.query<Awaited<ReturnType<typeof bookedOf>>>(
    `SELECT (SELECT coalesce(json_agg(json_build_object('operation', s.operation, 'expected', (SELECT p.amount FROM jsonb_to_recordset(g.prices) AS p (step text, amount text) WHERE p.step = s.id)) ORDER BY s.position), '[]')
              FROM job_step s WHERE s.job_id = a.job_id AND s.id = ANY(a.step_ids)) AS shares,
            (SELECT coalesce(json_agg(json_build_object('credits', e.credits::text, 'amount', e.amount::text, 'estimated', e.estimated)), '[]') FROM ledger_entry e WHERE e.job_id = a.job_id AND e.attempt_id = a.id) AS booked
     FROM attempt a JOIN stage g ON g.id = a.stage_id WHERE a.id = $1`,
    [attemptId],
  );
  return row ?? { shares: [], booked: [] };
}

export async function bookLateRows(sql: Sql, attemptId: string, bookings: readonly Booking[]): Promise<void> {
  if (bookings.length > 0) await sql.query(BOOK_LATE, [attemptId, ledgerRows(bookings)]);
}
