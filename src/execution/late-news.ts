import { bookedOf, bookLateRows } from '../accounts/ledger-store.js';
import { Decimal } from 'decimal.js';
import type { Payer } from '../accounts/budget.js';
import { bookLate, totalOf } from '../accounts/ledger.js';
import type { Spending } from '../accounts/spending.js';
import type { Report } from '../conversion/provider.js';
import { appendEvents, type Cause } from '../jobs/event-store.js';
import { watchLeftBehind } from '../jobs/left-behind.js';
import type { Database } from '../platform/database.js';
import type { Pricing } from '../routing/pricing.js';
import { toldOf } from '../routing/step-price.js';

/** An attempt that was given up, or that somebody else works on by now. */
export interface Left {
  readonly id: string;
  readonly jobId: string;
  readonly provider: string;
  readonly reference: string;
}

/**
 * How a vendor's job ended whose attempt had been given up. Nothing moves any more: it is written down on the attempt, once, and said in the timeline
 * if somebody paid for it or if it succeeded for nothing. False: it is known already, or the attempt was not given up.
 */
export async function writeLateEnd(database: Database, spending: Spending, left: Left, pricing: Pricing | null, report: Report, cause: Cause): Promise<boolean> {
  if (report.state === 'running') return false;
  const { id, jobId, provider } = left;
  const { state, cost: { credits } } = report;
  const told = toldOf(pricing, credits);
  const waste = state === 'succeeded' || (credits ?? 0) > 0;
  const bookings = await database.transaction(async (sql) => {
    const [payer] = await sql.query<Payer>('SELECT tenant, key, tag FROM job WHERE id = $1 FOR UPDATE', [jobId]);
    const [row] = await sql.query<{ providerJobId: string; cost: string | null; currency: string | null }>(
      `UPDATE attempt SET late_state = $2, waste = $3, credits = coalesce($4, credits), cost = coalesce($5, cost), currency = coalesce($6, currency), watch_due_at = NULL
       WHERE id = $1 AND watch_due_at IS NOT NULL RETURNING provider_job_id AS "providerJobId", cost, currency`,
      [id, state, waste, credits, told.amount, told.currency],
    );
    if (row === undefined) return null;
    const { shares, booked } = await bookedOf(sql, id);
    const late = bookLate(shares, booked, told, state === 'succeeded');
    await bookLateRows(sql, id, late);
    if (payer !== undefined) await spending.spendLate(sql, payer, provider, jobId, new Decimal(totalOf(late)));
    const type = state === 'succeeded' ? 'attempt.late_success' : 'attempt.waste';
    if (waste) appendEvents(sql, jobId, [{ type, cause, detail: { attempt: id, provider, ...row, credits } }]);
    return late;
  });
  if (bookings !== null) spending.counted(provider, bookings.filter(({ estimated }) => !estimated));
  return bookings !== null;
}

/**
 * The vendor's answer to a create whose lease was lost meanwhile. True: the attempt lives, and whoever works on it goes on with this job, as it would have
 * if it had found it by searching (`adoptable`: where a create is a start). Else the job is nobody's: where the attempt has ended that is written down, and the vendor's job has to be canceled.
 */
export async function writeLateCreate(database: Database, { id, jobId, provider, reference }: Left, providerJobId: string, adoptable: boolean): Promise<boolean> {
  return database.transaction(async (sql) => {
    await sql.query('SELECT id FROM job WHERE id = $1 FOR UPDATE', [jobId]);
    const [row] = await sql.query<{ ended: boolean }>(
      `UPDATE attempt SET provider_job_id = $2 WHERE id = $1 AND provider_job_id IS NULL AND (ended_at IS NOT NULL OR $4)
         AND NOT EXISTS (SELECT 1 FROM attempt WHERE provider = $3 AND provider_job_id = $2) RETURNING ended_at IS NOT NULL AS ended`,
      [id, providerJobId, provider, adoptable],
    );
    if (row === undefined) return (await sql.query('SELECT 1 FROM attempt WHERE id = $1 AND provider_job_id = $2 AND ended_at IS NULL', [id, providerJobId])).length > 0;
    if (!row.ended) return true;
    await sql.query(
      `INSERT INTO orphan (attempt_id, job_id, provider, reference, due_at, provider_job_id, ended_at) VALUES ($1, $2, $3, $4, NULL, $5, now())
       ON CONFLICT (attempt_id) DO UPDATE SET due_at = NULL, provider_job_id = excluded.provider_job_id, ended_at = now()`,
      [id, jobId, provider, reference, providerJobId],
    );
    await watchLeftBehind(sql, [id]);
    appendEvents(sql, jobId, [{ type: 'attempt.orphan_found', cause: 'timer', detail: { attempt: id, provider, providerJobId } }]);
    return false;
  });
}
