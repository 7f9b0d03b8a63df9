import { Injectable } from '@nestjs/common';
import { Database } from '../platform/database.js';

export interface Latency {
  readonly samples: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
}

export interface Transition {
  readonly at: Date;
  /** Null: of the provider as a whole. */
  readonly operation: string | null;
  readonly type: string;
  readonly from: string;
  readonly to: string;
  readonly reason: string;
}

/** What bounds a provider now, besides what is configured. */
export interface Bounds {
  readonly ceiling: number | null;
  readonly pausedUntil: Date | null;
  readonly waiting: number;
}

const MOST_WAITING = 10_000;
const SAMPLES = 500;
const TRANSITIONS = 10;

/** What the database tells of a provider besides how it stands. */
@Injectable()
export class ProviderFacts {
  constructor(private readonly database: Database) {}

  /** Attempts that are under way, by all processes. */
  async running(provider: string): Promise<number> {
    const [row] = await this.database.query<{ count: number }>('SELECT count(*)::int AS count FROM attempt WHERE provider = $1 AND ended_at IS NULL', [provider]);
    return row?.count ?? 0;
  }

  /** What its 429s taught, and how many stages wait for room. */
  async bounds(provider: string): Promise<Bounds> {
    const [bounds] = await this.database.query<Bounds>(
      `SELECT t.ceiling, CASE WHEN t.paused_until > now() THEN t.paused_until END AS "pausedUntil",
         (SELECT count(*)::int FROM (SELECT 1 FROM stage WHERE provider = $1 AND room = 'waits' AND status = 'active' LIMIT ${MOST_WAITING}) AS w) AS waiting
       FROM (SELECT) AS one LEFT JOIN provider_throttle t ON t.provider = $1`,
      [provider],
    );
    return bounds ?? { ceiling: null, pausedUntil: null, waiting: 0 };
  }

  /** How long attempts took that succeeded within a day, the latest of them; null: there are none. */
  async latency(provider: string): Promise<Latency | null> {
    const [row] = await this.database.query<{ samples: number; took: readonly number[] | null }>(
      `SELECT count(*)::int AS samples, percentile_cont(ARRAY[0.5, 0.95]::float8[]) WITHIN GROUP (ORDER BY ms) AS took FROM (
         SELECT (extract(epoch FROM ended_at - started_at) * 1000)::float8 AS ms FROM attempt
         WHERE provider = $1 AND status = 'succeeded' AND ended_at > now() - interval '1 day' ORDER BY ended_at DESC LIMIT ${SAMPLES}) AS latest`,
      [provider],
    );
    const [p50, p95] = row?.took ?? [];
    return row === undefined || p50 === undefined || p95 === undefined ? null : { samples: row.samples, p50Ms: Math.round(p50), p95Ms: Math.round(p95) };
  }

  /** The last changes of its state and of its breakers, newest first. */
  async transitions(provider: string): Promise<readonly Transition[]> {
    return this.database.query<Transition>(
      `SELECT at, type, detail->>'operation' AS operation, detail->>'from' AS "from", detail->>'to' AS "to", detail->>'reason' AS reason
       FROM provider_event WHERE provider = $1 AND type IN ('state.changed', 'breaker.opened', 'breaker.half_opened', 'breaker.closed') ORDER BY id DESC LIMIT ${TRANSITIONS}`,
      [provider],
    );
  }
}
