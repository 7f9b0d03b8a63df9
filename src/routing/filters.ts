import type { QuoteLock, Routing } from '../conversion/job-graph.js';
import type { Outage } from './standing.js';

/** Why a provider is not asked at all, whatever the steps are. */
export interface Exclusion {
  readonly provider: string;
  readonly code: 'not_in_only' | 'excluded' | 'region' | 'not_quoted' | 'tried' | 'max_cost' | 'budget' | Outage['code'];
  readonly message: string;
}

/** A provider, and what is asked for. */
export interface FilterFacts {
  readonly id: string;
  readonly regions: readonly string[];
  readonly routing: Pick<Routing, 'only' | 'exclude' | 'regions'>;
  /** Of a job that keeps to a quote. */
  readonly quoted: QuoteLock | undefined;
  /** Providers at which these steps failed. */
  readonly tried: readonly string[];
}

type Filter = (facts: FilterFacts) => readonly [code: Exclusion['code'], message: string] | null;

/** Each says one reason to leave a provider out; all that hold are told. */
const FILTERS: readonly Filter[] = [
  ({ id, routing: { only } }) => (only.length > 0 && !only.includes(id) ? ['not_in_only', `"${id}" is not among routing.only.`] : null),
  ({ id, routing: { exclude } }) => (exclude.includes(id) ? ['excluded', `"${id}" is in routing.exclude.`] : null),
  ({ id, regions, routing }) => (routing.regions.length > 0 && !regions.some((region) => routing.regions.includes(region)) ? ['region', `"${id}" is in none of the regions ${routing.regions.join(', ')}.`] : null),
  ({ id, quoted }) => (quoted !== undefined && !Object.values(quoted.providers).includes(id) ? ['not_quoted', `"${id}" is not in the quote that the job keeps to.`] : null),
  ({ id, tried }) => (tried.includes(id) ? ['tried', `"${id}" was tried.`] : null),
];

/** Empty: the provider may be asked. */
export function exclusionsOf(facts: FilterFacts): readonly Exclusion[] {
  return FILTERS.flatMap((filter) => {
    const reason = filter(facts);
    return reason === null ? [] : [{ provider: facts.id, code: reason[0], message: reason[1] }];
  });
}
