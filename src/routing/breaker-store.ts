import { Inject, Injectable, Logger } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import type { ErrorKind } from '../conversion/errors.js';
import { Database } from '../platform/database.js';
import { Env } from '../platform/env.js';
import type { Sql } from '../platform/sql.js';
import { ACCOUNT_TROUBLES, CLOSED, next, type Breaker, type BreakerClock, type BreakerState } from './breaker.js';
import { STANDING_CHANNEL, WHOLE } from './standing.js';
import { noted, recovered, type TrackRecord } from './track-record.js';

/** What attempts came to, of one provider or of one operation of it. */
export interface Outcomes {
  readonly ok: number;
  readonly failed: number;
  /** What those that failed were charged, in the vendor's credits. */
  readonly wasted?: number;
  /** Of the last failure. */
  readonly kind: ErrorKind | null;
  /** Stages whose attempts these were, and whether they went well: one of them may be the probe. */
  readonly stages: ReadonlyMap<string, boolean>;
}

interface Held {
  readonly operation: string;
  readonly breaker: Breaker;
  /** Kept beside the breaker, so that it costs no statement of its own. */
  readonly record: TrackRecord | null;
  readonly clock: BreakerClock;
}

type BreakerRow = Omit<Breaker, 'since'> & { readonly operation: string; readonly record: TrackRecord | null; readonly since: number; readonly now: number };

const EVENTS: Readonly<Record<BreakerState, string>> = { closed: 'breaker.closed', open: 'breaker.opened', half_open: 'breaker.half_opened' };

/** The breakers of all processes: a row each, changed by whoever holds its lock, and by one statement. */
@Injectable()
export class BreakerStore {
  private readonly log = new Logger('providers');

  constructor(
    private readonly database: Database,
    @Inject(Env) private readonly env: { readonly raw: Pick<Env['raw'], 'BREAKER_OPEN_MS'> },
  ) {}

  /** Takes in what attempts came to. True where the state changed. */
  async record(provider: string, operation: string, { ok, failed, wasted = 0, kind, stages }: Outcomes): Promise<boolean> {
    await this.database.query({ name: 'breaker_made', text: 'INSERT INTO breaker (provider, operation) VALUES ($1, $2) ON CONFLICT DO NOTHING' }, [provider, operation]);
    return this.database.transaction(async (sql) => {
      const [held] = await this.hold(sql, provider, [operation]);
      if (held === undefined) return false;
      const { breaker, clock } = held;
      const trouble = operation === WHOLE && kind !== null ? (ACCOUNT_TROUBLES.get(kind) ?? null) : null;
      const counted = next(breaker, { type: 'ended', ok, failed, kind, trouble }, clock);
      const told = breaker.probe === null ? undefined : stages.get(breaker.probe);
      const after = told === undefined ? counted : next(counted, { type: 'told', stage: breaker.probe ?? '', ok: told, kind }, clock);
      const record = noted(held.record, { ok, failed, wasted }, clock.now);
      return this.write(sql, provider, held, after, breaker.state === 'half_open' && after.state === 'closed' ? recovered(record) : record);
    });
  }

  /**
   * Whether the stage may begin an attempt that needs these operations: of an open breaker whose pause is over it becomes the probe, the only one of all
   * processes. It must hold the stage's lease: the probe counts for as long as that is held, or an attempt of the stage lives.
   */
  async claimProbe(provider: string, operations: readonly string[], stage: string): Promise<boolean> {
    return this.database.transaction(async (sql) => {
      const held = (await this.hold(sql, provider, [WHOLE, ...operations])).filter(({ breaker }) => breaker.state !== 'closed');
      const probing = await this.probing(sql, held.flatMap(({ breaker }) => breaker.probe ?? []));
      const claims = held.map((one) => ({ one, after: next(one.breaker, { type: 'wanted', stage, probing: probing.has(one.breaker.probe ?? '') }, one.clock) }));
      if (claims.some(({ after }) => after.probe !== stage)) return false;
      for (const { one, after } of claims) await this.write(sql, provider, one, after);
      return true;
    });
  }

  /** In one order, so that those who hold several never wait for each other in a circle. */
  private async hold(sql: Sql, provider: string, operations: readonly string[]): Promise<readonly Held[]> {
    const rows = await sql.query<BreakerRow>({ name: 'breaker_held', text: `
      SELECT operation, state, ${ms('changed_at')} AS since, reason, cause, outcomes, record, opens, ${ms('open_until')} AS "openUntil", probe, ${ms('clock_timestamp()')} AS now
      FROM breaker WHERE provider = $1 AND operation = ANY($2) ORDER BY operation FOR UPDATE` }, [provider, operations]);
    return rows.map(({ operation, now, record, ...breaker }) => ({ operation, record, breaker: { ...CLOSED, ...breaker }, clock: { now, firstPauseMs: this.env.raw.BREAKER_OPEN_MS } }));
  }

  /** Those of the stages that still work. A statement of its own, after the locks: it sees what was committed while they were waited for. */
  private async probing(sql: Sql, stages: readonly string[]): Promise<ReadonlySet<string>> {
    if (stages.length === 0) return new Set();
    const rows = await sql.query<{ id: string }>(
      `SELECT id FROM stage WHERE id = ANY($1::uuid[]) AND (EXISTS (SELECT 1 FROM attempt WHERE stage_id = stage.id AND ended_at IS NULL) OR (status = 'active' AND lease_until > clock_timestamp()))`,
      [stages],
    );
    return new Set(rows.map(({ id }) => id));
  }

  /** The change and what the provider's timeline tells of it, guarded by the state that was left. */
  private async write(sql: Sql, provider: string, { operation, breaker: before, record: earlier }: Held, after: Breaker, record = earlier): Promise<boolean> {
    if (after === before && record === earlier) return false;
    const moved = after.state !== before.state;
    const detail = { operation: operation === WHOLE ? null : operation, from: before.state, to: after.state, reason: after.reason };
    await sql.query({ name: 'breaker_moved', text: `
      WITH moved AS (
        UPDATE breaker SET state = $3, changed_at = ${at('$4')}, reason = $5, outcomes = $6::jsonb, opens = $7, open_until = ${at('$8')}, probe = $9, touched_at = now(), record = $15::jsonb, cause = $16
        WHERE provider = $1 AND operation = $2 AND state = $10 RETURNING provider)
      INSERT INTO provider_event (id, provider, type, detail) SELECT $11, provider, $12, $13::jsonb FROM moved WHERE $14::boolean` },
      [provider, operation, after.state, after.since, after.reason, JSON.stringify(after.outcomes), after.opens, after.openUntil, after.probe, before.state, uuidv7(), EVENTS[after.state], JSON.stringify(detail), moved, record === null ? null : JSON.stringify(record), after.cause]);
    if (moved && after.state === 'open' && after.cause !== null) this.log.warn({ provider, reason: after.cause, msg: `Provider ${provider} is ${after.reason ?? ''}` });
    if (moved) sql.tell(STANDING_CHANNEL, provider);
    return moved;
  }
}

const ms = (time: string): string => `(extract(epoch FROM ${time}) * 1000)::float8`;
const at = (parameter: string): string => `to_timestamp(${parameter}::float8 / 1000)`;
