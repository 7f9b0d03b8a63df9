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
  readonly is: boolean;
  /** Samples in a row that say otherwise. */
  readonly otherwise: number;
  /** When it was the last time, in ms of the clock that `nextOverload` is told. */
  readonly last: number;
}

export const CALM: Overload = { is: false, otherwise: 0, last: Number.NEGATIVE_INFINITY };

/** Of the time: above it nothing more fits in. */
const FULL = 0.9;
/** Of the moments: above it the database is what work waits for. */
const STARVED = 0.5;
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

/** That work is due and not taken is too much only where the process itself or its database is why: vendors and receivers take their time. */
function hasTooMuch({ utilization, starved, late, behind, waiting }: Load, mostBehind: number): boolean {
  const isFull = utilization > FULL;
  return (behind > mostBehind && (isFull || starved > STARVED)) || (late > LATE_MS && isFull) || waiting > WAITING;
}
