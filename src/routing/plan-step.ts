import type { Decimal } from 'decimal.js';
import type { JobExport, JobInput } from '../conversion/job-graph.js';
import type { Offer, StepWish } from '../conversion/provider.js';
import type { OptionVerdict } from './option-check.js';
import type { Price } from './pricing.js';
import type { Tally } from './track-record.js';

/** How attempts at an operation ended lately. `failedCost`: what one that failed was charged, on the average, in the currency of the configuration. */
export interface Reliability extends Pick<Tally, 'ok' | 'failed'> {
  readonly failedCost: Decimal;
}

/** What a figure may be by now that was learned long ago, or never. */
export interface Hope {
  readonly price?: Price;
  readonly seconds?: number;
}

/** A step that is still to be done, as the planner sees it. */
export interface PlanStep {
  readonly id: string;
  /** Ids of steps and inputs; what is not among the steps to be planned is there already. */
  readonly inputs: readonly string[];
  /** One wish for each format that goes in. */
  readonly wishes: readonly StepWish[];
  /** The inputs of the job that it takes itself. */
  readonly files: readonly JobInput[];
  /** The deliveries of its results. */
  readonly exports: readonly JobExport[];
  /** Another step takes its results. */
  readonly consumed: boolean;
}

export interface Candidate {
  readonly id: string;
  readonly wholeGraph: boolean;
  offers(wish: StepWish): Offer;
  takes(file: JobInput): Offer;
  delivers(target: JobExport, consumed: boolean): Offer;
  /** What is not exactly as asked; a refusal makes the step impossible there. */
  judge(wish: StepWish): readonly OptionVerdict[];
  price(wish: StepWish): Price | null;
  /** How long it is expected to take. */
  seconds(wish: StepWish): number;
  /** Null, and left out: nothing is known. */
  record?(operation: string): Reliability | null;
  hope?(wish: StepWish): Hope;
  /** How often it is drawn beside others; 1 where nothing is said. */
  readonly weight?: number;
}
