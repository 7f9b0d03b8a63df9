import { Injectable } from '@nestjs/common';
import { PLACE_TYPES } from '../conversion/places.js';
import { StageStore } from '../execution/stage-store.js';
import { Database } from '../platform/database.js';
import { Gathered } from '../platform/gathered.js';
import type { Sql } from '../platform/sql.js';

/** What became of a callback that was kept: `hint` and `proven` woke its attempt, the others changed nothing. */
export const OUTCOMES = ['hint', 'proven', 'late', 'other_job', 'unknown_job', 'unknown_shape'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** Whom a callback is about. */
export interface Addressed {
  readonly id: string;
  readonly stage_id: string;
  readonly provider_job_id: string | null;
  readonly ended: boolean;
  /** Its job came with credentials. */
  readonly credentialed: boolean;
}

export interface NewCallback {
  readonly id: string;
  readonly provider: string;
  readonly attempt: Addressed | null;
  readonly providerJobId: string | null;
  readonly bodyHash: string;
  readonly body: string;
  readonly outcome: Outcome;
}

export interface CallbackRow {
  readonly id: string;
  readonly provider: string;
  readonly attempt_id: string | null;
  readonly provider_job_id: string | null;
  readonly outcome: Outcome;
  readonly body: string;
  readonly received_at: Date;
  readonly replayed_at: Date | null;
}

/** Entries of a page, newest first, behind the id `before`. */
export interface CallbackPage {
  readonly provider: string;
  readonly outcome: string | undefined;
  readonly attempt: string | undefined;
  readonly before: string | undefined;
  readonly limit: number;
}

const ROW = 'id, provider, attempt_id, provider_job_id, outcome, body, received_at, replayed_at';

/** What vendors tell at once is looked up and kept together: so many callbacks in one statement at the most, and so many statements at a time. */
const TOGETHER = { most: 64, lanes: 2 };

interface Token {
  readonly provider: string;
  readonly token: string;
}

@Injectable()
export class CallbackStore {
  private readonly finding = new Gathered<Token, Addressed | null>((tokens) => this.findAll(tokens), async (token) => (await this.findAll([token]))[0] ?? null, TOGETHER);
  private readonly keeping = new Gathered<NewCallback, boolean>((callbacks) => this.keepAll(callbacks), (callback) => this.keepOne(callback), TOGETHER);

  constructor(
    private readonly database: Database,
    private readonly stages: StageStore,
  ) {}

  async findByToken(provider: string, token: string): Promise<Addressed | null> {
    return this.finding.do({ provider, token });
  }

  async findByJob(provider: string, providerJobId: string): Promise<Addressed | null> {
    const rows = await this.database.query<Addressed>({ name: 'callback_by_job', text: `${ADDRESSED} WHERE provider_job_id = $1 AND provider = $2` }, [providerJobId, provider, PLACE_TYPES]);
    return rows[0] ?? null;
  }

  /** Keeps it and wakes whom it is about, in one statement. False: the same came before, and nothing was done. */
  async keep(callback: NewCallback): Promise<boolean> {
    return this.keeping.do(callback);
  }

  /** The vendor's job of a callback may have become one of ours since it was kept. */
  async lookAgain(id: string, sql: Sql = this.database): Promise<void> {
    const woken = await sql.query({ name: 'callback_again', text: LOOK_AGAIN }, [id]);
    if (woken.length > 0) sql.tell('conversion_due', '');
  }

  async list({ provider, outcome, attempt, before, limit }: CallbackPage): Promise<CallbackRow[]> {
    return this.database.query<CallbackRow>(
      `SELECT ${ROW} FROM callback
       WHERE provider = $1 AND ($2::text IS NULL OR outcome = $2) AND ($3::uuid IS NULL OR attempt_id = $3) AND ($4::uuid IS NULL OR id < $4) ORDER BY id DESC LIMIT $5`,
      [provider, outcome ?? null, attempt ?? null, before ?? null, limit],
    );
  }

  /** As if it had just come. `effect`: what it did now. Null: there is none. */
  async replay(provider: string, id: string): Promise<{ readonly row: CallbackRow; readonly effect: 'woken' | Exclude<Outcome, 'hint' | 'proven'> } | null> {
    return this.database.transaction(async (sql) => {
      sql.later(HOLD_STAGE, [id]);
      const [known] = await sql.query(`UPDATE callback SET replayed_at = now(), read_at = NULL WHERE provider = $1 AND id = $2 RETURNING 1`, [provider, id]);
      if (known === undefined) return null;
      await this.lookAgain(id, sql);
      const [row] = await sql.query<CallbackRow & { readonly stage_id: string | null }>(
        `SELECT ${ROW}, (SELECT a.stage_id FROM attempt a WHERE a.id = attempt_id AND a.ended_at IS NULL) AS stage_id FROM callback WHERE id = $1`,
        [id],
      );
      if (row === undefined) return null;
      if (row.outcome !== 'hint' && row.outcome !== 'proven') return { row, effect: row.outcome };
      if (row.stage_id === null) return { row, effect: 'late' };
      await this.stages.wake(sql, row.stage_id);
      return { row, effect: 'woken' };
    });
  }

  private async findAll(tokens: readonly Token[]): Promise<readonly (Addressed | null)[]> {
    const found = await this.database.query<Addressed & { readonly reference: string; readonly provider: string }>(
      { name: 'callback_by_token', text: `${ADDRESSED} WHERE (reference, provider) IN (SELECT * FROM unnest($1::text[], $2::text[]))` },
      [tokens.map(({ token }) => token), tokens.map(({ provider }) => provider), PLACE_TYPES],
    );
    return tokens.map(({ provider, token }) => found.find((row) => row.reference === token && row.provider === provider) ?? null);
  }

  private async keepOne(callback: NewCallback): Promise<boolean> {
    const { id, provider, attempt, providerJobId, bodyHash, body, outcome } = callback;
    const [told] = await this.database.query<{ kept: boolean; woken: boolean }>({ name: 'keep_callback', text: KEEP }, [id, provider, attempt?.id ?? null, providerJobId, bodyHash, body, outcome, wakenBy(callback)]);
    if (told?.woken === true) this.database.tell('conversion_due', '');
    return told?.kept === true;
  }

  private async keepAll(callbacks: readonly NewCallback[]): Promise<readonly boolean[]> {
    const column = (value: (callback: NewCallback) => string | null): readonly (string | null)[] => callbacks.map(value);
    const kept = await this.database.query<{ id: string; woken: boolean }>({ name: 'keep_callbacks', text: KEEP_ALL }, [
      column(({ id }) => id), column(({ provider }) => provider), column(({ attempt }) => attempt?.id ?? null), column(({ providerJobId }) => providerJobId),
      column(({ bodyHash }) => bodyHash), column(({ body }) => body), column(({ outcome }) => outcome), column(wakenBy),
    ]);
    const woken = new Map(kept.map((row) => [row.id, row.woken]));
    if (kept.some((row) => row.woken)) this.database.tell('conversion_due', '');
    for (const callback of callbacks) {
      const stage = woken.get(callback.id) === false ? wakenBy(callback) : null;
      // It is kept: should this fail, the polls find out.
      if (stage !== null) await this.stages.wake(this.database, stage).catch(() => undefined);
    }
    return callbacks.map(({ id }) => woken.has(id));
  }
}

/** Whom it wakes, if it is kept. */
const wakenBy = ({ attempt, outcome }: NewCallback): string | null => (outcome === 'hint' || outcome === 'proven' ? (attempt?.stage_id ?? null) : null);

const ADDRESSED = `
  SELECT id, reference, provider, stage_id, provider_job_id, ended_at IS NOT NULL AS ended,
    EXISTS (SELECT 1 FROM job_input i WHERE i.job_id = attempt.job_id AND i.type = ANY($3)) OR EXISTS (SELECT 1 FROM job_export x WHERE x.job_id = attempt.job_id) AS credentialed
  FROM attempt`;

/** A callback's stage is as old as its attempt: where more is due than can be done, what was begun is ended before more is begun. */
const DUE_AT = 'least(stage.due_at, a.started_at, now())';

/** A body that came before changes nothing: one wake for any number of copies. */
const KEEP = `
  WITH kept AS (
    INSERT INTO callback (id, provider, attempt_id, provider_job_id, body_hash, body, outcome) VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (provider, body_hash) DO NOTHING RETURNING 1),
  woken AS (
    UPDATE stage SET due_at = ${DUE_AT}, hinted = true FROM attempt a WHERE stage.id = $8 AND a.id = $3 AND stage.status = 'active' AND EXISTS (SELECT FROM kept) RETURNING 1)
  SELECT EXISTS (SELECT FROM kept) AS kept, EXISTS (SELECT FROM woken) AS woken`;

/** A stage that somebody writes at this moment is passed over: nobody's callback waits, with other stages held, for one. It is woken by itself. */
const KEEP_ALL = `
  WITH told AS (
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::uuid[]) AS t (id, provider, attempt_id, provider_job_id, body_hash, body, outcome, wakes)),
  kept AS (
    INSERT INTO callback (id, provider, attempt_id, provider_job_id, body_hash, body, outcome) SELECT id, provider, attempt_id, provider_job_id, body_hash, body, outcome FROM told
    ON CONFLICT (provider, body_hash) DO NOTHING RETURNING id),
  free AS (
    SELECT id FROM stage WHERE id IN (SELECT wakes FROM told WHERE id IN (SELECT id FROM kept)) AND status = 'active' FOR NO KEY UPDATE SKIP LOCKED),
  woken AS (
    UPDATE stage SET due_at = ${DUE_AT}, hinted = true FROM free JOIN told ON told.wakes = free.id JOIN attempt a ON a.id = told.attempt_id WHERE stage.id = free.id RETURNING stage.id)
  SELECT kept.id, woken.id IS NOT NULL AS woken FROM kept JOIN told ON told.id = kept.id LEFT JOIN woken ON woken.id = told.wakes`;

/** The stage of whoever has a callback ($1), or may have it now: held before the callback is, as those do who work on it, so that nobody waits for each other. */
const HOLD_STAGE = `
  SELECT a.id AS attempt_id, a.ended_at, stage.id AS stage_id
  FROM callback c JOIN attempt a ON a.provider = c.provider AND a.provider_job_id = c.provider_job_id JOIN stage ON stage.id = a.stage_id
  WHERE c.id = $1 FOR NO KEY UPDATE OF stage`;

const LOOK_AGAIN = `
  WITH held AS MATERIALIZED (${HOLD_STAGE}),
  found AS (
    UPDATE callback SET attempt_id = held.attempt_id, outcome = CASE WHEN held.ended_at IS NULL THEN 'hint' ELSE 'late' END
    FROM held WHERE callback.id = $1 AND callback.outcome = 'unknown_job'
    RETURNING held.stage_id)
  UPDATE stage SET due_at = now(), hinted = true FROM found WHERE stage.id = found.stage_id AND stage.status = 'active' RETURNING 1`;
