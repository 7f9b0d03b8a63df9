import { performance, type EventLoopUtilization } from 'node:perf_hooks';
import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { Database } from './database.js';

const SAMPLE_MS = 200;
/** Of the time, that the process computes: above it nothing more fits in. */
const FULL = 0.95;
/** So long behind, or that late, and the process has too much. */
const BEHIND_MS = 3000;
const LATE_MS = 300;
const WAITING = 50;
/** A burst, a start and a busy neighbour pass: only what goes on for so many samples (5 s) is an overload, which is over after a few good ones. */
const LASTS = 25;
const OVER = 3;

/**
 * Whether this process has more to do than it can: its processor is used up, and work waits for it all the same (due stages, its own timers, or
 * statements for a connection). Waiting alone is no overload: vendors and receivers take their time.
 */
@Injectable()
export class Pressure implements BeforeApplicationShutdown {
  private before: EventLoopUtilization = performance.eventLoopUtilization();
  private due = performance.now() + SAMPLE_MS;
  private behindSince: number | null = null;
  private overloaded = false;
  /** Samples in a row that say otherwise than `overloaded`. */
  private otherwise = 0;
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly database: Database) {
    this.timer = setInterval(() => this.sample(), SAMPLE_MS).unref();
  }

  get isOverloaded(): boolean {
    return this.overloaded;
  }

  /** Told by whoever works through what is due: whether all that it could take was taken, and more may be due. */
  workIsBehind(isBehind: boolean): void {
    if (!isBehind) this.behindSince = null;
    else this.behindSince ??= performance.now();
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
    const behind = this.behindSince === null ? 0 : now - this.behindSince;
    const tooMuch = hasTooMuch({ utilization, late, behind, waiting: this.database.pool.waitingCount });
    this.otherwise = tooMuch === this.overloaded ? 0 : this.otherwise + 1;
    if (this.otherwise < (this.overloaded ? OVER : LASTS)) return;
    this.overloaded = tooMuch;
    this.otherwise = 0;
  }
}

export interface Load {
  /** 0 to 1. */
  readonly utilization: number;
  /** In ms: how late the last sample was, and since when there is more due than is taken. */
  readonly late: number;
  readonly behind: number;
  /** Statements that wait for a connection. */
  readonly waiting: number;
}

export function hasTooMuch({ utilization, late, behind, waiting }: Load): boolean {
  return utilization > FULL && (behind > BEHIND_MS || late > LATE_MS || waiting > WAITING);
}
