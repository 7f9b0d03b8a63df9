import type { ErrorKind } from '../conversion/errors.js';

export type BreakerState = 'closed' | 'open' | 'half_open';

/** The breaker's machine. It has no end: a provider that fell out is tried again for as long as it is configured. */
export const BREAKER_STATES = {
  closed: ['open'],
  open: ['half_open'],
  half_open: ['closed', 'open'],
} as const satisfies Readonly<Record<BreakerState, readonly BreakerState[]>>;

/** What a vendor says of the account itself: no attempt can do better, whatever it asks for. */
export type AccountTrouble = 'unfunded';

export const ACCOUNT_TROUBLES: ReadonlyMap<ErrorKind, AccountTrouble> = new Map([['quota_exhausted', 'unfunded']]);

/** Attempts that ended within one slice of time. */
export interface Slice {
  /** Its beginning, in ms since 1970 by the database's clock, as all times here. */
  readonly at: number;
  readonly ok: number;
  readonly failed: number;
}

/** What keeps work from a provider, or from one operation of it, that fails for reasons of its own. */
export interface Breaker {
  readonly state: BreakerState;
  readonly since: number;
  /** Why it is in this state, in a sentence; null: it never was in another. */
  readonly reason: string | null;
  /** What the vendor said of the account, until an attempt succeeds: two such words in a row open it. */
  readonly cause: AccountTrouble | null;
  /** How the latest attempts ended, the oldest first. */
  readonly outcomes: readonly Slice[];
  /** How often it opened, one time after the other. */
  readonly opens: number;
  /** When an open one may be probed. */
  readonly openUntil: number | null;
  /** The stage whose attempt is the probe. */
  readonly probe: string | null;
}

export type BreakerEvent =
  /** Attempts ended: `kind` is that of the last failure. `trouble`: the account was refused. */
  | { readonly type: 'ended'; readonly ok: number; readonly failed: number; readonly kind: ErrorKind | null; readonly trouble?: AccountTrouble | null }
  /** A stage is about to begin an attempt. `probing`: the stage that was let through before still works. */
  | { readonly type: 'wanted'; readonly stage: string; readonly probing: boolean }
  /** The attempt of a stage ended; only the probe's decides anything. */
  | { readonly type: 'told'; readonly stage: string; readonly ok: boolean; readonly kind: ErrorKind | null };

export interface BreakerClock {
  readonly now: number;
  /** The first pause of an open breaker. */
  readonly firstPauseMs: number;
}

/** Fewer attempts than this say nothing. */
export const LEAST_SAMPLE = 20;
/** What share of them failed at the least. */
export const TOLERATED = 0.5;
/** The window slides: the latest attempts, as many as are enough, or as few as so much time holds. */
const ENOUGH = 40;
const WINDOW_MS = 600_000;
const SLICE_MS = 10_000;
const LONGEST_PAUSE_MS = 600_000;
/** An account that was refused is left alone for so long: nobody pays it within seconds. */
export const ACCOUNT_PAUSE_MS = 300_000;
/** A probe that takes longer tells nothing by then, and another one may try. */
const PROBE_MS = 600_000;

/** The word of how a probe ended takes a moment, and until then nobody else is let through. */
const TOLD_MS = 3000;

export const CLOSED: Breaker = { state: 'closed', since: 0, reason: null, cause: null, outcomes: [], opens: 0, openUntil: null, probe: null };

type Rule<Type> = (breaker: Breaker, event: Extract<BreakerEvent, { readonly type: Type }>, clock: BreakerClock) => Breaker;
type Rules = Readonly<Record<BreakerState, { readonly [Type in BreakerEvent['type']]: Rule<Type> }>>;

const unchanged = (breaker: Breaker): Breaker => breaker;

/** What each event does in each state: one that is left out does not compile. */
const RULES: Rules = {
  closed: {
    ended: (breaker, event, clock) => refused(counted(breaker, event, clock), event, clock) ?? judged(counted(breaker, event, clock), event.kind, clock),
    wanted: unchanged,
    told: unchanged,
  },
  // Attempts that had begun before, and those of jobs that have nobody else.
  open: {
    ended: (breaker, event, clock) => refused(counted(breaker, event, clock), event, clock) ?? counted(breaker, event, clock),
    wanted: (breaker, { stage }, clock) => (clock.now >= (breaker.openUntil ?? 0) ? probedBy(breaker, stage, clock) : breaker),
    told: unchanged,
  },
  half_open: {
    ended: (breaker, event, clock) => refused(counted(breaker, event, clock), event, clock) ?? counted(breaker, event, clock),
    wanted: (breaker, { stage, probing }, clock) => (stage !== breaker.probe && clock.now < breaker.since + (probing ? PROBE_MS : TOLD_MS) ? breaker : probedBy(breaker, stage, clock)),
    told: (breaker, { stage, ok, kind }, clock) => {
      if (stage !== breaker.probe) return breaker;
      return ok ? { ...breaker, state: 'closed', since: clock.now, reason: 'The attempt that was let through succeeded.', cause: null, outcomes: [], openUntil: null, probe: null } : opened(breaker, breaker.opens + 1, `The attempt that was let through failed with "${kind ?? 'unmapped'}".`, clock);
    },
  },
};

