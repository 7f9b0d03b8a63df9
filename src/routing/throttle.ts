/** What a provider taught by saying 429. Times in ms since 1970, by the database's clock. */
export interface Throttle {
  /** So many attempts at once, at the most; null: as many as are configured. */
  readonly ceiling: number | null;
  /** Times in a row that it was asked and would not. */
  readonly strikes: number;
  /** No attempt begins before. */
  readonly pausedUntil: number;
  /** When it last said 429 to an attempt that began after the time before. */
  readonly loweredAt: number;
}

export const UNTHROTTLED: Throttle = { ceiling: null, strikes: 0, pausedUntil: 0, loweredAt: 0 };

/** A 429 to one attempt. */
export interface TooMany {
  readonly now: number;
  /** As the provider told; null: it did not. */
  readonly retryAfterMs: number | null;
  /** Attempts that were under way there, this one among them. */
  readonly running: number;
  readonly begunAt: number;
  /** An attempt that began after the 429 before was taken. */
  readonly tookSome: boolean;
  /** Of the attempts that ended there lately: how many, and how many of them with a 429, this one among them. */
  readonly lately: { readonly ended: number; readonly refused: number };
  /** From 0 to 1. */
  readonly random: number;
}

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;
/** Nobody can ask for more. */
const LONGEST_TOLD_MS = 3_600_000;
/** One more at once is tried after so long without a 429, whatever succeeded. */
const GROW_MS = 30_000;
/** A vendor that takes nearly all of what it is asked for has room: one refusal in so many is a slip, or the price of using all that there is. */
const SLIP_IN = 20;
/** What nothing was said of for so long says nothing any more. */
export const FORGOTTEN_SECONDS = 3600;

export const isSlip = ({ ended, refused }: TooMany['lately']): boolean => ended >= SLIP_IN && refused * SLIP_IN <= ended;

/**
 * Left alone until the time that it told, or for a pause that grows each time; and half as many at once as ran. Attempts that were under way together
 * are told the same thing many times: it counts once. One of many that were taken changes nothing, but that a told time is waited for.
 */
export function afterTooMany(before: Throttle, { now, retryAfterMs, running, begunAt, tookSome, lately, random }: TooMany): Throttle {
  const told = retryAfterMs === null || !(retryAfterMs > 0) ? null : Math.min(retryAfterMs, LONGEST_TOLD_MS);
  if (isSlip(lately)) return told === null ? before : { ...before, pausedUntil: Math.max(before.pausedUntil, now + told) };
  if (begunAt <= before.loweredAt) return { ...before, pausedUntil: Math.max(before.pausedUntil, now + (told ?? 0)) };
  const strikes = tookSome ? 1 : before.strikes + 1;
  const pause = told ?? Math.round(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(strikes - 1, 16)) * (1 + random / 2));
  return { ceiling: Math.max(1, Math.floor(Math.min(running, before.ceiling ?? running) / 2)), strikes, pausedUntil: Math.max(before.pausedUntil, now + pause), loweredAt: now };
}

/** One more for each round of successes, and for each half minute. `sinceMs`: since it was last raised or lowered; 0 more: not yet. */
export function raisedBy(ceiling: number, succeeded: number, sinceMs: number): number {
  return Math.floor(succeeded / Math.max(1, ceiling)) + Math.floor(Math.max(0, sinceMs) / GROW_MS);
}

/** How many may be under way at once; null: no limit is known. */
export function limitOf(maxConcurrent: number | null, ceiling: number | null): number | null {
  return maxConcurrent === null ? ceiling : Math.min(maxConcurrent, ceiling ?? maxConcurrent);
}
