import { AsyncLocalStorage } from 'node:async_hooks';
import { performance } from 'node:perf_hooks';
import type pg from 'pg';

/** So long nothing may move before a caller is told to come again: with it he knows within a second. */
const STUCK_MS = 800;

const callers = new AsyncLocalStorage<{ isWaiting: () => boolean }>();

/** Runs `work` for somebody who can ask again, and is better told so at once than held. What it began goes on unhurried once nobody waits for its answer. */
export function forCaller(isWaiting: () => boolean, work: () => void): void {
  callers.run({ isWaiting }, work);
}

/**
 * The connections of a pool, in turn. Work of ours waits for one as long as the pool lets it: it may have to write down what was done elsewhere. A caller waits only
 * while they move from hand to hand: where all are held, by locks or by a server that does not answer, he gets an error that `databaseTrouble` knows.
 */
export class Turns {
  private movedAt = performance.now();

  constructor(private readonly pool: pg.Pool) {
    const moved = (): void => void (this.movedAt = performance.now());
    pool.on('acquire', moved);
    pool.on('release', moved);
  }

  async next(): Promise<pg.PoolClient> {
    const { pool } = this;
    if (pool.idleCount > pool.waitingCount || callers.getStore()?.isWaiting() !== true) return pool.connect();
    // Whoever is first to wait begins the count.
    if (pool.waitingCount === 0) this.movedAt = performance.now();
    const turn = pool.connect();
    const patience = new AbortController();
    try {
      return await Promise.race([turn, this.stuck(patience.signal)]);
    } catch (error) {
      // It may come all the same.
      void turn.then((client) => client.release(), () => undefined);
      throw error;
    } finally {
      patience.abort();
    }
  }

  /** Rejects once nothing has moved for too long. */
  private stuck(signal: AbortSignal): Promise<never> {
    return new Promise((_, reject) => {
      let timer: NodeJS.Timeout;
      const look = (): void => {
        const left = this.movedAt + STUCK_MS - performance.now();
        if (left > 0) timer = setTimeout(look, left);
        else reject(new Error(`no connection became free within ${STUCK_MS} ms`));
      };
      look();
      signal.addEventListener('abort', () => clearTimeout(timer));
    });
  }
}
