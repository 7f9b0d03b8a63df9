import type { Decimal } from 'decimal.js';
import type { Offer, StepWish } from '../conversion/provider.js';
import { cutStages, type PlannedStage } from './stages.js';

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

export interface Refusal {
  readonly step: string;
  readonly provider: string;
  readonly reason: string;
}

export type Plan = { readonly stages: readonly PlannedStage[] } | { readonly refusals: readonly Refusal[] };

/**
 * Assigns every step to a provider and cuts the steps into stages. `candidates` stand in the order that settles a tie.
 * One provider for all where there is one, the cheapest such; else each step where a step before it runs, or at the first that offers it.
 */
export function plan(steps: readonly PlanStep[], candidates: readonly Candidate[]): Plan {
  const refusals: Refusal[] = [];
  const able = new Map(steps.map((step) => [step.id, candidates.filter((candidate) => offersAll(candidate, step, refusals))]));
  const nobody = steps.filter((step) => able.get(step.id)?.length === 0);
  if (nobody.length > 0) return { refusals: refusals.filter((refusal) => nobody.some((step) => step.id === refusal.step)) };
  const whole = candidates.filter((candidate) => steps.every((step) => able.get(step.id)?.includes(candidate)));
  const chosen = cheapest(whole, steps);
  const assignment = chosen === null ? assignOneByOne(steps, able) : new Map(steps.map((step) => [step.id, chosen]));
  return { stages: cutStages(steps, assignment) };
}

function offersAll(candidate: Candidate, step: PlanStep, refusals: Refusal[]): boolean {
  for (const wish of step.wishes) {
    const offer = candidate.offers(wish);
    if (!offer.offered) {
      refusals.push({ step: step.id, provider: candidate.id, reason: offer.reason });
      return false;
    }
  }
  return true;
}

/** The candidate whose price for all steps is lowest; one without a price comes last, a tie goes to the first. */
function cheapest(candidates: readonly Candidate[], steps: readonly PlanStep[]): Candidate | null {
  let best: { candidate: Candidate; price: Decimal | null } | null = null;
  for (const candidate of candidates) {
    const price = totalPrice(candidate, steps);
    if (best === null || (price !== null && (best.price === null || price.lt(best.price)))) best = { candidate, price };
  }
  return best?.candidate ?? null;
}

export function totalPrice(candidate: Candidate, steps: readonly PlanStep[]): Decimal | null {
  return steps
    .flatMap((step) => step.wishes.slice(0, 1))
    .map((wish) => candidate.price(wish))
    .reduce((sum, price) => (sum === null || price === null ? null : sum.add(price)));
}

function assignOneByOne(steps: readonly PlanStep[], able: ReadonlyMap<string, readonly Candidate[]>): Map<string, Candidate> {
  const assignment = new Map<string, Candidate>();
  for (const step of steps) {
    const offered = able.get(step.id) ?? [];
    const before = step.inputs.map((id) => assignment.get(id)).find((candidate) => candidate !== undefined && offered.includes(candidate));
    const first = before ?? cheapest(offered, [step]);
    if (first !== null) assignment.set(step.id, first);
  }
  return assignment;
}
