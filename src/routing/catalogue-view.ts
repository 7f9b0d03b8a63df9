import type { OptionsSchema } from '../conversion/catalogue.js';
import { CatalogueIndex, indexOf } from '../conversion/catalogue-index.js';
import { categoryOf } from '../conversion/formats.js';
import type { Offer, Provider, StepWish } from '../conversion/provider.js';
import { guessedMs } from '../conversion/work-time.js';
import { resultFormat } from '../conversion/operations.js';
import { sizeClass, type LearnedWork } from './learned-work.js';

/** What was learned of a pair by trying: `verified` it worked, `refused` the vendor does not know it. */
export type Learned = 'verified' | 'refused';

/** What is known of one provider's catalogue: asked without waiting, and replaced as a whole when there is news. */
export interface ProviderView {
  /** Null: the vendor was silent so far. */
  readonly live: CatalogueIndex | null;
  /** What the vendor's documents tell. */
  readonly shipped: CatalogueIndex;
  /** By `pairKey`. */
  readonly learned: ReadonlyMap<string, Learned>;
  /** What work really took and cost, by `workKey`. */
  readonly work: ReadonlyMap<string, LearnedWork>;
}

/** Files of any size together. */
export const ANY_SIZE = '*';

export function pairKey(operation: string, from: string | null, to: string | null): string {
  return `${operation} ${from ?? '*'} ${to ?? '*'}`;
}

export function workKey(operation: string, from: string | null, to: string | null, size: string): string {
  return `${pairKey(operation, from, to)} ${size}`;
}

export function shippedView(provider: Pick<Provider, 'shipped'>): ProviderView {
  return { live: null, shipped: indexOf({ entries: provider.shipped ?? [], covers: [] }), learned: new Map(), work: new Map() };
}

/** Whether a provider offers a step: what was learned by trying it, then what its live catalogue says, then what its documents let one expect. */
export function offerOf(view: ProviderView, provider: Pick<Provider, 'offers' | 'adapter'>, wish: StepWish): Offer {
  const { operation, from } = wish;
  const to = targetOf(wish);
  if (from !== null && view.learned.get(pairKey(operation, from, to)) === 'refused') return refused(`${named(operation, from, to)} was tried there, and refused as unknown.`);
  switch (view.live?.listing(operation, knownSource(view.live, operation, from), to) ?? 'silent') {
    case 'listed':
      return provider.offers(wish, true);
    case 'unlisted': {
      const offer = provider.offers(wish);
      return offer.offered ? refused(`Its catalogue does not list ${named(operation, from, to)}.`) : offer;
    }
    default:
      return provider.offers(wish);
  }
}

/** Whether a pair was seen to work, or is listed by the vendor as this very pair. */
export function isVerified({ live, learned }: ProviderView, operation: string, from: string, to: string | null): boolean {
  const told = learned.get(pairKey(operation, from, to));
  return told === 'verified' || (told !== 'refused' && live?.listsPair(operation, from, to) === true);
}

/**
 * JSON Schema of a step's `options` at a provider: the vendor's own while its live catalogue tells, else what its documents show. `to` and `from` null:
 * of all targets, all sources. Null: nothing is known.
 */
export function optionsSchema({ live, shipped }: ProviderView, operation: string, to: string | null, from: string | null = null): OptionsSchema | null {
  return live?.options(operation, from, to) ?? shipped.options(operation, from, to);
}

/** In the vendor's credits; null where it does not tell. */
export function creditsOf({ live }: ProviderView, operation: string, to: string | null, from: string | null = null): number | null {
  return live?.credits(operation, from, to) ?? null;
}

/** What was learned of work on files of such a size; of files of any size where that tells nothing. */
export function workOf<Known extends keyof LearnedWork>({ work }: Pick<ProviderView, 'work'>, wish: StepWish, known: Known): LearnedWork[Known] {
  const at = (size: string): LearnedWork | undefined => work.get(workKey(wish.operation, wish.from, targetOf(wish), size));
  return at(sizeClass(wish.bytes))?.[known] ?? at(ANY_SIZE)?.[known] ?? null;
}

/** As it was learned, else guessed by what is made. */
export function secondsOf(view: Pick<ProviderView, 'work'>, wish: StepWish): number {
  const learned = workOf(view, wish, 'seconds');
  return learned === null ? guessedMs(resultFormat(wish.operation, wish.parameters, wish.from)) / 1000 : learned.mean.toNumber();
}

/** A file name's ending that is no format, here or there, says nothing of the file. */
function knownSource(live: CatalogueIndex, operation: string, from: string | null): string | null {
  return from === null || (categoryOf(from) === null && !live.knowsSource(operation, from)) ? null : from;
}

export function targetOf({ parameters }: StepWish): string | null {
  return typeof parameters['to'] === 'string' ? parameters['to'] : null;
}

function named(operation: string, from: string | null, to: string | null): string {
  return `"${operation}"${from === null ? '' : ` from ${from}`}${to === null ? '' : ` to ${to}`}`;
}

const refused = (reason: string): Offer => ({ offered: false, reason });
