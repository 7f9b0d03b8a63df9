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
type Rank = (groups: readonly Group[], terms: RankTerms) => (fit: Fit, group: Group) => Decimal | null;

const NOTHING = new Decimal(0);
/** Chances of failure are balanced against the highest of them, or against this where all are small. */
const SMALL_CHANCE = 0.1;
const STEPS_OF_CHANCE = 10_000;

const RANKS: Readonly<Record<Strategy, Rank>> = {
  cheapest: () => expectedPrice,
  fastest: () => expectedSeconds,
  'most-reliable': (groups) => {
    const dearest = dearestOf(groups);
    const all = sum(dearest.values());
    // Below one step of the chance, over all steps of the job: it settles ties, and nobody is dearer than where no price is known.
    const tie = ({ price }: Fit, group: Group): Decimal => portion(price?.amount ?? dearest.get(group) ?? NOTHING, all).mul('0.5').add(price === null ? new Decimal('0.4').div(groups.length) : 0);
    return (fit, group) => chance(fit).mul(STEPS_OF_CHANCE).add(tie(fit, group));
  },
  balanced: (groups, { weights }) => {
    const dearest = dearestOf(groups);
    const slowest = new Map(groups.map((group) => [group, Decimal.max(...group.map(({ seconds }) => seconds))]));
    const [price, seconds] = [sum(dearest.values()), sum(slowest.values())];
    const highest = Decimal.max(SMALL_CHANCE, ...groups.flat().map(chance)).mul(groups.length);
    return (fit, group) => portion(fit.price?.amount ?? dearest.get(group) ?? NOTHING, price).mul(weights.cost)
      .add(portion(new Decimal(fit.seconds), seconds).mul(weights.speed))
      .add(portion(chance(fit), highest).mul(weights.reliability));
  },
  priority: () => () => null,
  weighted: (groups, { draw }) => {
    const candidates = [...new Map(groups.flat().map(({ candidate }) => [candidate.id, candidate])).values()];
    const places = new Map(drawnOrder(candidates, draw).map(({ id }, place) => [id, new Decimal(place)]));
    return ({ candidate }) => places.get(candidate.id) ?? null;
  },
};

/**
 * What each fit amounts to by a strategy: the planner makes the sum over a job's steps as small as it can. For `fastest` that stands in for the
 * time from start to end: steps that run side by side count one after the other.
 */
export function figuresOf(groups: readonly Group[], terms: RankTerms): Figures {
  const able = groups.map((group) => group.filter(({ refusal }) => refusal === null)).filter(({ length }) => length > 0);
  const rank = RANKS[terms.strategy](able, terms);
  return new Map(able.flatMap((group) => group.map((fit) => [fit, rank(fit, group)] as const)));
}

/** The price, and what failures cost on the average: what a failed attempt is charged there, and then the next best provider; or the same one again, where there is no other. */
function expectedPrice(fit: Fit, group: Group): Decimal | null {
  const { price, record } = fit;
  if (price === null) return null;
  if (record === null || record.failed === 0) return price.amount;
  const next = least(group.filter((other) => other !== fit).flatMap((other) => other.price?.amount ?? [])) ?? price.amount;
  return price.amount.add(chance(fit).mul(record.failedCost.add(next)));
}

/** The same in time; that a failed attempt takes as long as one that goes well is a guess. */
function expectedSeconds(fit: Fit, group: Group): Decimal {
  const own = new Decimal(fit.seconds);
  if (fit.record === null || fit.record.failed === 0) return own;
  const next = least(group.filter((other) => other !== fit).map(({ seconds }) => new Decimal(seconds))) ?? own;
  return own.add(chance(fit).mul(own.add(next)));
}

const chance = ({ record }: Fit): Decimal => new Decimal(record === null ? 0 : Math.round(chanceOfFailure(record) * STEPS_OF_CHANCE) / STEPS_OF_CHANCE);
const dearestOf = (groups: readonly Group[]): ReadonlyMap<Group, Decimal> => new Map(groups.map((group) => [group, Decimal.max(NOTHING, ...group.flatMap(({ price }) => price?.amount ?? []))]));
const sum = (amounts: Iterable<Decimal>): Decimal => [...amounts].reduce((all, one) => all.add(one), NOTHING);
const portion = (amount: Decimal, of: Decimal): Decimal => (of.isZero() ? NOTHING : amount.div(of));
const least = (amounts: readonly Decimal[]): Decimal | null => (amounts.length === 0 ? null : Decimal.min(...amounts));
