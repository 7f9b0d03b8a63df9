import type { Sql } from '../platform/sql.js';
import { limitOf } from '../routing/throttle.js';

/** How a provider stands, counted while nobody else can begin there. */
export interface Counted {
  readonly running: number;
  /** Stages that were given room and have not begun. */
  readonly given: number;
  /** Others wait for room. */
  readonly others: boolean;
  readonly ceiling: number | null;
  readonly pausedMs: number;
}

/** Whether a stage may begin. Room that was given is kept for whom it was given to; who comes new stands behind those who wait. */
export function mayBegin({ running, given, others, ceiling, pausedMs }: Counted, maxConcurrent: number | null, wasGiven: boolean): boolean {
  if (pausedMs > 0) return false;
  const limit = limitOf(maxConcurrent, ceiling);
  if (limit === null) return true;
  return wasGiven ? running < limit : !others && running + given < limit;
}

/** How many of those who wait may be let in. */
export function freeRoom({ running, given, ceiling, pausedMs }: Omit<Counted, 'others'>, maxConcurrent: number | null, most: number): number {
  if (pausedMs > 0) return 0;
  const limit = limitOf(maxConcurrent, ceiling);
  return limit === null ? most : Math.max(0, Math.min(most, limit - running - given));
}

/** Room that nobody took for so long is free again. */
const KEPT_SECONDS = 30;

/** Of one provider, by whoever holds its lock, to the end of the transaction. The count is a statement of its own: it sees what was committed while the lock was waited for. */
export async function countRoom(sql: Sql, provider: string, stageId: string | null): Promise<Counted> {
  await sql.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 7203))', [provider]);
  const [counted] = await sql.query<Counted>(
    `SELECT (SELECT count(*)::int FROM attempt WHERE provider = $1 AND ended_at IS NULL) AS running,
       (SELECT count(*)::int FROM stage WHERE provider = $1 AND room = 'given' AND status = 'active' AND due_at > now() - make_interval(secs => ${KEPT_SECONDS}) AND due_at <= clock_timestamp() AND id IS DISTINCT FROM $2) AS given,
       EXISTS (SELECT 1 FROM stage WHERE provider = $1 AND room = 'waits' AND status = 'active' AND id IS DISTINCT FROM $2) AS others,
       t.ceiling, coalesce(greatest(0, extract(epoch FROM t.paused_until - now()) * 1000), 0)::float8 AS "pausedMs"
     FROM (SELECT) AS one LEFT JOIN provider_throttle t ON t.provider = $1`,
    [provider, stageId],
  );
  return counted ?? { running: 0, given: 0, others: false, ceiling: null, pausedMs: 0 };
}

/**
 * Those who are let in next, `$2` of them: the tenants take turns, and who has the fewest attempts there comes first, `$3` last of those that have as many.
 * Who is worked on at this moment is passed over: it looks for itself.
 */
export const GIVE_ROOM = {
  name: 'give_room',
  text: `
  WITH RECURSIVE turn AS (
    (SELECT tenant, 1 AS n FROM stage WHERE provider = $1 AND room = 'waits' AND status = 'active' ORDER BY tenant LIMIT 1)
    UNION ALL
    SELECT next.tenant, n + 1 FROM turn, LATERAL (SELECT tenant FROM stage WHERE provider = $1 AND room = 'waits' AND status = 'active' AND tenant > turn.tenant ORDER BY tenant LIMIT 1) AS next WHERE n < 1000),
  busy AS (
    SELECT tenant, count(*) AS n FROM (
      SELECT s.tenant FROM attempt a JOIN stage s ON s.id = a.stage_id WHERE a.provider = $1 AND a.ended_at IS NULL
      UNION ALL SELECT tenant FROM stage WHERE provider = $1 AND room = 'given' AND status = 'active') AS there GROUP BY tenant),
  picked AS (
    SELECT w.id FROM turn LEFT JOIN busy USING (tenant), LATERAL (
      SELECT id, row_number() OVER (ORDER BY tenant, id) AS place FROM stage
      WHERE provider = $1 AND room = 'waits' AND status = 'active' AND tenant >= turn.tenant AND tenant <= turn.tenant AND lease_owner IS NULL ORDER BY tenant, id LIMIT $2) AS w
    ORDER BY coalesce(busy.n, 0) + w.place, turn.tenant <= $3, turn.tenant LIMIT $2),
  locked AS (SELECT id FROM stage WHERE id IN (SELECT id FROM picked) AND room = 'waits' AND status = 'active' FOR UPDATE SKIP LOCKED)
  UPDATE stage SET room = 'given', due_at = now() FROM locked WHERE stage.id = locked.id RETURNING stage.tenant`,
};
