import { ERROR_POLICIES, type ErrorKind, type JobError, type ProviderError } from '../conversion/errors.js';

/** One try at a stage's steps, as history keeps it. */
export interface Try {
  readonly provider: string;
  readonly kind: ErrorKind;
}

export interface ErrorFacts {
  readonly error: Pick<ProviderError, 'kind' | 'message'> & { readonly retryAfterMs: number | null };
  /** Every try at these steps so far, the one that just failed last. */
  readonly history: readonly Try[];
  readonly maxAttempts: number;
  /** Nobody knows whether the vendor took it, and a vendor that took it runs it: sending it there again could pay twice. */
  readonly uncertain?: boolean;
}

/** What follows a failed try. `elsewhere` leaves the choice to routing; when nobody is left there, `whenNobodyIsLeft` says what then. */
export type AfterError =
  | { readonly do: 'retry_here'; readonly afterMs: number }
  | { readonly do: 'elsewhere'; readonly tried: readonly string[] }
  | { readonly do: 'fail'; readonly error: JobError };

const RETRY_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;

/** The policy of the error's kind, applied to what was tried before. */
export function afterError({ error, history, maxAttempts, uncertain }: ErrorFacts): AfterError {
  const policy = ERROR_POLICIES[error.kind];
  if (policy.then === 'fail_job') return { do: 'fail', error: jobError(error) };
  if (history.length >= maxAttempts) return { do: 'fail', error: jobError(error, history) };
  const here = history.at(-1)?.provider ?? '';
  switch (policy.then) {
    case 'next_provider_once': {
      const before = history.filter(({ kind }) => ERROR_POLICIES[kind].then === 'next_provider_once').length;
      return before > 1 ? { do: 'fail', error: jobError(error) } : { do: 'elsewhere', tried: out(history) };
    }
    case 'retry_then_next':
      if (uncertain === true) return { do: 'elsewhere', tried: [...new Set([...out(history), here])] };
      return failuresAt(here, history) === 1 ? { do: 'retry_here', afterMs: error.retryAfterMs ?? RETRY_MS } : { do: 'elsewhere', tried: out(history) };
    case 'wait_or_next':
      return { do: 'elsewhere', tried: [...new Set([...out(history), here])] };
    case 'next_provider':
      return { do: 'elsewhere', tried: out(history) };
    default:
      return policy.then satisfies never;
  }
}

/**
 * Nobody new is left: those whose failures were their own, and may pass, take turns again with growing pauses.
 * `open` are the providers that could run the steps if nothing had been tried.
 */
export function whenNobodyIsLeft({ error, history }: ErrorFacts, open: readonly string[]): { readonly provider: string; readonly afterMs: number } | JobError {
  const turns = open.filter((provider) => history.filter((entry) => entry.provider === provider).every(({ kind }) => mayPass(kind)));
  const longestAgo = [...turns].sort((one, other) => lastTurn(one, history) - lastTurn(other, history))[0];
  if (longestAgo === undefined) return jobError(error, history);
  const pause = Math.min(LONGEST_PAUSE_MS, RETRY_MS * 2 ** Math.max(0, history.length - 2));
  return { provider: longestAgo, afterMs: Math.max(pause, history.at(-1)?.provider === longestAgo ? (error.retryAfterMs ?? 0) : 0) };
}

const mayPass = (kind: ErrorKind): boolean => kind === 'rate_limited' || ERROR_POLICIES[kind].blamesProvider;
const lastTurn = (provider: string, history: readonly Try[]): number => history.findLastIndex((entry) => entry.provider === provider);
const failuresAt = (provider: string, history: readonly Try[]): number => history.filter((entry) => entry.provider === provider).length;

/** Providers that these steps are not given to again while another one is left. */
function out(history: readonly Try[]): string[] {
  return [...new Set(history.map(({ provider }) => provider))].filter((provider) => {
    const kinds = history.filter((entry) => entry.provider === provider).map(({ kind }) => kind);
    return kinds.length > 1 || kinds.some((kind) => !['retry_then_next', 'wait_or_next'].includes(ERROR_POLICIES[kind].then));
  });
}

function jobError({ kind, message }: Pick<ProviderError, 'kind' | 'message'>, history: readonly Try[] = []): JobError {
  const code = ERROR_POLICIES[kind].jobCode;
  const tries = history.length > 1 ? `After ${history.length} tries (${history.map((entry) => `${entry.provider}: ${entry.kind}`).join(', ')}): ` : '';
  return { code, message: `${tries}${message}`, retryable: code === 'providers_exhausted' };
}
