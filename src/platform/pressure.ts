import { performance, type EventLoopUtilization } from 'node:perf_hooks';
import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { Database } from './database.js';
import { CALM, nextOverload, type Overload } from './overload.js';

const SAMPLE_MS = 200;

/**
 * Whether this process has more to do than it can: its processor is used up, and work waits for it all the same (due stages, its own timers, or
 * statements for a connection). Waiting alone is no overload: vendors and receivers take their time.
 */
@Injectable()
export class Pressure implements BeforeApplicationShutdown {
  private before: EventLoopUtilization = performance.eventLoopUtilization();
  private due = performance.now() + SAMPLE_MS;
  /** Since when, by the kind of work. */
  private readonly behindSince = new Map<string, number>();
  private state: Overload = CALM;
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly database: Database) {
    this.timer = setInterval(() => this.sample(), SAMPLE_MS).unref();
  }

  get isOverloaded(): boolean {
    return this.state.is;
  }

  /** Told by whoever works through what is due: whether all that it could take was taken, and more may be due. */
  workIsBehind(kind: 'stages' | 'deliveries', isBehind: boolean): void {
    if (!isBehind) this.behindSince.delete(kind);
    else if (!this.behindSince.has(kind)) this.behindSince.set(kind, performance.now());
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  private sample(): void {
    const now = performance.now();
    const { utilization } = performance.eventLoopUtilization(this.before);
    this.before = performance.eventLoopUtilization();
    const late = now - this.due;
    this.due = now + SAMPLE_MS;
    const behind = now - Math.min(now, ...this.behindSince.values());
    this.state = nextOverload(this.state, { utilization, late, behind, waiting: this.database.pool.waitingCount }, now);
  }
}
