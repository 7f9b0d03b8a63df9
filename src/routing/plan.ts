import type { Decimal } from 'decimal.js';
import type { Offer } from '../conversion/provider.js';
import type { Loss } from '../conversion/unified-options.js';
import { pointerOf } from './option-check.js';
import { assignSteps, type Choice } from './assign.js';
import type { Candidate, PlanStep } from './plan-step.js';
import { cutStages, type PlannedStage } from './stages.js';

export interface Refusal {
  readonly step: string;
  readonly provider: string;
  readonly reason: string;
  /** The input or export of the job that is in the way, where it is not the step itself. */
  readonly place?: string;
  /** The option in the way, as a JSON Pointer within the step. */
  readonly at?: string;
}

export type Plan = { readonly stages: readonly (PlannedStage & { readonly losses: readonly Loss[] })[] } | { readonly refusals: readonly Refusal[] };

/**
 * Assigns every step to a provider, at the lowest price for all, and cuts the steps into stages. `candidates` stand in the order that
 * settles a tie. A step that nobody offers makes the whole impossible; the refusals say why, of every provider.
 */
export function plan(steps: readonly PlanStep[], candidates: readonly Candidate[]): Plan {
  const refusals: Refusal[] = [];
  const choices = new Map<string, readonly Choice[]>();
  for (const step of steps) {
    const refused = candidates.flatMap((candidate) => refusalOf(candidate, step) ?? []);
    if (refused.length === candidates.length) refusals.push(...refused);
    const able = candidates.filter(({ id }) => !refused.some(({ provider }) => provider === id));
    choices.set(step.id, able.map((candidate) => ({ candidate, rank: candidates.indexOf(candidate), price: priceOf(candidate, step), losses: lossesOf(candidate, step).length })));
  }
  if (refusals.length > 0 || candidates.length === 0) return { refusals };
  const assignment = assignSteps(steps, choices);
  const losses = steps.flatMap((step) => {
    const candidate = assignment.get(step.id);
    return candidate === undefined ? [] : lossesOf(candidate, step);
  });
  return { stages: cutStages(steps, assignment).map((stage) => ({ ...stage, losses: losses.filter(({ step }) => stage.stepIds.includes(step)) })) };
}

/** Each option once, although the formats that go in may be several. */
function lossesOf(candidate: Candidate, { id, wishes }: PlanStep): readonly Loss[] {
  const losses = new Map<string, Loss>();
  for (const { option, kind, message } of wishes.flatMap((wish) => candidate.judge(wish))) {
    if (kind !== 'refused') losses.set(option, { step: id, option, kind, message });
  }
  return [...losses.values()];
}

function refusalOf(candidate: Candidate, { id, wishes, files, exports, consumed }: PlanStep): Refusal | null {
  const asked: readonly (readonly [Offer, place?: string])[] = [
    ...wishes.map((wish) => [candidate.offers(wish)] as const),
    ...files.map((file) => [candidate.takes(file), file.id] as const),
    ...exports.map((target) => [candidate.delivers(target, consumed), target.id] as const),
  ];
  for (const [offer, place] of asked) {
    if (!offer.offered) return { step: id, provider: candidate.id, reason: offer.reason, ...(place === undefined ? {} : { place }) };
  }
  const wrong = wishes.flatMap((wish) => candidate.judge(wish)).find(({ kind }) => kind === 'refused');
  return wrong === undefined ? null : { step: id, provider: candidate.id, reason: wrong.message, at: pointerOf(wrong) };
}

/** Over all formats that go in; null as soon as one has no price. */
function priceOf(candidate: Candidate, step: PlanStep): Decimal | null {
  return step.wishes.map((wish) => candidate.price(wish)).reduce((sum, price) => (sum === null || price === null ? null : sum.add(price)));
}
