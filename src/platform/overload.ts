/** What a process looks like at one moment. */
export interface Load {
  /** Of the time, that it computes: 0 to 1. */
  readonly utilization: number;
  /** In ms: how late its timers are, and since when there is more due than it takes. */
  readonly late: number;
  readonly behind: number;
  /** Statements that wait for a connection. */
  readonly waiting: number;
}

export interface Overload {
  readonly is: boolean;
  /** Samples in a row that say otherwise. */
  readonly otherwise: number;
  /** When it was the last time, in ms of the clock that `nextOverload` is told. */
  readonly last: number;
}

export const CALM: Overload = { is: false, otherwise: 0, last: Number.NEGATIVE_INFINITY };

/** Of the time: above it nothing more fits in. */
const FULL = 0.95;
/** So late, or so many that wait, and the process has too much. */
const LATE_MS = 300;
const WAITING = 50;
/** A burst, a start and a busy neighbour pass: only what goes on for so many samples (5 s) is an overload, which is over after a few good ones. */
const LASTS = 25;
const OVER = 3;
const BEHIND_MS = 3000;
/** One that was over a moment ago comes back as soon as everybody who was turned away does: then little has to be seen of it. */
const FRESH_MS = 30_000;
const LASTS_FRESH = 2;
const BEHIND_FRESH_MS = 400;

/** The next state, from one more sample. Pure. */
export function nextOverload({ is, otherwise, last }: Overload, load: Load, now: number): Overload {
  const fresh = is || now - last < FRESH_MS;
  const differs = hasTooMuch(load, fresh ? BEHIND_FRESH_MS : BEHIND_MS) !== is;
  const needed = is ? OVER : fresh ? LASTS_FRESH : LASTS;
  const turns = differs && otherwise + 1 >= needed;
  const isNow = turns ? !is : is;
  return { is: isNow, otherwise: turns || !differs ? 0 : otherwise + 1, last: isNow ? now : last };
}

function hasTooMuch({ utilization, late, behind, waiting }: Load, mostBehind: number): boolean {
  return utilization > FULL && (behind > mostBehind || late > LATE_MS || waiting > WAITING);
}
