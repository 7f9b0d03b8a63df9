import type { ErrorKind } from '../conversion/errors.js';
import type { StepWish } from '../conversion/provider.js';
import type { Pricing } from '../routing/pricing.js';

/** A job of the stream: one step over one file. */
export interface SimulatedJob {
  /** Its place in the stream, from 0. */
  readonly number: number;
  /** When it arrives, in ms since 1970. */
  readonly at: number;
  readonly operation: string;
  readonly from: string | null;
  readonly to: string | null;
  readonly bytes: number | null;
}

/** What one attempt comes to. `kind`: null where it went well. */
export interface Outcome {
  readonly kind: ErrorKind | null;
  readonly ms: number;
  /** What is charged for it, in hundred-millionths of the currency: whole numbers, so that sums are exact. */
  readonly charge: number;
}

export interface SimulatedProvider {
  readonly id: string;
  /** As an operator would have written it down before the day began. */
  readonly pricing: Pricing;
  readonly offers: (wish: Pick<SimulatedJob, 'operation' | 'from' | 'to'>) => boolean;
}

/** Everything that is so, whether the gateway knows of it or not. The same attempt always comes to the same. */
export interface World {
  readonly jobs: readonly SimulatedJob[];
  /** In the order that settles ties. */
  readonly providers: readonly SimulatedProvider[];
  readonly currency: string;
  /** What happens on that day besides, a sentence each. */
  readonly events: readonly string[];
  /** `nth`: how often the job was tried there before. */
  outcome(job: SimulatedJob, provider: number, nth: number, at: number): Outcome;
  /** The least that an attempt that goes well could be charged anywhere, from then on. */
  leastCharge(job: SimulatedJob, from: number): number;
}

/** Hundred-millionths of the currency. */
export const UNITS = 100_000_000;

export function wishOf({ operation, from, to, bytes }: Pick<SimulatedJob, 'operation' | 'from' | 'to' | 'bytes'>): StepWish {
  return { operation, from, parameters: to === null ? {} : { to }, options: {}, bytes };
}
