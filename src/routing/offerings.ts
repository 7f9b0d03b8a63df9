import { categoryOf, knownFormats, type Category } from '../conversion/formats.js';
import type { Parameters } from '../conversion/job-graph.js';
import type { Operation } from '../conversion/operations.js';
import type { Candidate } from './plan-step.js';

/** A provider, as far as what it offers is concerned. */
export type Offering = Pick<Candidate, 'id' | 'offers'>;

/** A conversion that somebody offers. `category`: that of `to`. */
export interface OfferedPair {
  readonly from: string;
  readonly to: string;
  readonly category: Category;
  /** In the order that settles ties. */
  readonly providers: readonly string[];
}

export interface PairWish {
  /** Canonical. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  /** The pair after which to go on, as `pairPosition` writes it. */
  readonly after?: string | undefined;
}

/** How a page of pairs says where it ended. */
export const PAIR_POSITION = /^[a-z0-9.]{1,40} [a-z0-9.]{1,40}$/;
export const pairPosition = ({ from, to }: Pick<OfferedPair, 'from' | 'to'>): string => `${from} ${to}`;

const FORMATS: readonly string[] = [...knownFormats()].sort();

/** The pairs of known formats for which somebody offers `convert`, by source and then target; asked for one by one, so that a page costs a page. */
export function* offeredPairs(offerings: readonly Offering[], { from, to, after }: PairWish): Generator<OfferedPair> {
  const [afterFrom = '', afterTo = ''] = after?.split(' ') ?? [];
  for (const source of FORMATS) {
    if ((from !== undefined && source !== from) || source < afterFrom) continue;
    for (const target of FORMATS) {
      const category = categoryOf(target);
      if (category === null || (to !== undefined && target !== to) || (source === afterFrom && target <= afterTo)) continue;
      const wish = { operation: 'convert', from: source, parameters: { to: target }, options: {} };
      const providers = offerings.filter((offering) => offering.offers(wish).offered).map(({ id }) => id);
      if (providers.length > 0) yield { from: source, to: target, category, providers };
    }
  }
}

/** Of what files an operation is looked for, and of which target; canonical, null: of any. */
export interface OperationWish {
  readonly from: string | null;
  readonly to: string | null;
}

const ANY: OperationWish = { from: null, to: null };

/** The providers that offer an operation at all: with some target, of files of a format that nobody told; or as it is wished for. */
export function providersOf(operation: Operation, offerings: readonly Offering[], { from, to }: OperationWish = ANY): readonly string[] {
  if (to !== null && operation.parameters['to'] === undefined) return [];
  const targeted = to === null ? plainest(operation) : plainest(operation).slice(0, 1).map((parameters) => ({ ...parameters, to }));
  const wishes = targeted.map((parameters) => ({ operation: operation.name, from, parameters, options: {} }));
  return offerings.filter((offering) => wishes.some((wish) => offering.offers(wish).offered)).map(({ id }) => id);
}

/** The operation with nothing but what it needs, once for each target. */
function plainest({ parameters }: Operation): readonly Parameters[] {
  const needed = Object.entries(parameters).filter(([name, rule]) => rule.required && name !== 'to');
  const rest = Object.fromEntries(needed.map(([name, rule]) => [name, rule.type === 'integer' ? (rule.minimum ?? 1) : (rule.allowed?.[0] ?? 'text')]));
  const target = parameters['to'];
  return target?.required === true ? (target.allowed ?? FORMATS).map((to) => ({ ...rest, to })) : [rest];
}
