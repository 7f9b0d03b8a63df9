import { ERROR_POLICIES, type ErrorKind, type JobError, type ProviderError } from '../conversion/errors.js';

/** One try at a stage's steps, as history keeps it. */
export interface Try {
  readonly provider: string;
  readonly kind: ErrorKind;
  /** The provider said not to come again before, in ms since 1970 by the database's clock. */
  readonly notBefore?: number;
}

export interface ErrorFacts {
  readonly error: Pick<ProviderError, 'kind' | 'message'> & { readonly retryAfterMs: number | null };
  /** Every try at these steps so far, the one that just failed last. */
  readonly history: readonly Try[];
  readonly maxAttempts: number;
  /** Nobody knows whether the vendor took it, and a vendor that took it runs it: sending it there again could pay twice. */
  readonly uncertain?: boolean;
  /** In ms since 1970 by the database's clock. */
  readonly now?: number;
  /** Providers that want to be left alone, whichever job they told so, and for how long. */
  readonly pausedMs?: Readonly<Record<string, number>>;
}

/** What follows a failed try. `elsewhere` leaves the choice to routing; when nobody is left there, `whenNobodyIsLeft` says what then. */
export type AfterError =
  | { readonly do: 'retry_here'; readonly afterMs: number }
  | { readonly do: 'elsewhere'; readonly tried: readonly string[] }
  | { readonly do: 'fail'; readonly error: JobError };

const RETRY_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;

/** The policy of the error's kind, applied to what was tried before. */
export function afterError({ error, history, maxAttempts, uncertain, now = 0, pausedMs = {} }: ErrorFacts): AfterError {
  const policy = ERROR_POLICIES[error.kind];
  if (policy.then === 'fail_job') return { do: 'fail', error: jobError(error) };
  if (history.length >= maxAttempts) return { do: 'fail', error: jobError(error, history) };
  const here = history.at(-1)?.provider ?? '';
  switch (policy.then) {
    case 'next_provider_once': {
      const before = history.filter(({ kind }) => ERROR_POLICIES[kind].then === 'next_provider_once').length;
      return before > 1 ? { do: 'fail', error: jobError(error) } : { do: 'elsewhere', tried: out(history, now) };
    }
    case 'retry_then_next':
      if (uncertain === true) return { do: 'elsewhere', tried: [...new Set([...out(history, now), here])] };
      return failuresAt(here, history) === 1 ? { do: 'retry_here', afterMs: error.retryAfterMs ?? RETRY_MS } : { do: 'elsewhere', tried: out(history, now) };
    case 'wait_or_next': {
      const later = Object.keys(pausedMs).filter((provider) => (pausedMs[provider] ?? 0) > waitFor(here, history, now));
      return { do: 'elsewhere', tried: [...new Set([...out(history, now), here, ...later])] };
    }
    case 'next_provider':
      return { do: 'elsewhere', tried: out(history, now) };
    default:
      return policy.then satisfies never;
  }
}

/**
 * Nobody new is left: those whose failures were their own, and may pass, take turns again with growing pauses, and none before the time it told.
 * `open` are the providers that could run the steps if nothing had been tried.
 */
export function whenNobodyIsLeft({ error, history, now = 0, pausedMs = {} }: ErrorFacts, open: readonly string[]): { readonly provider: string; readonly afterMs: number } | JobError {
  const turns = open.filter((provider) => history.filter((entry) => entry.provider === provider).every(({ kind }) => mayPass(kind)));
  const wait = (provider: string): number => Math.max(waitFor(provider, history, now), pausedMs[provider] ?? 0);
  const soonest = [...turns].sort((one, other) => wait(one) - wait(other) || lastTurn(one, history) - lastTurn(other, history))[0];
  if (soonest === undefined) return jobError(error, history);
  const pause = Math.min(LONGEST_PAUSE_MS, RETRY_MS * 2 ** Math.max(0, history.length - 2));
  return { provider: soonest, afterMs: Math.max(pause, wait(soonest), history.at(-1)?.provider === soonest ? (error.retryAfterMs ?? 0) : 0) };
}

/** Providers that would fail at these steps again, whenever they were asked. */
export function ruledOut(history: readonly Try[]): readonly string[] {
  return [...new Set(history.filter(({ kind }) => !mayPass(kind)).map(({ provider }) => provider))];
}

const mayPass = (kind: ErrorKind): boolean => kind === 'rate_limited' || ERROR_POLICIES[kind].blamesProvider;
const lastTurn = (provider: string, history: readonly Try[]): number => history.findLastIndex((entry) => entry.provider === provider);
const failuresAt = (provider: string, history: readonly Try[]): number => history.filter((entry) => entry.provider === provider).length;

/** How long the provider still wants to be left alone, in ms. */
const waitFor = (provider: string, history: readonly Try[], now: number): number => Math.max(0, ...history.filter((entry) => entry.provider === provider).map(({ notBefore }) => (notBefore ?? now) - now));

/** Providers that these steps are not given to again while another one is left. */
function out(history: readonly Try[], now: number): string[] {
  return [...new Set(history.map(({ provider }) => provider))].filter((provider) => {
    if (waitFor(provider, history, now) > 0) return true;
    const kinds = history.filter((entry) => entry.provider === provider).map(({ kind }) => kind);
    return kinds.length > 1 || kinds.some((kind) => !['retry_then_next', 'wait_or_next'].includes(ERROR_POLICIES[kind].then));
  });
}

function jobError({ kind, message }: Pick<ProviderError, 'kind' | 'message'>, history: readonly Try[] = []): JobError {
  const code = ERROR_POLICIES[kind].jobCode;
  const tries = history.length > 1 ? `After ${history.length} tries (${history.map((entry) => `${entry.provider}: ${entry.kind}`).join(', ')}): ` : '';
  return { code, message: `${tries}${message}`, retryable: code === 'providers_exhausted' };
}
