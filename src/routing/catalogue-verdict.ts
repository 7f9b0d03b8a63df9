import { DRIFT_KINDS, type Drift } from '../conversion/catalogue-diff.js';

/** What becomes of a catalogue that was read. */
export type CatalogueVerdict = 'unchanged' | 'activate' | 'suspect';

export interface CatalogueFacts {
  /** How many entries the active version has; null: there is none yet. */
  readonly before: number | null;
  /** From the active version to the one that was read. */
  readonly drift: Drift;
  /** How many entries that a step can ask for were read. */
  readonly usable: number;
  /** The reading before this one was suspect, and the same. */
  readonly seenBefore: boolean;
}

/** A vendor of conversions lists more than this; one that seems not to is more likely in trouble. */
const FEWEST = 10;

/**
 * A short, empty or odd answer must not take a provider's work away: what would remove more than half of what counts so far, and a first
 * reading with next to nothing in it, only counts once it was seen twice in a row; an empty one never.
 */
export function judgeCatalogue({ before, drift: { counts }, usable, seenBefore }: CatalogueFacts): CatalogueVerdict {
  if (usable === 0) return 'suspect';
  if (before === null) return usable >= FEWEST || seenBefore ? 'activate' : 'suspect';
  if (DRIFT_KINDS.every((kind) => counts[kind] === 0)) return 'unchanged';
  return counts.removed * 2 > before && !seenBefore ? 'suspect' : 'activate';
}
