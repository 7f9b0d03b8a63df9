import { performance, type EventLoopUtilization } from 'node:perf_hooks';
import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { Database } from './database.js';
import { CALM, nextOverload, type Overload } from './overload.js';

const SAMPLE_MS = 200;

/** What counts of the newest sample; the rest is what was before. */
const NEWEST = 0.2;

/**
 * Whether this process has more to do than it can: its processor or its connections to the database are used up, and work waits all the same (due
 * stages and deliveries, its own timers, statements). Waiting alone is no overload: vendors and receivers take their time.
 */
@Injectable()
export class Pressure implements BeforeApplicationShutdown {
  private before: EventLoopUtilization = performance.eventLoopUtilization();
  private due = performance.now() + SAMPLE_MS;
  /** Since when, by the kind of work. */
  private readonly behindSince = new Map<string, number>();
  private utilization = 0;
  private starved = 0;
  private state: Overload = CALM;
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly database: Database) {
    this.timer = setInterval(() => this.sample(), SAMPLE_MS).unref();
  }

  /** Whether one more request for new work is turned away. */
  turnsAway(): boolean {
    return this.state.share > 0 && Math.random() < this.state.share;
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
    const waiting = this.database.waiting;
    this.utilization = smoothed(this.utilization, utilization);
    this.starved = smoothed(this.starved, waiting > 0 ? 1 : 0);
    const late = now - this.due;
    this.due = now + SAMPLE_MS;
    const behind = now - Math.min(now, ...this.behindSince.values());
    this.state = nextOverload(this.state, { utilization: this.utilization, starved: this.starved, late, behind, waiting }, now);
  }
}

const smoothed = (before: number, newest: number): number => before + NEWEST * (newest - before);
