import { Injectable, Logger as NestLogger, type BeforeApplicationShutdown } from '@nestjs/common';
import type { JobHelpers, Runner, WorkerUtils } from 'graphile-worker';
import pg from 'pg';
import { databaseTrouble } from './database-trouble.js';
import { Database } from './database.js';

/** Work that time or news asks for, done by one process of all that share the database. */
export interface PeriodicTask {
  readonly name: string;
  /** When it is due by itself: five fields of cron, UTC. Null: only when it is asked for. */
  readonly cron: string | null;
  /** Throws to be tried again later. Has to stop when `signal` aborts. `payload` of what the clock asked for is empty. */
  run(payload: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<void>;
}

export interface Asked {
  readonly name: string;
  readonly payload: Readonly<Record<string, unknown>>;
  /** Asked for again under the same key before it began, it is done once; what has one key is done one after another. */
  readonly key: string;
  readonly afterMs: number;
}

const RETRY_MS = 10_000;
const MOST_TRIES = 4;
const AT_ONCE = 2;
const EVERY_SIX_HOURS = '40 */6 * * *';
/** Its own: one connection listens, one for each piece of work keeps others off, the rest works; a pool that is shared would have to serve all. */
const POOL = 6;
/** Of the advisory locks, the ones that are ours. */
const LOCKS = 7204;
/** Between two looks whether it is our turn. */
const TURN_MS = 250;

/** `graphile-worker` in a schema of its own. It is loaded when it is started: a process that does no such work does without. */
@Injectable()
export class Periodic implements BeforeApplicationShutdown {
  private readonly log = new NestLogger('periodic');
  private readonly stopping = new AbortController();
  private runner: Promise<Runner | null> | null = null;
  private pool: pg.Pool | null = null;

  constructor(private readonly database: Database) {}

  /** Goes on trying until the database lets it; `ready` is called once it runs. */
  start(tasks: readonly PeriodicTask[], ready: () => void): void {
    this.runner = this.tryToRun(tasks);
    void this.runner.then((runner) => {
      if (runner !== null) ready();
    });
  }

  /** Lost, with a word in the log, where the database is away or nothing was ever started. */
  async ask({ name, payload, key, afterMs }: Asked): Promise<void> {
    try {
      const runner = await this.runner;
      await runner?.addJob(name, payload, { jobKey: key, maxAttempts: MOST_TRIES, runAt: new Date(Date.now() + afterMs) });
    } catch (error) {
      this.log.warn(`${name} could not be asked for: ${databaseTrouble(error) ?? (error as Error).message}`);
    }
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort(new Error('The service is stopping.'));
    const runner = await this.runner;
    await runner?.stop().catch((error: unknown) => this.log.warn((error as Error).message));
    await this.pool?.end();
  }

  private async tryToRun(tasks: readonly PeriodicTask[]): Promise<Runner | null> {
    while (!this.stopping.signal.aborted) {
      try {
        const runner = await this.run(tasks);
        // It mends its connections by itself; should it end all the same, another one takes over.
        void runner.promise.catch((error: unknown) => this.log.warn(databaseTrouble(error) ?? (error as Error).message)).then(() => this.takeOver(tasks));
        return runner;
      } catch (error) {
        this.log.warn(`Periodic work cannot run yet: ${databaseTrouble(error) ?? (error as Error).message}`);
        await this.pause();
      }
    }
    return null;
  }

  private takeOver(tasks: readonly PeriodicTask[]): void {
    if (!this.stopping.signal.aborted) this.runner = this.pause().then(() => this.tryToRun(tasks));
  }

  private async run(tasks: readonly PeriodicTask[]): Promise<Runner> {
    const { Logger, makeWorkerUtils, parseCronItems, run } = await import('graphile-worker');
    const logger = new Logger(() => (level, message) => {
      if (level === 'error') this.log.warn(message);
      else this.log.debug(message);
    });
    const pgPool = (this.pool ??= openPool(this.database.connectionString));
    const all = [...tasks, forgetFailed(() => makeWorkerUtils({ pgPool, logger }))];
    return run({
      pgPool,
      logger,
      noHandleSignals: true,
      concurrency: AT_ONCE,
      // As batches their ends are tried again, and what cannot be written ends the runner; one by one it would be a rejection that nobody hears, and ends the process.
      preset: { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
      taskList: Object.fromEntries(all.map((task) => [task.name, (payload: unknown, helpers: JobHelpers) => this.alone(pgPool, helpers.job.key ?? task.name, () => task.run(payload as Readonly<Record<string, unknown>>, this.signalOf(helpers)))])),
      parsedCronItems: parseCronItems(all.flatMap(({ name, cron }) => (cron === null ? [] : [{ task: name, match: cron, options: { maxAttempts: MOST_TRIES } }]))),
    });
  }

  /**
   * What has one key is done by one at a time. A session's lock says so: it goes with its process, while a lock of the library's would outlive one that was
   * killed by hours.
   */
  private async alone(pool: pg.Pool, key: string, work: () => Promise<void>): Promise<void> {
    const client = await pool.connect();
    let broken = true;
    try {
      while (!(await isMine(client, key))) {
        await this.pause(TURN_MS);
        if (this.stopping.signal.aborted) throw new Error('The service is stopping.');
      }
      await work();
      await client.query('SELECT pg_advisory_unlock($1, hashtext($2))', [LOCKS, key]);
      broken = false;
    } finally {
      // A session that may still hold the lock is ended with it.
      client.release(broken);
    }
  }

  private signalOf({ abortSignal }: JobHelpers): AbortSignal {
    return abortSignal === undefined ? this.stopping.signal : AbortSignal.any([this.stopping.signal, abortSignal]);
  }

  private pause(ms = RETRY_MS): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.stopping.signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
    });
  }
}

async function isMine(client: pg.PoolClient, key: string): Promise<boolean> {
  const { rows } = await client.query<{ mine: boolean }>('SELECT pg_try_advisory_lock($1, hashtext($2)) AS mine', [LOCKS, key]);
  return rows[0]?.mine === true;
}

/** Work that failed for good stays in the worker's table until somebody takes it out. The log has told of it. */
function forgetFailed(utilsOf: () => Promise<WorkerUtils>): PeriodicTask {
  return {
    name: 'forget-failed',
    cron: EVERY_SIX_HOURS,
    run: async () => {
      const utils = await utilsOf();
      await utils.cleanup({ tasks: ['DELETE_PERMAFAILED_JOBS'] }).finally(() => utils.release());
    },
  };
}

/** A connection that breaks is made anew by who needs it; without a listener, idle or in use, it would take the process with it. */
function openPool(connectionString: string): pg.Pool {
  const pool = new pg.Pool({ connectionString, max: POOL });
  pool.on('error', () => undefined);
  pool.on('connect', (client) => void client.on('error', () => undefined));
  return pool;
}
