import type { Decimal } from 'decimal.js';
import type { Candidate, PlanStep } from './plan-step.js';
import { settleTies } from './ties.js';

/** One provider that could run a step. `rank`: its place in the order that settles a tie. */
export interface Choice {
  readonly candidate: Candidate;
  readonly rank: number;
  readonly price: Decimal | null;
  /** How many of the step's wishes are lost there. */
  readonly losses: number;
}

interface Option extends Choice {
  /** In hundred-millionths. */
  readonly units: number;
}

const SCALE = 100_000_000;

/**
 * The cheapest assignment of steps to providers. Assignments are compared from the first figure to the last: steps without a known price, the price of the
 * others, options that are lost, files that have to be brought to a provider, and the providers' ranks. The first three add up step by step, whoever runs
 * the others: so only what is best of them comes into question for a step, and the search is among ties alone. Every step must have a choice.
 */
export function assignSteps(steps: readonly PlanStep[], choices: ReadonlyMap<string, readonly Choice[]>): ReadonlyMap<string, Candidate> {
  const tied = steps.map(({ id, inputs }) => ({ id, inputs, options: bestOf(choices.get(id) ?? []) }));
  const taken = settleTies(tied.map(({ id, inputs, options }) => ({ id, inputs, options: options.map(({ candidate, rank }) => ({ provider: candidate.id, rank })) })));
  return new Map(tied.flatMap(({ id, options }, index) => {
    const option = options[taken[index] ?? -1];
    return option === undefined ? [] : [[id, option.candidate] as const];
  }));
}

/** Those than which no other is better, the first in rank first. */
function bestOf(choices: readonly Choice[]): readonly Option[] {
  let best: Option[] = [];
  for (const choice of choices) {
    const option = { ...choice, units: choice.price === null ? 0 : Math.round(choice.price.toNumber() * SCALE) };
    const [one] = best;
    const difference = one === undefined ? -1 : compare(option, one);
    if (difference < 0) best = [option];
    else if (difference === 0) best.push(option);
  }
  return best.sort((one, other) => one.rank - other.rank);
}

function compare(one: Option, other: Option): number {
  return Number(one.price === null) - Number(other.price === null) || one.units - other.units || one.losses - other.losses;
}
