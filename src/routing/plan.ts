import type { Loss } from '../conversion/unified-options.js';
import { assignSteps } from './assign.js';
import { fitAll, type Fit, type Fits, type Refusal } from './fit.js';
import type { Figures } from './rank.js';
import type { Candidate, PlanStep } from './plan-step.js';
import { cutStages, type PlannedStage } from './stages.js';
import { toStepPrice, type StepPrice } from './step-price.js';

/** A stage with what is lost in it, and what its steps are expected to cost. */
export type LossyStage = PlannedStage & { readonly losses: readonly Loss[]; readonly prices: readonly StepPrice[] };

export type Plan = { readonly stages: readonly LossyStage[] } | { readonly refusals: readonly Refusal[] };

export interface PlanTerms {
  /** What is made as small as can be, of each fit; the price where nothing is said. Null for all: whoever comes first is taken. */
  readonly figures?: Figures;
  /** What is known already of how steps fit candidates; of others too. */
  readonly fits?: Fits;
}

/**
 * Assigns every step to a provider, at the lowest figures for all, and cuts the steps into stages. `candidates` stand in the order that
 * settles a tie. A step that nobody offers makes the whole impossible; the refusals say why, of every provider.
 */
export function plan(steps: readonly PlanStep[], candidates: readonly Candidate[], { figures, fits = fitAll(steps, candidates) }: PlanTerms = {}): Plan {
  const own = new Map(steps.map(({ id }) => [id, candidates.flatMap((candidate) => (fits.get(id) ?? []).filter((fit) => fit.candidate === candidate))]));
  const refusals = steps.flatMap(({ id }) => {
    const all = own.get(id) ?? [];
    return all.every(({ refusal }) => refusal !== null) ? all.flatMap(({ refusal }) => refusal ?? []) : [];
  });
  if (refusals.length > 0 || candidates.length === 0) return { refusals };
  const choices = new Map([...own].map(([id, all]) => [id, all.flatMap((fit, rank) => (fit.refusal === null ? [{ candidate: fit.candidate, rank, price: (figures === undefined ? fit.price?.amount : figures.get(fit)) ?? null, losses: fit.losses.length }] : []))]));
  const assignment = assignSteps(steps, choices);
  const fitOf = (id: string): Fit | undefined => own.get(id)?.find(({ candidate }) => candidate === assignment.get(id));
  return { stages: cutStages(steps, assignment).map((stage) => ({ ...stage, losses: stage.stepIds.flatMap((id) => fitOf(id)?.losses ?? []), prices: stage.stepIds.map((id) => toStepPrice(id, fitOf(id)?.price ?? null)) })) };
}
