import { Logger } from '@nestjs/common';
import { databaseTrouble } from '../platform/database-trouble.js';

/** Does a batch of what is due. True: the batch was full, and more may be waiting. */
export type Sweep = () => Promise<boolean>;

/** While batches are full a turn goes on for so long; what is left then waits for the next one. */
const TURN_MS = 5000;

/** Runs sweeps every so often, each beside the others and never twice at once. */
export class SweepTimers {
  private readonly log = new Logger('sweeper');
  private readonly timers: NodeJS.Timeout[] = [];
  private readonly running = new Set<Promise<void>>();
  private stopping = false;

  every(ms: number, sweep: Sweep): void {
    let busy = false;
    this.timers.push(
      setInterval(() => {
        if (busy) return;
        busy = true;
        const turn = this.turn(sweep)
          .catch((error: unknown) => this.log.warn(databaseTrouble(error) ?? (error as Error).message))
          .finally(() => {
            busy = false;
            this.running.delete(turn);
          });
        this.running.add(turn);
      }, ms),
    );
  }

  /** Waits for the batches that run. */
  async stop(): Promise<void> {
    this.stopping = true;
    for (const timer of this.timers) clearInterval(timer);
    await Promise.all(this.running);
  }

  private async turn(sweep: Sweep): Promise<void> {
    const end = performance.now() + TURN_MS;
    while ((await sweep()) && !this.stopping && performance.now() < end);
  }
}
