import type { Money, Strategy } from '../conversion/job-graph.js';
import type { Loss } from '../conversion/unified-options.js';
import type { Basis } from './pricing.js';

/** What all of the steps would be at one provider. */
export interface ProviderQuote {
  readonly provider: string;
  /** Whether it may and can run all of them. */
  readonly eligible: boolean;
  readonly reasons: readonly { readonly code: string; readonly message: string }[];
  readonly cost: Money;
  /** Null where the cost is not known; `max.amount` null: nobody can tell before it ran. */
  readonly costRange: { readonly min: Money; readonly max: Money } | null;
  readonly basis: Basis;
  /** From start to end; null where it cannot run them. */
  readonly seconds: number | null;
  readonly losses: readonly Loss[];
}

export interface PlannedPart {
  /** From 1. */
  readonly stage: number;
  readonly provider: string;
  readonly steps: readonly string[];
  readonly cost: Money;
}

/** Who runs the steps, and why: what a quote tells, and what is kept with a job. */
export interface Decision {
  readonly strategy: Strategy;
  /** A provider, or "split"; null: nobody runs them. */
  readonly winner: string | null;
  readonly summary: string;
  /** Of every provider, in the order that settles ties. */
  readonly quotes: readonly ProviderQuote[];
  readonly plan: readonly PlannedPart[];
  /** It goes where it would go if what was measured no longer held, to find that out. */
  readonly exploration?: boolean;
}
