import type { Decimal } from 'decimal.js';
import type { Offer, StepWish } from '../conversion/provider.js';

/** A step that is still to be done, as the planner sees it. */
export interface PlanStep {
  readonly id: string;
  /** Ids of steps and inputs; what is not among the steps to be planned is there already. */
  readonly inputs: readonly string[];
  /** One wish for each format that goes in. */
  readonly wishes: readonly StepWish[];
}

export interface Candidate {
  readonly id: string;
  readonly wholeGraph: boolean;
  offers(wish: StepWish): Offer;
  price(wish: StepWish): Decimal | null;
}
