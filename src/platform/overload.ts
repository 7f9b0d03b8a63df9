/** What a process looks like at one moment. */
export interface Load {
  /** Of the time of late, that it computes: 0 to 1. */
  readonly utilization: number;
  /** Of the moments of late, those in which statements waited for a connection: 0 to 1. */
  readonly starved: number;
  /** In ms: how late its timers are, and since when there is more due than it takes. */
  readonly late: number;
  readonly behind: number;
  /** Statements that wait for a connection. */
  readonly waiting: number;
}

export interface Overload {
  /** Of what brings new work, that is turned away: 0 to 1. */
  readonly share: number;
  /** What the share swings around: it goes up as long as there is too much and down as long as there is not, until what is let in is what can be done. */
  readonly middle: number;
  /** Samples in a row that had too much; below zero, that had not. */
  readonly streak: number;
  /** When somebody was turned away the last time, in ms of the clock that `nextOverload` is told. */
  readonly last: number;
}

export const CALM: Overload = { share: 0, middle: 0, streak: 0, last: Number.NEGATIVE_INFINITY };

/** Of the time: above it nothing more fits in. */
const FULL = 0.9;
/** Of the moments: above it the database is what work waits for. */
const STARVED = 0.5;
/** So late, or so many that wait, and the process has too much. */
const LATE_MS = 300;
const WAITING = 50;
/** A burst, a start and a busy neighbour pass: only what goes on for so many samples (5 s) is an overload. Until then much has been taken: all others are turned away until that is done. */
const LASTS = 25;
const BEHIND_MS = 3000;
/** One that was over a moment ago comes back as soon as everybody who was turned away does: then little has to be seen of it. */
const FRESH_MS = 30_000;
const LASTS_FRESH = 2;
const BEHIND_FRESH_MS = 600;
/** So far from its middle the share is, above while there is too much, below while there is not: felt at once, and given back at once. */
const SWING = 0.15;
/** By so much the middle moves with each sample, and by more the longer nothing else was seen: what is let in now is felt a second later. */
const STEP = 0.007;
const PATIENT = 10;
const FASTER = 3;

/** The next state, from one more sample. Pure. */
export function nextOverload(before: Overload, load: Load, now: number): Overload {
  const isFresh = before.share > 0 || now - before.last < FRESH_MS;
  const isTooMuch = hasTooMuch(load, isFresh ? BEHIND_FRESH_MS : BEHIND_MS);
  const sign = isTooMuch ? 1 : -1;
  const streak = sign * before.streak > 0 ? before.streak + sign : sign;
  if (before.share === 0) {
    if (streak < (isFresh ? LASTS_FRESH : LASTS)) return { ...CALM, streak, last: before.last };
    return isFresh ? swung(SWING, 1, streak, now) : { share: 1, middle: 1, streak, last: now };
  }
  const step = STEP * (1 + Math.max(0, Math.abs(streak) - PATIENT) / FASTER);
  const middle = Math.min(1, before.middle + sign * step);
  return middle <= 0 ? { ...CALM, streak, last: before.last } : swung(middle, sign, streak, now);
}

function swung(middle: number, sign: number, streak: number, now: number): Overload {
  // Never zero while it lasts: that is how it is known to be over.
  return { share: Math.min(1, Math.max(STEP, middle + sign * SWING)), middle, streak, last: now };
}

/** That work is due and not taken is too much only where the process itself or its database is why: vendors and receivers take their time. */
function hasTooMuch({ utilization, starved, late, behind, waiting }: Load, mostBehind: number): boolean {
  const isFull = utilization > FULL;
  return (behind > mostBehind && (isFull || starved > STARVED)) || (late > LATE_MS && isFull) || waiting > WAITING;
}
