import { AsyncLocalStorage } from 'node:async_hooks';
import { performance } from 'node:perf_hooks';
import type pg from 'pg';

/** So long nothing may move before a caller is told to come again: with it he knows within a second. */
const STUCK_MS = 800;
/** Of the connections: with half of them work fell behind where callers were many, with all of them callers waited four times as long. */
const FOR_WORK = 0.8;
/** Work of ours waits for so long. */
export const PATIENCE_MS = 5000;

const callers = new AsyncLocalStorage<{ readonly isWaiting: () => boolean }>();

/** Runs `work` for somebody who can ask again, and is better told so at once than held. What it began goes on as work of ours once nobody waits for its answer. */
export function forCaller(isWaiting: () => boolean, work: () => void): void {
  callers.run({ isWaiting }, work);
}

/** A connection until it is over. With an error, nobody uses it again. */
export interface Turn {
  readonly client: pg.PoolClient;
  over(broken?: Error): void;
}

/**
 * The connections of a pool, in turn. Some are left to callers, who do not wait behind a burst of work of ours; that waits for longer, for it
 * may have to write down what was done elsewhere. A caller waits only while connections move from hand to hand: where all are held, by locks or
 * by a server that does not answer, he gets an error that `databaseTrouble` knows.
 */
export class Turns {
  private readonly most: number;
  private working = 0;
  private readonly line: (() => void)[] = [];
  private movedAt = performance.now();

  constructor(
    private readonly pool: pg.Pool,
    max: number,
  ) {
    this.most = Math.max(1, Math.floor(max * FOR_WORK));
    const moved = (): void => void (this.movedAt = performance.now());
    pool.on('acquire', moved);
    pool.on('release', moved);
  }

  /** Those who wait for one. */
  get waiting(): number {
    return this.line.length + this.pool.waitingCount;
  }

  next(): Promise<Turn> {
    return callers.getStore()?.isWaiting() === true ? this.caller() : this.work();
  }

  private async work(): Promise<Turn> {
    if (this.working >= this.most) await this.place();
    else this.working += 1;
    try {
      const client = await this.pool.connect();
      return {
        client,
        over: (broken) => {
          client.release(broken);
          this.pass();
        },
      };
    } catch (error) {
      this.pass();
      throw error;
    }
  }

  /** Resolves as the one whose place is passed on. */
  private place(): Promise<void> {
    return new Promise((resolve, reject) => {
      const called = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        this.line.splice(this.line.indexOf(called), 1);
        reject(noneFree(PATIENCE_MS));
      }, PATIENCE_MS);
      this.line.push(called);
    });
  }

  private pass(): void {
    const next = this.line.shift();
    if (next === undefined) this.working -= 1;
    else next();
  }

  private async caller(): Promise<Turn> {
    const { pool } = this;
    // Whoever is first to wait begins the count.
    if (pool.waitingCount === 0) this.movedAt = performance.now();
    const isAtHand = pool.idleCount > pool.waitingCount;
    const coming = pool.connect();
    const client = isAtHand ? await coming : await this.whileTheyMove(coming);
    return { client, over: (broken) => client.release(broken) };
  }

  private async whileTheyMove(coming: Promise<pg.PoolClient>): Promise<pg.PoolClient> {
    let timer: NodeJS.Timeout | undefined;
    const stuck = new Promise<never>((_, reject) => {
      const look = (): void => {
        const left = this.movedAt + STUCK_MS - performance.now();
        if (left > 0) timer = setTimeout(look, left);
        else reject(noneFree(STUCK_MS));
      };
      look();
    });
    try {
      return await Promise.race([coming, stuck]);
    } catch (error) {
      // It may come all the same.
      void coming.then((client) => client.release(), () => undefined);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }
}

const noneFree = (ms: number): Error => new Error(`no connection became free within ${ms} ms`);
