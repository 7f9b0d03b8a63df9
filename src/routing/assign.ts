import type { Decimal } from 'decimal.js';
import type { Candidate, PlanStep } from './plan-step.js';

/** One provider that could run a step. `rank`: its place in the order that settles a tie. */
export interface Choice {
  readonly candidate: Candidate;
  readonly rank: number;
  readonly price: Decimal | null;
  /** How many of the step's wishes are lost there. */
  readonly losses: number;
}

/**
 * What an assignment costs, compared from the first figure to the last: steps without a known price, the price of the others (in
 * hundred-millionths), options that are lost, files that have to be brought to a provider, and the providers' ranks. Each only grows from step to step.
 */
type Cost = readonly [unpriced: number, price: number, losses: number, transfers: number, ranks: number];

interface Option {
  readonly candidate: Candidate;
  readonly own: Cost;
}

/** Complete for graphs of this size whatever the prices are; larger ones get the best that so many looks find. */
const LOOKS = 200_000;
const SCALE = 100_000_000;

/**
 * The cheapest assignment of steps to providers, by depth-first search with a bound: what the rest costs at the least is known per step.
 * Every step must have a choice. The first way down is the greedy one, so even a search that is cut short ends with a sound plan.
 */
export function assignSteps(steps: readonly PlanStep[], choices: ReadonlyMap<string, readonly Choice[]>): ReadonlyMap<string, Candidate> {
  const options = steps.map((step) => (choices.get(step.id) ?? []).map(toOption).sort((one, other) => compare(one.own, other.own)));
  const least = restAtLeast(options);
  const position = new Map(steps.map((step, index) => [step.id, index]));
  const chosen: Option[] = [];
  const brought = new Set<string>();
  let best: { readonly cost: Cost; readonly chosen: readonly Option[] } | null = null;
  let looks = 0;

  const descend = (index: number, cost: Cost): void => {
    const step = steps[index];
    if (step === undefined) {
      best = { cost, chosen: [...chosen] };
      return;
    }
    for (const option of withPredecessorsFirst(options[index] ?? [], step, position, chosen)) {
      looks += 1;
      const needed = transfersFor(step, option, position, chosen).filter((key) => !brought.has(key));
      const sum = add(add(cost, option.own), [0, 0, 0, needed.length, 0]);
      if (best !== null && (looks > LOOKS || compare(add(sum, least[index + 1] ?? ZERO), best.cost) >= 0)) continue;
      for (const key of needed) brought.add(key);
      chosen.push(option);
      descend(index + 1, sum);
      chosen.pop();
      for (const key of needed) brought.delete(key);
    }
  };
  descend(0, ZERO);
  const found = (best as { readonly chosen: readonly Option[] } | null)?.chosen ?? [];
  return new Map(steps.flatMap((step, index) => (found[index] === undefined ? [] : [[step.id, found[index].candidate] as const])));
}

const ZERO: Cost = [0, 0, 0, 0, 0];

function toOption({ candidate, rank, price, losses }: Choice): Option {
  return { candidate, own: [price === null ? 1 : 0, price === null ? 0 : Math.round(price.mul(SCALE).toNumber()), losses, 0, rank] };
}

/** For every place: what the steps from there on cost at the least, whoever runs the ones before. */
function restAtLeast(options: readonly (readonly Option[])[]): readonly Cost[] {
  const least: Cost[] = [ZERO];
  for (const choices of [...options].reverse()) {
    const lowest = choices[0]?.own ?? ZERO;
    least.unshift(add(least[0] ?? ZERO, [lowest[0], lowest[1], lowest[2], 0, 0]));
  }
  return least;
}

/** Files that must come to the option's provider: inputs of the job, and results made elsewhere. The same file is brought once. */
function transfersFor(step: PlanStep, { candidate }: Option, position: ReadonlyMap<string, number>, chosen: readonly Option[]): readonly string[] {
  return step.inputs.filter((id) => chosen[position.get(id) ?? -1]?.candidate.id !== candidate.id).map((id) => `${id} ${candidate.id}`);
}

/** Staying where a file is makes the first way down a good one, and the bound a sharp one. */
function withPredecessorsFirst(options: readonly Option[], step: PlanStep, position: ReadonlyMap<string, number>, chosen: readonly Option[]): readonly Option[] {
  const before = new Set(step.inputs.map((id) => chosen[position.get(id) ?? -1]?.candidate.id));
  const stays = ({ candidate }: Option): number => (before.has(candidate.id) ? 0 : 1);
  return [...options].sort((one, other) => one.own[0] - other.own[0] || one.own[1] - other.own[1] || one.own[2] - other.own[2] || stays(one) - stays(other) || one.own[4] - other.own[4]);
}

function add(one: Cost, other: Cost): Cost {
  return [one[0] + other[0], one[1] + other[1], one[2] + other[2], one[3] + other[3], one[4] + other[4]];
}

function compare(one: Cost, other: Cost): number {
  return one[0] - other[0] || one[1] - other[1] || one[2] - other[2] || one[3] - other[3] || one[4] - other[4];
}
