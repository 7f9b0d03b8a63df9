import type { Exclusion } from './filters.js';
import type { Candidate } from './plan-step.js';
import type { Outage } from './standing.js';

/**
 * What is tried one after the other where there is no plan without those that are out, and `net` allows it: with the least bad of those whose breakers are
 * open, then with the next one too, and last with those whose account has nothing left. What an operator took out stays out.
 */
export function* roundsOf(outages: readonly Outage[], net: boolean): Generator<readonly Outage[]> {
  if (!net) return;
  const badness = new Map<string, number>();
  for (const { provider, code, badness: own } of outages.filter((outage) => outage.code !== 'state')) badness.set(provider, Math.max(code === 'breaker' ? own : Infinity, badness.get(provider) ?? 0));
  let left = outages;
  for (const [provider] of [...badness].sort(([, one], [, other]) => (one === other ? 0 : one - other))) {
    left = left.filter((outage) => outage.provider !== provider || outage.code === 'state');
    yield left;
  }
}

/** Of a provider that is out for all the operations that are asked of it, the reasons; and what is out at the others. */
export function groundedBy(outages: readonly Outage[], operations: readonly string[]): { readonly whole: readonly Exclusion[]; readonly parts: readonly Outage[] } {
  const isWhole = (id: string): boolean => operations.every((operation) => outages.some((outage) => outage.provider === id && outage.operation === operation));
  const whole = outages.filter(({ provider }) => isWhole(provider)).map(({ provider, code, message }) => ({ provider, code, message }));
  return { whole: [...new Map(whole.map((one) => [`${one.provider} ${one.message}`, one])).values()], parts: outages.filter(({ provider }) => !isWhole(provider)) };
}

/** A candidate that offers nothing of what it is out for. */
export function without(outages: readonly Outage[], candidate: Candidate): Candidate {
  const own = new Map(outages.filter(({ provider }) => provider === candidate.id).map(({ operation, message }) => [operation, message]));
  if (own.size === 0) return candidate;
  return {
    ...candidate,
    offers: (wish) => {
      const reason = own.get(wish.operation);
      return reason === undefined ? candidate.offers(wish) : { offered: false, reason };
    },
  };
}
