import type { ProviderConfig } from '../providers/provider-config.js';
import type { BreakerView, ProviderOperationView, ProviderView } from './provider.dto.js';
import type { Bounds, Latency, Transition } from './provider-facts.js';
import { UNTOUCHED, WHOLE, type Standing, type Standings } from './standing.js';

export interface KnownOfProvider {
  readonly config: ProviderConfig;
  readonly offered: readonly string[];
  readonly standings: Standings;
  readonly running: number;
  readonly bounds: Bounds;
  readonly latency: Latency | null;
  readonly transitions: readonly Transition[];
}

/** Keys and secrets never leave. What an operator or the breaker said of an operation is shown although it is no longer offered. */
export function toProviderView({ config, offered, standings, running, bounds, latency, transitions }: KnownOfProvider): ProviderView {
  const whole = standings.get(WHOLE) ?? UNTOUCHED;
  const names = new Set([...offered, ...standings.keys()]);
  names.delete(WHOLE);
  const pricing = config.pricing ?? null;
  return {
    id: config.id,
    adapter: config.adapter,
    state: whole.state,
    breaker: toBreakerView(whole),
    operations: Object.fromEntries([...names].map((name) => [name, toOperationView(standings.get(name) ?? UNTOUCHED)])),
    running,
    limits: { maxConcurrent: config.maxConcurrent ?? null, learnedCeiling: bounds.ceiling, pausedUntil: bounds.pausedUntil?.toISOString() ?? null, waiting: bounds.waiting },
    latency,
    pricing: pricing === null ? null : { currency: pricing.currency, perCredit: pricing.perCredit, credits: pricing.credits.map((row) => ({ ...row })) },
    transitions: transitions.map(({ at, type, operation, from, to, reason }) => ({ at: at.toISOString(), what: type === 'state.changed' ? 'state' : 'breaker', operation, from, to, reason })),
  };
}

const toOperationView = (standing: Standing): ProviderOperationView => ({ state: standing.state, breaker: toBreakerView(standing) });
const toBreakerView = ({ breaker: { state, since, reason } }: Standing): BreakerView => ({ state, since, reason });