/** The next state; the same object where nothing changes. */
export function next(breaker: Breaker, event: BreakerEvent, clock: BreakerClock): Breaker {
  return (RULES[breaker.state][event.type] as (breaker: Breaker, event: BreakerEvent, clock: BreakerClock) => Breaker)(breaker, event, clock);
}

/** The share of failures in the window; 0 where nothing is in it. */
export function failureRatio({ outcomes }: Pick<Breaker, 'outcomes'>, now: number): number {
  const { ok, failed } = sum(outcomes.filter(({ at }) => at > now - WINDOW_MS));
  return ok + failed === 0 ? 0 : failed / (ok + failed);
}

/** The pause of a breaker that opened so often in a row: each is twice the last, up to ten minutes. */
export function pauseMs(opens: number, firstPauseMs: number): number {
  return Math.max(firstPauseMs, Math.min(LONGEST_PAUSE_MS, firstPauseMs * 2 ** Math.min(opens - 1, 30)));
}

function counted(breaker: Breaker, { ok, failed }: { readonly ok: number; readonly failed: number }, { now }: BreakerClock): Breaker {
  if (ok + failed === 0) return breaker;
  const at = now - (now % SLICE_MS);
  const before = breaker.outcomes.filter((slice) => slice.at > now - WINDOW_MS && slice.at !== at);
  const current = breaker.outcomes.find((slice) => slice.at === at) ?? { ok: 0, failed: 0 };
  const outcomes = [...before, { at, ok: current.ok + ok, failed: current.failed + failed }];
  while (outcomes.length > 1 && size(outcomes.slice(1)) >= ENOUGH) outcomes.shift();
  return { ...breaker, outcomes, cause: breaker.state === 'closed' && ok > 0 ? null : breaker.cause };
}

function judged(breaker: Breaker, kind: ErrorKind | null, clock: BreakerClock): Breaker {
  const { ok, failed } = sum(breaker.outcomes);
  if (kind === null || ok + failed < LEAST_SAMPLE || failed < (ok + failed) * TOLERATED) return breaker;
  return opened(breaker, opensNow(breaker, clock), `${failed} of the last ${ok + failed} attempts failed for the provider's own reasons, the last one with "${kind}".`, clock);
}

/** One that opens again soon after it was closed goes on with its pauses where it was. */
function opensNow({ state, opens, since }: Breaker, { now, firstPauseMs }: BreakerClock): number {
  return state !== 'closed' || (opens > 0 && now < since + pauseMs(opens, firstPauseMs)) ? opens + 1 : 1;
}

/**
 * One refusal may be a vendor's slip, or mean the one job: it is noted, and the next opens the breaker. Those that were under way when it came do not make
 * its pause longer. Null: nothing of that kind.
 */
function refused(breaker: Breaker, { trouble = null, kind, failed }: Extract<BreakerEvent, { readonly type: 'ended' }>, clock: BreakerClock): Breaker | null {
  if (trouble === null || (breaker.state === 'open' && breaker.cause === trouble)) return null;
  if (breaker.state === 'closed' && breaker.cause === null && failed < 2) return judged({ ...breaker, cause: trouble }, kind, clock);
  return opened({ ...breaker, cause: trouble }, opensNow(breaker, clock), `${trouble}: the vendor says that the account has nothing left ("${kind ?? trouble}").`, clock);
}

function opened(breaker: Breaker, opens: number, why: string, { now, firstPauseMs }: BreakerClock): Breaker {
  const pause = Math.max(breaker.cause === null ? 0 : ACCOUNT_PAUSE_MS, pauseMs(opens, firstPauseMs));
  return { ...breaker, state: 'open', since: now, reason: `${why} One attempt is let through after ${pause / 1000} s.`, opens, openUntil: now + pause, probe: null };
}

function probedBy(breaker: Breaker, stage: string, { now }: BreakerClock): Breaker {
  return { ...breaker, state: 'half_open', since: now, reason: 'One attempt is let through, to see whether it works again.', openUntil: null, probe: stage };
}

const size = (slices: readonly Slice[]): number => slices.reduce((count, { ok, failed }) => count + ok + failed, 0);
const sum = (slices: readonly Slice[]): { readonly ok: number; readonly failed: number } => slices.reduce((all, { ok, failed }) => ({ ok: all.ok + ok, failed: all.failed + failed }), { ok: 0, failed: 0 });
