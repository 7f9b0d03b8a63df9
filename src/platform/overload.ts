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
  /** Of what brings new work, that is turned away: 0 to 1. It goes up as long as there is too much and down as soon as there is not, so that what is let in is what can be done. */
  readonly share: number;
  /** Samples in a row that have too much, while nobody is turned away. */
  readonly tooMuch: number;
  /** When somebody was turned away the last time, in ms of the clock that `nextOverload` is told. */
  readonly last: number;
}

export const CALM: Overload = { share: 0, tooMuch: 0, last: Number.NEGATIVE_INFINITY };

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
const BEHIND_FRESH_MS = 400;
/** By so much the share goes up or down with each sample: in small steps, for what is let in now is felt a second later, and in large ones where it is far off. */
const STEP = 0.02;
const STRIDE = 0.1;
/** Of the time: below it there is room for much more. */
const IDLE = 0.8;

/** The next state, from one more sample. Pure. */
export function nextOverload({ share, tooMuch, last }: Overload, load: Load, now: number): Overload {
  const isFresh = share > 0 || now - last < FRESH_MS;
  const isTooMuch = hasTooMuch(load, isFresh ? BEHIND_FRESH_MS : BEHIND_MS);
  if (share > 0) {
    const isFarOff = isTooMuch ? load.behind > BEHIND_MS : load.utilization < IDLE;
    const next = Math.min(1, share + (isTooMuch ? 1 : -1) * (isFarOff ? STRIDE : STEP));
    return next < STEP / 2 ? { share: 0, tooMuch: 0, last } : { share: next, tooMuch: 0, last: now };
  }
  if (!isTooMuch) return { share, tooMuch: 0, last };
  if (tooMuch + 1 < (isFresh ? LASTS_FRESH : LASTS)) return { share, tooMuch: tooMuch + 1, last };
  return { share: isFresh ? STRIDE : 1, tooMuch: 0, last: now };
}

/** That work is due and not taken is too much only where the process itself or its database is why: vendors and receivers take their time. */
function hasTooMuch({ utilization, starved, late, behind, waiting }: Load, mostBehind: number): boolean {
  const isFull = utilization > FULL;
  return (behind > mostBehind && (isFull || starved > STARVED)) || (late > LATE_MS && isFull) || waiting > WAITING;
}
