import { isDeepStrictEqual } from 'node:util';
import { entryKey, nameOfEntry, type CatalogueEntry } from './catalogue.js';

/** `added`, `removed`: something listed. `options`, `price`: of something that both list. */
export const DRIFT_KINDS = ['added', 'removed', 'options', 'price'] as const;
export type DriftKind = (typeof DRIFT_KINDS)[number];

/** What changed from one version to the next. Examples are for people, of each kind the first few. */
export interface Drift {
  readonly counts: Readonly<Record<DriftKind, number>>;
  readonly examples: Readonly<Record<DriftKind, readonly string[]>>;
}

const EXAMPLES = 10;

/** Compares two versions slice by slice: all of the older one first, then all of the newer. */
export class DriftTally {
  private readonly before = new Map<string, CatalogueEntry>();
  private readonly counts = { added: 0, removed: 0, options: 0, price: 0 };
  private readonly examples: Record<DriftKind, string[]> = { added: [], removed: [], options: [], price: [] };

  older(entries: readonly CatalogueEntry[]): this {
    for (const entry of entries) this.before.set(entryKey(entry), entry);
    return this;
  }

  newer(entries: readonly CatalogueEntry[]): this {
    for (const entry of entries) {
      const key = entryKey(entry);
      const before = this.before.get(key);
      this.before.delete(key);
      if (before === undefined) this.note('added', nameOfEntry(entry));
      else this.compare(before, entry);
    }
    return this;
  }

  /** Keys of what the older version lists and the newer one, as far as it was seen, does not. */
  gone(): readonly string[] {
    return [...this.before.keys()];
  }

  /** Once, at the end: what is left of the older version is gone. */
  drift(): Drift {
    for (const entry of this.before.values()) this.note('removed', nameOfEntry(entry));
    this.before.clear();
    return { counts: { ...this.counts }, examples: this.examples };
  }

  private compare(before: CatalogueEntry, after: CatalogueEntry): void {
    // Whom the vendor was not asked about this time did not change.
    if (before.options === null || after.options === null) return;
    if (!isDeepStrictEqual(before.options, after.options)) this.note('options', `${nameOfEntry(after)} (${changedOptions(before, after).join(', ')})`);
    if (before.credits !== after.credits) this.note('price', `${nameOfEntry(after)}: ${before.credits ?? 'unknown'} to ${after.credits ?? 'unknown'}`);
  }

  private note(kind: DriftKind, example: string): void {
    this.counts[kind] += 1;
    if (this.examples[kind].length < EXAMPLES) this.examples[kind].push(example);
  }
}

export function hasDrifted({ counts }: Drift): boolean {
  return DRIFT_KINDS.some((kind) => counts[kind] > 0);
}

function changedOptions({ options: before }: CatalogueEntry, { options: after }: CatalogueEntry): readonly string[] {
  const names = new Set([...Object.keys(before?.properties ?? {}), ...Object.keys(after?.properties ?? {})]);
  const changed = [...names].filter((name) => !isDeepStrictEqual(before?.properties[name], after?.properties[name]));
  return changed.length > 0 ? changed.slice(0, 5) : ['whether others are taken'];
}
