import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { Staging } from '../files/staging.js';
import { eraseExpiredKeys } from '../jobs/idempotency-store.js';
import { Database } from '../platform/database.js';
import { Deadlines } from './deadlines.js';
import { LEFT_BEHIND, LeftBehind } from './left-behind.js';
import { OrphanSearch } from './orphan-search.js';
import { SweepTimers } from './sweep-timers.js';

const DEADLINES_MS = 1000;
const FILES_MS = 30_000;
const ORPHANS_MS = 10_000;
const LEFT_BEHIND_MS = 5000;
const KEYS_MS = 5000;
/** Files and keys at a time. */
const FILES = 500;
const KEYS = 500;

const NO_ID = '00000000-0000-0000-0000-000000000000';

interface Expired {
  readonly id: string;
  readonly path: string | null;
  /** As the database writes it: no digit is lost on the way. */
  readonly expiresAt: string;
}

/** What time itself does: jobs past their deadline fail, files past their retention go, Idempotency-Keys are forgotten, and vendors are asked what became of what was given up. Any number of processes may sweep at once. */
@Injectable()
export class SweeperService implements BeforeApplicationShutdown {
  private readonly log = new Logger('sweeper');
  private readonly timers = new SweepTimers();
  /** The last file of the batch before; null: it begins anew. */
  private passed: Expired | null = null;

  constructor(
    private readonly database: Database,
    private readonly staging: Staging,
    private readonly leftBehind: LeftBehind,
    private readonly orphans: OrphanSearch,
    private readonly deadlines: Deadlines,
  ) {}

  start(): void {
    this.timers.every(DEADLINES_MS, async () => (await this.deadlines.failOverdue(), false));
    this.timers.every(FILES_MS, async () => (await this.eraseExpired(), this.passed !== null));
    this.timers.every(ORPHANS_MS, async () => (await this.orphans.search(), false));
    this.timers.every(LEFT_BEHIND_MS, async () => (await this.leftBehind.ask()) === LEFT_BEHIND);
    this.timers.every(KEYS_MS, async () => (await eraseExpiredKeys(this.database, KEYS)) === KEYS);
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.timers.stop();
  }

  /**
   * Returns how many files were erased. The bytes go first: a crash in between only means doing it again. What cannot be erased is passed by, so that it holds up
   * nothing behind it, and is looked at again once the end was reached.
   */
  async eraseExpired(): Promise<number> {
    const expired = await this.database.query<Expired>(
      `SELECT id, path, expires_at::text AS "expiresAt" FROM file
       WHERE expires_at < now() AND erased_at IS NULL AND expires_at >= $2::timestamptz AND (expires_at, id) > ($2::timestamptz, $3::uuid) ORDER BY expires_at, id LIMIT $1`,
      [FILES, this.passed?.expiresAt ?? '-infinity', this.passed?.id ?? NO_ID],
    );
    const erased: string[] = [];
    let trouble: string | null = null;
    for (const { id, path } of expired) {
      try {
        if (path !== null) await this.staging.remove(path);
        erased.push(id);
      } catch (error) {
        trouble ??= `${path}: ${(error as Error).message}`;
      }
    }
    if (trouble !== null) this.log.error(`${expired.length - erased.length} files past their time cannot be erased, and are tried again; the first of them ${trouble}`);
    if (erased.length > 0) await this.database.query('UPDATE file SET erased_at = now() WHERE id = ANY($1::uuid[])', [erased]);
    this.passed = expired[FILES - 1] ?? null;
    return erased.length;
  }
}
