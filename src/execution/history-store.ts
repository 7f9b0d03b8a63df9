import type { Sql } from '../platform/sql.js';

/** Where a walk through the ended jobs, the one that ended first before all others, stands. */
export interface HistoryPlace {
  /** As the database writes it: no digit is lost on the way. */
  readonly endedAt: string;
  readonly id: string;
}

export interface LookedAt extends HistoryPlace {
  readonly erased: boolean;
}

export const BEGINNING: HistoryPlace = { endedAt: '-infinity', id: '00000000-0000-0000-0000-000000000000' };

// Hours: a day can have 23 of them where the database's clock is set to summer time, and Idempotency-Keys answer for 24.
const OVER = '< now() - make_interval(hours => 24 * $1::int)';

/**
 * Looks at the next jobs, at most `limit`, that ended more than `days` ago, and deletes those of which nothing is left to do or to keep, with all that
 * belongs to them. A job stays while a file of it is not erased, an event is still to be delivered, or a vendor's job was searched for within those days.
 * A file that came when the job had ended already gets its time here: without one it would be kept for ever.
 */
export async function eraseEndedJobs(sql: Sql, days: number, { endedAt, id }: HistoryPlace, limit: number): Promise<readonly LookedAt[]> {
  return sql.query<LookedAt>(
    `WITH looked AS MATERIALIZED (
       SELECT id, ended_at FROM job WHERE ended_at ${OVER} AND (ended_at, id) > ($2::timestamptz, $3::uuid) ORDER BY ended_at, id LIMIT $4),
     late AS (
       UPDATE file SET expires_at = now() WHERE job_id IN (SELECT id FROM looked) AND expires_at IS NULL AND erased_at IS NULL),
     over AS MATERIALIZED (
       SELECT j.id FROM job j
       WHERE j.id IN (SELECT id FROM looked)
         AND NOT EXISTS (SELECT 1 FROM file f WHERE f.job_id = j.id AND f.erased_at IS NULL)
         AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.job_id = j.id AND d.status = 'scheduled')
         AND NOT EXISTS (SELECT 1 FROM orphan o WHERE o.job_id = j.id AND (o.ended_at ${OVER}) IS NOT TRUE)
       FOR UPDATE OF j SKIP LOCKED),
     callbacks AS (
       DELETE FROM callback WHERE attempt_id IN (SELECT a.id FROM attempt a WHERE a.job_id IN (SELECT id FROM over))),
     orphans AS (
       DELETE FROM orphan WHERE job_id IN (SELECT id FROM over)),
     gone AS (
       DELETE FROM job WHERE id IN (SELECT id FROM over) RETURNING id)
     SELECT l.id, l.ended_at::text AS "endedAt", g.id IS NOT NULL AS erased FROM looked l LEFT JOIN gone g ON g.id = l.id ORDER BY l.ended_at, l.id`,
    [days, endedAt, id, limit],
  );
}

/** Deletes callbacks that told of no job of ours, at most `limit`; how many there were. */
export async function eraseStrayCallbacks(sql: Sql, days: number, limit: number): Promise<number> {
  const rows = await sql.query<object>(
    `DELETE FROM callback WHERE id IN (SELECT id FROM callback WHERE attempt_id IS NULL AND received_at ${OVER} ORDER BY received_at LIMIT $2 FOR UPDATE SKIP LOCKED) RETURNING 1`,
    [days, limit],
  );
  return rows.length;
}

/** Deletes quotes that expired a day ago, at most `limit`: until then one that comes too late is told so. How many there were. */
export async function eraseQuotes(sql: Sql, limit: number): Promise<number> {
  const rows = await sql.query<object>(`DELETE FROM quote WHERE id IN (SELECT id FROM quote WHERE expires_at < now() - interval '24 hours' ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED) RETURNING 1`, [limit]);
  return rows.length;
}

/** Deletes what was learned of work that nobody has done since, at most `limit`; how much there was. */
export async function eraseObservations(sql: Sql, days: number, limit: number): Promise<number> {
  const rows = await sql.query<object>(
    `DELETE FROM price_observation WHERE ctid = ANY(ARRAY(SELECT ctid FROM price_observation WHERE changed_at ${OVER} ORDER BY changed_at LIMIT $2 FOR UPDATE SKIP LOCKED)) RETURNING 1`,
    [days, limit],
  );
  return rows.length;
}

/** Deletes events of the providers' timelines, at most `limit`; how many there were. */
export async function eraseProviderEvents(sql: Sql, days: number, limit: number): Promise<number> {
  const rows = await sql.query<object>(`DELETE FROM provider_event WHERE id IN (SELECT id FROM provider_event WHERE at ${OVER} ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED) RETURNING 1`, [days, limit]);
  return rows.length;
}
