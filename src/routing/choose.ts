import { EVEN, figuresOf, type Weights } from './rank.js';
import type { Routing, Strategy } from '../conversion/job-graph.js';
import type { Draw } from './draw.js';
import { longest, type Fit, type Fits } from './fit.js';
import { plan, type Plan } from './plan.js';
import type { Candidate, PlanStep } from './plan-step.js';

export interface ChoiceFacts {
  readonly steps: readonly PlanStep[];
  readonly fits: Fits;
  readonly routing: Pick<Routing, 'strategy'> & Partial<Pick<Routing, 'maxAttempts' | 'deadlineSeconds'>>;
  readonly weights?: Weights;
  readonly draw?: Draw;
  /** The job was promised to somebody, or has failed somewhere: it takes no chances. */
  readonly cautious: boolean;
}

export interface Chosen {
  readonly made: Plan;
  /** What was measured of the providers made the plan another than it would have been otherwise. */
  readonly measured: boolean;
  /** The job goes where it would go if what speaks against somebody no longer held. */
  readonly exploration: boolean;
}

/** The share of jobs that finds out whether what speaks against a provider still holds. */
const EXPLORING = 0.02;
/** Who asks for the most reliable is not experimented with. */
const MAY_EXPLORE: readonly Strategy[] = ['cheapest', 'fastest', 'balanced'];
const MEASURING: readonly Strategy[] = [...MAY_EXPLORE, 'most-reliable'];

/** The best plan by the caller's strategy; now and then, and only where there is something to find out, the one that would be best otherwise. */
export function choose(asked: readonly Candidate[], facts: ChoiceFacts): Chosen {
  const { steps, routing: { strategy }, draw = () => 0.5, weights = EVEN } = facts;
  const planned = (fits: Fits): Plan => {
    const groups = steps.map(({ id }) => (fits.get(id) ?? []).filter(({ candidate }) => asked.includes(candidate)));
    return plan(steps, asked, { fits, figures: figuresOf(groups, { strategy, weights, draw }) });
  };
  const made = planned(facts.fits);
  const hopeful = MEASURING.includes(strategy) && 'stages' in made ? hopefulFits(facts.fits, asked, strategy) : null;
  const other = hopeful === null ? made : planned(hopeful);
  const measured = !same(made, other);
  const exploration = measured && MAY_EXPLORE.includes(strategy) && mayExplore(facts, made, other) && draw('explore') < EXPLORING;
  return { made: exploration ? other : made, measured, exploration };
}

/** Each step as it would be if nothing had failed, and what is known only from long ago were otherwise by now; null: there is nothing to doubt. */
function hopefulFits(fits: Fits, asked: readonly Candidate[], strategy: Strategy): Fits | null {
  let doubted = false;
  const hopeful = new Map([...fits].map(([id, all]) => {
    const able = all.filter((fit) => fit.refusal === null && asked.includes(fit.candidate));
    const hopes = new Map(able.filter(({ price }) => strategy === 'fastest' || price?.basis === 'learned').map((fit) => [fit, fit.hope()] as const));
    // Where nobody's time is known for sure there is nothing to compare it with.
    const timed = strategy === 'fastest' && [...hopes.values()].some(({ seconds }) => seconds === undefined);
    return [id, all.map((fit): Fit => {
      const hope = hopes.get(fit) ?? {};
      const failed = (fit.record?.failed ?? 0) > 0;
      const dear = hope.price !== undefined && fit.price?.amount.gt(hope.price.amount) === true;
      const slow = timed && hope.seconds !== undefined;
      if (!able.includes(fit) || !(failed || dear || slow)) return fit;
      doubted = true;
      return { ...fit, record: null, ...(dear ? { price: hope.price ?? null } : {}), ...(slow ? { seconds: hope.seconds ?? 0 } : {}) };
    })] as const;
  }));
  return doubted ? hopeful : null;
}

/** A job explores only where it can bear to fail there and go elsewhere afterwards. */
function mayExplore({ steps, fits, routing: { maxAttempts = 2, deadlineSeconds = Infinity }, cautious }: ChoiceFacts, ...plans: readonly Plan[]): boolean {
  return !cautious && maxAttempts > 1 && plans.reduce((seconds, one) => seconds + secondsOf(one, steps, fits), 0) <= deadlineSeconds;
}

function secondsOf(made: Plan, steps: readonly PlanStep[], fits: Fits): number {
  const provider = new Map('stages' in made ? made.stages.flatMap((stage) => stage.stepIds.map((id) => [id, stage.provider] as const)) : []);
  return longest(steps, steps.flatMap(({ id }) => (fits.get(id) ?? []).find(({ candidate }) => candidate.id === provider.get(id)) ?? []));
}

const shape = (made: Plan): unknown => ('stages' in made ? made.stages.map(({ provider, stepIds }) => [provider, stepIds]) : null);
const same = (one: Plan, other: Plan): boolean => one === other || JSON.stringify(shape(one)) === JSON.stringify(shape(other));
