import { Injectable } from '@nestjs/common';
import { Database } from '../platform/database.js';
import type { Sql } from '../platform/sql.js';
import type { Limits } from './limit-board.js';
import { afterTooMany, FORGOTTEN_SECONDS, isSlip, raisedBy, UNTHROTTLED, type Throttle, type TooMany } from './throttle.js';

/** Where it is told that a provider's limits changed, or that something waits for room there; the payload is its id. */
export const LIMITS_CHANNEL = 'conversion_limits';

/** More are not counted: that many is enough to know. */
const MOST_COUNTED = 10_000;
/** Of so many attempts, and for so long, it is looked at how many were refused. */
const MOST_LATELY = 200;
const LATELY = `interval '10 minutes'`;

interface LimitRow extends Omit<Limits, 'pausedUntil'> {
  readonly provider: string;
  readonly raisedForMs: number | null;
}

/** What 429s taught, as all processes share it. Nothing is written, and no row is there, where no provider ever said one. */
@Injectable()
export class ThrottleStore {
  constructor(private readonly database: Database) {}

  /** A provider said 429 to an attempt, in the transaction in which that ends. */
  async tooMany(sql: Sql, provider: string, attemptId: string, retryAfterMs: number | null): Promise<void> {
    const [lately = { ended: 1, refused: 1 }] = await sql.query<TooMany['lately']>(
      `SELECT count(*)::int AS ended, (count(*) FILTER (WHERE error->>'kind' = 'rate_limited'))::int AS refused
       FROM (SELECT error FROM attempt WHERE provider = $1 AND ended_at > now() - ${LATELY} ORDER BY ended_at DESC LIMIT ${MOST_LATELY}) AS l`,
      [provider],
    );
    if (retryAfterMs === null && isSlip(lately)) return;
    const [before] = await sql.query<Throttle & { now: number }>(
      `INSERT INTO provider_throttle AS known (provider) VALUES ($1) ON CONFLICT (provider) DO UPDATE SET provider = $1
       RETURNING ceiling, strikes, coalesce(${ms('paused_until')}, 0) AS "pausedUntil", coalesce(${ms('lowered_at')}, 0) AS "loweredAt", ${ms('now()')} AS now`,
      [provider],
    );
    const loweredAt = before?.loweredAt ?? 0;
    const [seen] = await sql.query<Pick<TooMany, 'running' | 'begunAt' | 'tookSome'>>(
      `SELECT (SELECT count(*)::int FROM attempt WHERE provider = $1 AND ended_at IS NULL AND id <> $2) + 1 AS running,
         (SELECT ${ms('started_at')} FROM attempt WHERE id = $2) AS "begunAt",
         EXISTS (SELECT 1 FROM attempt WHERE provider = $1 AND ended_at IS NULL AND status = 'running' AND started_at > to_timestamp($3::float8 / 1000))
         OR EXISTS (SELECT 1 FROM attempt WHERE provider = $1 AND status = 'succeeded' AND ended_at > to_timestamp($3::float8 / 1000) AND started_at > to_timestamp($3::float8 / 1000)) AS "tookSome"`,
      [provider, attemptId, loweredAt],
    );
    const now = before?.now ?? 0;
    const after = afterTooMany(before ?? UNTHROTTLED, { now, retryAfterMs, lately, random: Math.random(), ...(seen ?? { running: 1, begunAt: now, tookSome: false }) });
    await sql.query(
      `UPDATE provider_throttle SET ceiling = $2, strikes = $3, paused_until = ${at('$4')}, lowered_at = ${at('$5')}, raised_at = CASE WHEN lowered_at IS NOT DISTINCT FROM ${at('$5')} THEN raised_at ELSE ${at('$5')} END WHERE provider = $1`,
      [provider, after.ceiling, after.strikes, after.pausedUntil, after.loweredAt],
    );
    sql.tell(LIMITS_CHANNEL, provider);
  }

  /** How each of these providers stands; `limited` are those whose attempts are to be counted whatever was learned. */
  async read(providers: readonly string[], limited: readonly string[]): Promise<ReadonlyMap<string, Limits>> {
    const heardAt = performance.now();
    const rows = await this.database.query<LimitRow>({ name: 'limits', text: `
      SELECT p.provider, t.ceiling, coalesce(greatest(0, extract(epoch FROM t.paused_until - now()) * 1000), 0)::float8 AS "pausedMs",
        t.provider IS NOT NULL AS throttled, (extract(epoch FROM now() - t.raised_at) * 1000)::float8 AS "raisedForMs",
        CASE WHEN t.ceiling IS NOT NULL OR p.provider = ANY($2) THEN (SELECT count(*)::int FROM attempt a WHERE a.provider = p.provider AND a.ended_at IS NULL) ELSE 0 END AS running,
        (SELECT count(*)::int FROM (SELECT 1 FROM stage s WHERE s.provider = p.provider AND s.room = 'waits' AND s.status = 'active' LIMIT ${MOST_COUNTED}) AS w) AS waiting
      FROM unnest($1::text[]) AS p (provider) LEFT JOIN provider_throttle t USING (provider)` }, [providers, limited]);
    return new Map(rows.map(({ provider, raisedForMs: _raisedForMs, pausedMs, ...limits }) => [provider, { ...limits, pausedMs, pausedUntil: heardAt + pausedMs }]));
  }

  /** Slowly more at once, and no learned ceiling at all where it no longer bounds anything or is old. Where there was but a pause nothing is left of it. */
  async grow(provider: string, maxConcurrent: number | null): Promise<void> {
    const [row] = await this.database.query<{ ceiling: number | null; succeeded: number; sinceMs: number; raised: string; old: boolean }>(
      `SELECT ceiling, raised_at::text AS raised, (extract(epoch FROM now() - greatest(raised_at, paused_until)) * 1000)::float8 AS "sinceMs", lowered_at < now() - make_interval(secs => ${FORGOTTEN_SECONDS}) AS old,
         (SELECT count(*)::int FROM (SELECT 1 FROM attempt a WHERE a.provider = t.provider AND a.ended_at > t.raised_at AND a.status = 'succeeded' AND a.started_at > t.lowered_at LIMIT ${MOST_COUNTED}) AS s) AS succeeded
       FROM provider_throttle t WHERE provider = $1 AND paused_until <= now()`,
      [provider],
    );
    if (row === undefined) return;
    const more = row.ceiling === null ? 0 : raisedBy(row.ceiling, row.succeeded, row.sinceMs);
    const isOver = row.ceiling === null || row.old || (maxConcurrent !== null && row.ceiling + more >= maxConcurrent);
    if (more === 0 && !isOver) return;
    // Whoever raised it meanwhile, or was told to lower it, did it by what this did not see.
    const guard = 'provider = $1 AND raised_at IS NOT DISTINCT FROM $2::timestamptz AND ceiling IS NOT DISTINCT FROM $3::int AND paused_until <= now() RETURNING 1';
    const changed = isOver
      ? await this.database.query<object>(`DELETE FROM provider_throttle WHERE ${guard}`, [provider, row.raised, row.ceiling])
      : await this.database.query<object>(`UPDATE provider_throttle SET ceiling = ceiling + $4, raised_at = now() WHERE ${guard}`, [provider, row.raised, row.ceiling, more]);
    if (changed.length > 0) this.database.tell(LIMITS_CHANNEL, provider);
  }
}

const ms = (time: string): string => `(extract(epoch FROM ${time}) * 1000)::float8`;
const at = (parameter: string): string => `to_timestamp(${parameter}::float8 / 1000)`;
