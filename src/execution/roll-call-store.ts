import { Injectable } from '@nestjs/common';
import type { ListedJob } from '../conversion/job-page.js';
import { appendManyEvents } from '../jobs/event-store.js';
import { Database } from '../platform/database.js';
import { JOB_PROGRESS } from './attempt-store.js';
import { GONE, HEED, MOVED } from './roll-call-sql.js';

/** How the roll call of a provider stands. */
export interface RollCallState {
  readonly provider: string;
  readonly isDue: boolean;
  /** For how long the list stands for reading each job; 0: it does not. */
  readonly coversMs: number;
  readonly tookMs: number;
}

/** The right to call the roll of one provider. */
export interface RollCall {
  readonly provider: string;
  readonly epoch: number;
  /** Attempts that run there. */
  readonly running: number;
  /** Calls before it, in a row, that were of no use. */
  readonly failures: number;
  readonly tookMs: number;
}

/** In seconds: a page takes no longer. What a dead process held is free after it. */
const HELD_SECONDS = 15;
const GONE_AT_ONCE = 500;

@Injectable()
export class RollCallStore {
  constructor(private readonly database: Database) {}

  async prepare(providers: readonly string[]): Promise<void> {
    await this.database.query('INSERT INTO roll_call (provider) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING', [providers]);
  }

  async states(providers: readonly string[]): Promise<RollCallState[]> {
    return this.database.query<RollCallState>({ name: 'roll_call_states', text: `
      SELECT provider, due_at <= now() AS "isDue", greatest(0, coalesce(extract(epoch FROM covers_until - now())::float8 * 1000, 0)) AS "coversMs", took_ms AS "tookMs"
      FROM roll_call WHERE provider = ANY($1)` }, [providers]);
  }

  /** Null when it is not due, or somebody else was faster. */
  async claim(provider: string): Promise<RollCall | null> {
    const rows = await this.database.query<RollCall>({ name: 'roll_call_claim', text: `
      UPDATE roll_call SET epoch = epoch + 1, due_at = now() + make_interval(secs => $2) WHERE provider = $1 AND due_at <= now()
      RETURNING provider, epoch, failures, took_ms AS "tookMs", (SELECT count(*)::int FROM attempt a WHERE a.provider = $1 AND a.status = 'running' AND a.ended_at IS NULL) AS running` }, [provider, HELD_SECONDS]);
    return rows[0] ?? null;
  }

  /** Takes in a page: what runs is due again after `pauseMs` at the earliest, what has ended is due now. How many of them are ours; null when the call is somebody else's by now. */
  async heed(call: RollCall, jobs: readonly ListedJob[], pauseMs: number): Promise<number | null> {
    const told = jobs.map((job) => (job.state === 'running' ? { id: job.providerJobId, ended: false, progress: job.progress, word: job.word.slice(0, 64) } : { id: job.providerJobId, ended: true }));
    const [heard] = await this.database.query<{ held: boolean; ours: number; woken: number; moved: Moved[] }>({ name: 'roll_call_heed', text: HEED }, [call.provider, call.epoch, HELD_SECONDS, JSON.stringify(told), pauseMs]);
    if (heard?.held !== true) return null;
    if (heard.woken > 0) this.database.tell('conversion_due', '');
    if (heard.moved.length > 0) await this.progressed(call, heard.moved);
    return heard.ours;
  }

  /** Attempts that the list showed before and, read to its end, shows no more are due now. Returns how many; null when the call is somebody else's by now. */
  async gone(call: RollCall, seen: readonly string[]): Promise<number | null> {
    for (let all = 0; ; ) {
      const [found] = await this.database.query<{ held: boolean; count: number }>(GONE, [call.provider, call.epoch, HELD_SECONDS, seen, GONE_AT_ONCE]);
      if (found?.held !== true) return null;
      if (found.count > 0) this.database.tell('conversion_due', '');
      all += found.count;
      if (found.count < GONE_AT_ONCE) return all;
    }
  }

  async end(call: RollCall, next: { readonly dueMs: number; readonly coversMs: number | null; readonly failures: number; readonly tookMs: number }): Promise<void> {
    await this.database.query(
      `UPDATE roll_call SET due_at = now() + make_interval(secs => $3::float8 / 1000), failures = $5, took_ms = $6,
         covers_until = CASE WHEN $4::float8 IS NULL THEN covers_until ELSE now() + make_interval(secs => $4::float8 / 1000) END
       WHERE provider = $1 AND epoch = $2`,
      [call.provider, call.epoch, next.dueMs, next.coversMs, next.failures, Math.round(next.tookMs)],
    );
  }

  /** What the list told anew. Jobs that somebody works on are left out: their news comes with what is done there, or with the next list. */
  private async progressed({ provider, epoch }: RollCall, moved: readonly Moved[]): Promise<void> {
    await this.database.transaction(async (sql) => {
      const written = await sql.query<Moved>({ name: 'roll_call_moved', text: MOVED }, [provider, epoch, JSON.stringify(moved)]);
      if (written.length === 0) return;
      await sql.query(JOB_PROGRESS, [[...new Set(written.map(({ jobId }) => jobId))]]);
      appendManyEvents(sql, written.map(({ jobId, attempt, word, progress }) => ({ jobId, type: 'attempt.progressed', cause: 'poll', detail: { attempt, provider, status: word, progress } })));
    });
  }
}

interface Moved {
  readonly attempt: string;
  readonly jobId: string;
  readonly word: string;
  readonly progress: number | null;
}
