import { Injectable, Logger } from '@nestjs/common';
import { Staging } from '../files/staging.js';
import { Database } from '../platform/database.js';
import type { PeriodicTask } from '../platform/periodic.js';

const EVERY_SIX_HOURS = '17 */6 * * *';

/** Bytes in the staging place that no row names: a process was killed between writing them and saying so. Of all processes one clears them away. */
@Injectable()
export class Leftovers {
  private readonly log = new Logger('leftovers');

  constructor(
    private readonly database: Database,
    private readonly staging: Staging,
  ) {}

  get tasks(): readonly PeriodicTask[] {
    return [{ name: 'staging-leftovers', cron: EVERY_SIX_HOURS, run: async (_payload, signal) => void (await this.remove(signal)) }];
  }

  /** Returns how many files were removed. */
  async remove(signal: AbortSignal): Promise<number> {
    let removed = 0;
    for await (const paths of this.staging.writtenBefore(await this.latest())) {
      const named = await this.named(paths);
      for (const path of paths.filter((one) => !named.has(one))) removed += (await this.removeOne(path)) ? 1 : 0;
      if (signal.aborted) break;
    }
    if (removed > 0) this.log.warn(`${removed} files in the staging place that nothing names were removed.`);
    return removed;
  }

  /** What was written later may be named yet: a job names its results when it has all of them, and large ones take long. */
  private async latest(): Promise<Date> {
    const [row] = await this.database.query<{ latest: Date }>(`SELECT least(now() - interval '24 hours', min(created_at) - interval '1 hour') AS latest FROM job WHERE ended_at IS NULL`);
    return row?.latest ?? new Date(0);
  }

  private async named(paths: readonly string[]): Promise<ReadonlySet<string>> {
    const rows = await this.database.query<{ path: string }>('SELECT path FROM file WHERE path = ANY($1) AND erased_at IS NULL', [paths]);
    return new Set(rows.map(({ path }) => path));
  }

  private async removeOne(path: string): Promise<boolean> {
    try {
      await this.staging.remove(path);
      return true;
    } catch (error) {
      this.log.error(`${path} cannot be removed: ${(error as Error).message}`);
      return false;
    }
  }
}
