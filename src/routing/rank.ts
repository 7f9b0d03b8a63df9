import { Decimal } from 'decimal.js';
import type { Strategy } from '../conversion/job-graph.js';
import { drawnOrder, type Draw } from './draw.js';
import type { Fit } from './fit.js';
import { chanceOfFailure } from './track-record.js';

/** What counts how much in `balanced`. */
export interface Weights {
  readonly cost: number;
  readonly speed: number;
  readonly reliability: number;
}

export const EVEN: Weights = { cost: 1, speed: 1, reliability: 1 };

export interface RankTerms {
  readonly strategy: Strategy;
  readonly weights: Weights;
  readonly draw: Draw;
}

/** What the planner makes as small as it can; null: not known, and so the last. */
export type Figures = ReadonlyMap<Fit, Decimal | null>;

/** The fits of one step at those who may and can run it. */
type Group = readonly Fit[];
type Rank = (groups: readonly Group[], terms: RankTerms) => (group: Group) => (fit: Fit) => Decimal | null;

/** Chances of failure are balanced against the highest of them, or against this where all are small. */
const SMALL_CHANCE = 0.1;
const STEPS_OF_CHANCE = 10_000;

/** Money is reckoned with as money; what compares unlike things is no amount, and numbers will do. */
const RANKS: Readonly<Record<Strategy, Rank>> = {
  cheapest: () => expectedPrices,
  fastest: () => expectedSeconds,
  'most-reliable': (groups) => {
    const all = sum(groups.map(dearest));
    return (group) => {
      // Below one step of the chance, over all steps of the job: it settles ties, and nobody is dearer than where no price is known.
      const unpriced = portion(dearest(group), all) * 0.5 + 0.4 / groups.length;
      return ({ price, record }) => new Decimal(Math.round(chanceIn(record) * STEPS_OF_CHANCE) + (price === null ? unpriced : portion(price.amount.toNumber(), all) * 0.5));
    };
  },
  balanced: (groups, { weights }) => {
    const price = sum(groups.map(dearest));
    const time = sum(groups.map((group) => Math.max(...group.map(({ seconds }) => seconds))));
    const highest = Math.max(SMALL_CHANCE, ...groups.flat().map(({ record }) => chanceIn(record))) * groups.length;
    return (group) => {
      const unpriced = dearest(group);
      return (fit) => new Decimal(weights.cost * portion(fit.price?.amount.toNumber() ?? unpriced, price) + weights.speed * portion(fit.seconds, time) + (weights.reliability * chanceIn(fit.record)) / highest);
    };
  },
  priority: () => () => () => null,
  weighted: (groups, { draw }) => {
    const candidates = [...new Map(groups.flat().map(({ candidate }) => [candidate.id, candidate])).values()];
    const places = new Map(drawnOrder(candidates, draw).map(({ id }, place) => [id, new Decimal(place)]));
    return () => ({ candidate }) => places.get(candidate.id) ?? null;
  },
};

/**
 * What each fit amounts to by a strategy: the planner makes the sum over a job's steps as small as it can. For `fastest` that stands in for the
 * time from start to end: steps that run side by side count one after the other.
 */
export function figuresOf(groups: readonly Group[], terms: RankTerms): Figures {
  const able = groups.map((group) => group.filter(({ refusal }) => refusal === null)).filter(({ length }) => length > 0);
  const rank = RANKS[terms.strategy](able, terms);
  return new Map(able.flatMap((group) => {
    const figure = rank(group);
    return group.map((fit) => [fit, figure(fit)] as const);
  }));
}

/** The price, and what failures cost on the average: what a failed attempt is charged there, and then the next best provider; or the same one again, where there is no other. */
function expectedPrices(group: Group): (fit: Fit) => Decimal | null {
  if (group.every(({ record }) => chanceIn(record) === 0)) return ({ price }) => price?.amount ?? null;
  const [first, second] = group.filter(({ price }) => price !== null).sort((one, other) => one.price?.amount.cmp(other.price?.amount ?? 0) ?? 0);
  return (fit) => {
    const { price, record } = fit;
    if (price === null || record === null) return price?.amount ?? null;
    const next = (fit === first ? second : first)?.price ?? price;
    return price.amount.add(record.failedCost.add(next.amount).mul(chanceIn(record)));
  };
}

/** The same in time; that a failed attempt takes as long as one that goes well is a guess. */
function expectedSeconds(group: Group): (fit: Fit) => Decimal {
  const [first, second] = [...group].sort((one, other) => one.seconds - other.seconds);
  return (fit) => {
    const next = (fit === first ? second : first) ?? fit;
    return new Decimal(fit.seconds + chanceIn(fit.record) * (fit.seconds + next.seconds));
  };
}

const chanceIn = (record: Fit['record']): number => (record === null ? 0 : Math.round(chanceOfFailure(record) * STEPS_OF_CHANCE) / STEPS_OF_CHANCE);
const dearest = (group: Group): number => Math.max(0, ...group.map(({ price }) => price?.amount.toNumber() ?? 0));
const sum = (amounts: readonly number[]): number => amounts.reduce((all, one) => all + one, 0);
const portion = (amount: number, of: number): number => (of === 0 ? 0 : amount / of);
