import { entryKey, hasTarget, type Catalogue, type CatalogueEntry, type OptionsSchema } from './catalogue.js';
import { mergedOptions, OptionsUnion } from './options-union.js';

/**
 * What a catalogue says of a wish.
 * - `listed`: by its target at the least. - `unlisted`: it lists all of its kind, and not this one; or it did list it, and does not any more. - `silent`: nothing.
 */
export type Listing = 'listed' | 'unlisted' | 'silent';

type Sources = Map<string | null, CatalogueEntry>;

/** So many are kept: sources are any word that a caller's file ends in. */
const MOST_MERGED = 1000;

/** A catalogue made ready to be asked. Filled slice by slice, so that a large one never holds up who else runs here; then only read. */
export class CatalogueIndex {
  private readonly operations = new Map<string, Map<string | null, Sources>>();
  private readonly unions = new Map<string, OptionsUnion>();
  private readonly prices = new Map<string, number | null>();
  private readonly sources = new Map<string, Set<string | null>>();
  /** What was merged lately, by operation, source and target: it is asked for each job. */
  private readonly merged = new Map<string, OptionsSchema | null>();
  private count = 0;

  /** `covered`: operations of which everything is listed; "*": of all. `gone`: keys of entries that were listed once. */
  constructor(
    private readonly covered: ReadonlySet<string>,
    private readonly gone: ReadonlySet<string> = new Set(),
  ) {}

  get size(): number {
    return this.count;
  }

  add(entries: readonly CatalogueEntry[]): this {
    this.merged.clear();
    for (const entry of entries) {
      this.count += 1;
      if (entry.operation === null) continue;
      const targets = this.operations.get(entry.operation) ?? new Map<string | null, Sources>();
      const sources: Sources = targets.get(entry.to) ?? new Map<string | null, CatalogueEntry>();
      this.operations.set(entry.operation, targets.set(entry.to, sources.set(entry.from, entry)));
      this.sources.set(entry.operation, (this.sources.get(entry.operation) ?? new Set()).add(entry.from));
      const union = this.unions.get(entry.operation) ?? new OptionsUnion();
      this.unions.set(entry.operation, union.add(entry.options));
      const price = this.prices.get(entry.operation);
      this.prices.set(entry.operation, price === undefined || price === entry.credits ? entry.credits : null);
    }
    return this;
  }

  /** `from` null: nobody can tell. `to` null: the step names none. */
  listing(operation: string, from: string | null, to: string | null): Listing {
    if (this.matching(operation, from, to).length > 0) return 'listed';
    return this.covered.has('*') || this.covered.has(operation) || this.gone.has(entryKey({ operation, name: '', from, to })) ? 'unlisted' : 'silent';
  }

  /** Whether the vendor names this format as a source of an operation at all; true where it does not list by source. */
  knowsSource(operation: string, from: string): boolean {
    const sources = this.sources.get(operation);
    return sources === undefined || sources.has(from) || sources.has(null);
  }

  /** Whether the vendor lists this very pair, and not its target alone. */
  listsPair(operation: string, from: string, to: string | null): boolean {
    return this.operations.get(operation)?.get(to)?.has(from) === true;
  }

  /** JSON Schema of `options`; where several entries match (`from` or `to` null), all that any of them takes. Null: not told. */
  options(operation: string, from: string | null, to: string | null): OptionsSchema | null {
    if (from === null && (to === null || !hasTarget(operation))) return this.unions.get(operation)?.schema() ?? null;
    const matching = this.matching(operation, from, to);
    if (matching.length < 2) return matching[0]?.options ?? null;
    const key = JSON.stringify([operation, from, to]);
    const before = this.merged.get(key);
    if (before !== undefined) return before;
    const schema = mergedOptions(matching.map(({ options }) => options));
    if (this.merged.size >= MOST_MERGED) this.merged.clear();
    this.merged.set(key, schema);
    return schema;
  }

  /** In the vendor's credits; null where it is not told, or differs between the entries that match. */
  credits(operation: string, from: string | null, to: string | null): number | null {
    if (from === null && (to === null || !hasTarget(operation))) return this.prices.get(operation) ?? null;
    const told = new Set(this.matching(operation, from, to).map(({ credits }) => credits));
    return told.size === 1 ? ([...told][0] ?? null) : null;
  }

  /** A wish that names no target, or no source, matches every one; so does an entry that names none. */
  private matching(operation: string, from: string | null, to: string | null): readonly CatalogueEntry[] {
    const targets = this.operations.get(operation);
    if (targets === undefined) return [];
    const reached = to === null || !hasTarget(operation) ? [...targets.values()] : [targets.get(to), targets.get(null)];
    return reached.flatMap((sources) => (sources === undefined ? [] : from === null ? [...sources.values()] : [sources.get(from) ?? sources.get(null) ?? []].flat()));
  }
}

/** Of a catalogue that is there as a whole. */
export function indexOf({ entries, covers }: Pick<Catalogue, 'entries' | 'covers'>, gone: readonly string[] = []): CatalogueIndex {
  return new CatalogueIndex(new Set(covers), new Set(gone)).add(entries);
}
