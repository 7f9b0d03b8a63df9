import { ProviderError } from '../conversion/errors.js';
import { guessedMs } from '../conversion/work-time.js';

/** How an attempt stands with time, in ms, all by the database's clock. */
export interface AttemptClock {
  /** Since the vendor last told something new. */
  readonly idleMs: number;
  /** From then to the job's deadline. */
  readonly leftThenMs: number;
  /** Reads that failed in a row, this one included, and since when. */
  readonly readFailures: number;
  readonly failingMs: number;
}

const SHORTEST_PATIENCE_MS = 120_000;
const UNREADABLE_MS = 60_000;
const UNREADABLE_READS = 3;

/** What a stage's work takes at a vendor, in ms, guessed by what it makes. */
export function expectedMs(targets: readonly (string | null)[]): number {
  return Math.max(...[null, ...targets].map(guessedMs));
}

/** For how long an attempt may stand still by its work alone, in ms: two minutes, or three times what it is expected to take. */
export function patienceMs(expected: number): number {
  return Math.max(SHORTEST_PATIENCE_MS, 3 * expected);
}

/** The same within its job: never more than half of the time that was left. */
export function idleLimit({ leftThenMs }: Pick<AttemptClock, 'leftThenMs'>, expected: number): number {
  return Math.min(patienceMs(expected), leftThenMs / 2);
}

/** An attempt that stands still for longer than it may is given up. */
export function idleTooLong(clock: Pick<AttemptClock, 'idleMs' | 'leftThenMs'>, expected: number): ProviderError | null {
  const { idleMs } = clock;
  return idleMs < idleLimit(clock, expected) ? null : new ProviderError('timeout', `The provider's job told nothing new for ${Math.round(idleMs / 1000)} s.`, { code: 'no_progress' });
}

/** A read that fails says nothing about the job; three in a row over a minute do. */
export function unreadableTooLong(error: ProviderError, { readFailures, failingMs, leftThenMs }: AttemptClock): boolean {
  return error.kind !== 'rate_limited' && readFailures >= UNREADABLE_READS && failingMs >= Math.min(UNREADABLE_MS, leftThenMs / 2);
}

/** When to ask again: from `floor` to `ceiling`, half as long again each time, in ms. `spread` from 0 to 1 takes up to a tenth off, so that many attempts do not ask at once. */
export function pollDelay(polls: number, floor: number, ceiling: number, spread: number): number {
  return Math.round(Math.min(ceiling, floor * 1.5 ** Math.min(polls, 40)) * (1 - spread / 10));
}
