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

/** What time itself does: jobs past their deadline fail, files past their retention go, Idempotency-Keys are forgotten, and vendors are asked what became of what was given up. Any number of processes may sweep at once. */
@Injectable()
export class SweeperService implements BeforeApplicationShutdown {
  private readonly log = new Logger('sweeper');
  private readonly timers = new SweepTimers();

  constructor(
    private readonly database: Database,
    private readonly staging: Staging,
    private readonly leftBehind: LeftBehind,
    private readonly orphans: OrphanSearch,
    private readonly deadlines: Deadlines,
  ) {}

  start(): void {
    this.timers.every(DEADLINES_MS, async () => (await this.deadlines.failOverdue(), false));
    this.timers.every(FILES_MS, async () => (await this.eraseExpired()) === FILES);
    this.timers.every(ORPHANS_MS, async () => (await this.orphans.search(), false));
    this.timers.every(LEFT_BEHIND_MS, async () => (await this.leftBehind.ask()) === LEFT_BEHIND);
    this.timers.every(KEYS_MS, async () => (await eraseExpiredKeys(this.database, KEYS)) === KEYS);
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.timers.stop();
  }

  /** Returns how many files were erased. The bytes go first: a crash in between only means doing it again. */
  async eraseExpired(): Promise<number> {
    const expired = await this.database.query<{ id: string; path: string | null }>('SELECT id, path FROM file WHERE expires_at < now() AND erased_at IS NULL ORDER BY expires_at LIMIT $1', [FILES]);
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
}
