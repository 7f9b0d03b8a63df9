import { Injectable } from '@nestjs/common';
import { limitOf } from './throttle.js';

/** What bounds a provider now. */
export interface Limits {
  /** Learned from its 429s; null: none. */
  readonly ceiling: number | null;
  /** It said 429, and that is not forgotten yet. */
  readonly throttled: boolean;
  readonly running: number;
  /** Stages that wait for room there. */
  readonly waiting: number;
  /** For how long it wants to be left alone, as of when this was read. */
  readonly pausedMs: number;
  /** Until when, by this process's `performance.now()`. */
  readonly pausedUntil: number;
}

export const UNLIMITED: Limits = { ceiling: null, throttled: false, running: 0, waiting: 0, pausedMs: 0, pausedUntil: 0 };

/** That a provider has no room now: who else waits there, how many run at once, how long it wants to be left alone. */
export interface Queue {
  readonly provider: string;
  readonly code: 'concurrency' | 'rate_limited';
  readonly ahead: number;
  readonly limit: number | null;
  readonly pausedMs: number;
}

/** What this process knows of the providers' limits. Who reads never waits; the loader puts news in place. */
@Injectable()
export class LimitBoard {
  private limits = new Map<string, Limits>();

  of(provider: string): Limits {
    return this.limits.get(provider) ?? UNLIMITED;
  }

  put(limits: ReadonlyMap<string, Limits>): void {
    this.limits = new Map(limits);
  }

  /** Seen by the way: what is told by a statement that was made for something else. */
  note(provider: string, seen: Partial<Limits>): void {
    this.limits.set(provider, { ...this.of(provider), ...seen });
  }

  /** What a provider still wants to be left alone for, in ms. */
  pausedMs(provider: string): number {
    return Math.max(0, this.of(provider).pausedUntil - performance.now());
  }

  /** Null: who comes now need not wait there. */
  queueAt(provider: string, maxConcurrent: number | null): Queue | null {
    if (this.limits.size === 0) return null;
    const { ceiling, running, waiting } = this.of(provider);
    const limit = limitOf(maxConcurrent, ceiling);
    const pausedMs = this.pausedMs(provider);
    const isFull = limit !== null && running + waiting >= limit;
    if (pausedMs === 0 && !isFull) return null;
    return { provider, code: pausedMs > 0 ? 'rate_limited' : 'concurrency', ahead: isFull && limit !== null ? running + waiting - limit : 0, limit: isFull ? limit : null, pausedMs };
  }
}
