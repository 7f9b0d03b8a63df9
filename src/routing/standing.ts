import type { AccountTrouble, BreakerState } from './breaker.js';
import type { Tally } from './track-record.js';

/** What an operator says of a provider, or of one operation of it. `draining`: what runs may end; `disabled`: the same, and it is meant to stay so. */
export const PROVIDER_STATES = ['enabled', 'draining', 'disabled'] as const;

export type ProviderState = (typeof PROVIDER_STATES)[number];

/** Stands for all operations of a provider. */
export const WHOLE = '*';

/** Where it is told that a provider's standing changed; the payload is its id. */
export const STANDING_CHANNEL = 'conversion_standing';

/** How a provider stands, or one operation of it. */
export interface Standing {
  readonly state: ProviderState;
  readonly breaker: {
    readonly state: BreakerState;
    /** ISO 8601; null: it never was in another state. */
    readonly since: string | null;
    readonly reason: string | null;
    /** It is not closed, and an attempt may be let through now. */
    readonly due: boolean;
    /** The more, the worse: which one is used where all are open. */
    readonly badness: number;
    /** What the vendor said of the account, until an attempt there succeeds. */
    readonly cause?: AccountTrouble | null;
  };
  /** How attempts ended lately, as decisions take it; left out where none did. */
  readonly record?: Tally;
}

/** By operation, `WHOLE` among them; what is missing was never touched. */
export type Standings = ReadonlyMap<string, Standing>;

export const UNTOUCHED: Standing = { state: 'enabled', breaker: { state: 'closed', since: null, reason: null, due: false, badness: 0 } };

/** Why a provider gets no new work of an operation, and how bad that is. */
export interface Outage {
  readonly provider: string;
  readonly operation: string;
  readonly code: 'state' | 'breaker' | 'concurrency' | 'rate_limited' | AccountTrouble;
  readonly message: string;
  readonly badness: number;
}

/** What keeps new work of one operation from a provider; null: nothing. An operator's word comes first, and of breakers one that may be probed is none. */
export function outageOf(provider: string, standings: Standings, operation: string): Outage | null {
  const parts = [WHOLE, operation].flatMap((part) => {
    const standing = standings.get(part);
    return standing === undefined ? [] : [{ standing, name: part === WHOLE ? `"${provider}"` : `"${part}" at "${provider}"` }];
  });
  const badness = Math.max(0, ...parts.map(({ standing }) => standing.breaker.badness));
  for (const { standing: { state }, name } of parts) {
    if (state !== 'enabled') return { provider, operation, code: 'state', message: `${name} is ${state} by an operator.`, badness };
  }
  for (const { standing: { breaker }, name } of parts) {
    if (breaker.state !== 'closed' && !breaker.due) return { provider, operation, code: breaker.cause ?? 'breaker', message: `The breaker of ${name} is ${inWords(breaker.state)}. ${breaker.reason ?? ''}`.trim(), badness };
  }
  return null;
}

/** Whether the breakers that an operation passes are all closed. */
export function allClosed(standings: Standings, operation: string): boolean {
  return [WHOLE, operation].every((part) => (standings.get(part) ?? UNTOUCHED).breaker.state === 'closed');
}

const inWords = (state: BreakerState): string => state.replace('_', '-');
