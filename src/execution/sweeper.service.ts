import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import type { JobError } from '../conversion/errors.js';
import { Staging } from '../files/staging.js';
import { eraseExpiredKeys } from '../jobs/idempotency-store.js';
import { JobEnding } from '../jobs/job-ending.js';
import { databaseTrouble } from '../platform/database-trouble.js';
import { Database } from '../platform/database.js';
import { Registry } from '../providers/registry.js';
import { OrphanSearch } from './orphan-search.js';
import { cancelAtVendors } from './vendor-cancel.js';

const DEADLINES_MS = 1000;
const FILES_MS = 30_000;
const ORPHANS_MS = 10_000;
const KEYS_MS = 5000;
const BATCH = 50;

/** What time itself does: jobs past their deadline fail, files past their retention go, Idempotency-Keys are forgotten. Any number of processes may sweep at once. */
@Injectable()
export class SweeperService implements BeforeApplicationShutdown {
  private readonly log = new Logger('sweeper');
  private readonly timers: NodeJS.Timeout[] = [];
  private readonly sweeping = new Set<Promise<unknown>>();

  constructor(
    private readonly database: Database,
    private readonly ending: JobEnding,
    private readonly staging: Staging,
    private readonly registry: Registry,
    private readonly orphans: OrphanSearch,
  ) {}

  start(): void {
    this.every(DEADLINES_MS, () => this.failOverdue());
    this.every(FILES_MS, () => this.eraseExpired());
    this.every(ORPHANS_MS, () => this.orphans.search());
    this.every(KEYS_MS, () => eraseExpiredKeys(this.database, BATCH * 10));
  }

  async beforeApplicationShutdown(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    await Promise.all(this.sweeping);
  }

  /** Returns how many jobs were failed. */
  async failOverdue(): Promise<number> {
    const overdue = await this.database.query<{ id: string }>('SELECT id FROM job WHERE deadline_at < now() AND ended_at IS NULL ORDER BY deadline_at LIMIT $1', [BATCH]);
    for (const { id } of overdue) {
      const abandoned = await this.database.transaction(async (sql) => {
        const [job] = await sql.query<{ status: string; seconds: number }>(
          `SELECT status, (graph->'routing'->>'deadlineSeconds')::int AS seconds FROM job WHERE id = $1 AND deadline_at < now() AND ended_at IS NULL FOR UPDATE SKIP LOCKED`,
          [id],
        );
        if (job === undefined) return [];
        return this.ending.fail(sql, id, job.status === 'awaiting_input' ? NEVER_CAME : tooLate(job.seconds), 'timer');
      });
      // Not waited for: a vendor that hangs must not hold up the other jobs' deadlines.
      void cancelAtVendors(this.registry, abandoned ?? []);
    }
    return overdue.length;
  }

  /** Returns how many files were erased. The bytes go first: a crash in between only means doing it again. */
  async eraseExpired(): Promise<number> {
    const expired = await this.database.query<{ id: string; path: string | null }>('SELECT id, path FROM file WHERE expires_at < now() AND erased_at IS NULL ORDER BY expires_at LIMIT $1', [BATCH * 10]);
    const erased: string[] = [];
    for (const { id, path } of expired) {
      try {
        if (path !== null) await this.staging.remove(path);
        erased.push(id);
      } catch (error) {
        this.log.error(`${path} cannot be erased: ${(error as Error).message}`);
      }
    }
    if (erased.length > 0) await this.database.query('UPDATE file SET erased_at = now() WHERE id = ANY($1::uuid[])', [erased]);
    return erased.length;
  }

  private every(ms: number, sweep: () => Promise<number>): void {
    let busy = false;
    this.timers.push(
      setInterval(() => {
        if (busy) return;
        busy = true;
        const running = sweep()
          .catch((error: unknown) => this.log.warn(databaseTrouble(error) ?? (error as Error).message))
          .finally(() => {
            busy = false;
            this.sweeping.delete(running);
          });
        this.sweeping.add(running);
      }, ms),
    );
  }
}

const NEVER_CAME: JobError = { code: 'input_expired', message: 'An upload never came within 24 hours.', retryable: false };
const tooLate = (seconds: number): JobError => ({ code: 'deadline_exceeded', message: `The job did not end within the ${seconds} seconds of its deadline.`, retryable: true });
