import { entryKey, type CatalogueEntry, type OptionSchema, type OptionsSchema } from '../../conversion/catalogue.js';
import { canonicalFormat, categoryOf } from '../../conversion/formats.js';
import { readOptionSchema } from '../option-schema.js';
import { captureEngine, CATEGORY_WORDS, VENDOR_OPERATIONS } from './formats.js';
import type { Api2convertEntry, Api2convertSettings } from './wire.js';

/** Ours by the target of the category `operation`. */
const OPERATION_OF: ReadonlyMap<string, string> = new Map([['compress', 'compress'], ['thumbnail', 'thumbnail'], ...[...VENDOR_OPERATIONS].map(([ours, { target }]) => [target, ours] as const)]);

/** Options of a capture that the input takes, and the catalogue does not list (SDKs, "screenshot options"). */
const SCREEN: Readonly<Record<string, OptionSchema>> = {
  screen_width: { type: 'integer', minimum: 1, description: 'Width of the screen in pixels.' },
  screen_height: { type: 'integer', minimum: 1, description: 'Height of the screen in pixels.' },
  device_scale_factor: { type: 'number', minimum: 0, description: 'Pixels of the device for one of the page.' },
};

/**
 * `GET /conversions` in our words. It lists targets, never what they are made from; one of its entries may be several operations of ours, for
 * they are told apart by options alone. Where a target stands in several categories, the one that a step would name counts.
 */
export class CatalogueReading {
  private readonly byKey = new Map<string, { readonly entry: CatalogueEntry; readonly fits: boolean }>();

  constructor(private readonly settings: Api2convertSettings) {}

  add(told: readonly Api2convertEntry[]): void {
    for (const { category, target, options } of told) {
      if (target === null) continue;
      const fits = category !== null && category === wordOf(target);
      for (const entry of readEntry(category?.toLowerCase() ?? '', target.toLowerCase(), readOptions(options), this.settings)) {
        const key = entryKey(entry);
        if (!this.byKey.has(key) || (fits && this.byKey.get(key)?.fits === false)) this.byKey.set(key, { entry, fits });
      }
    }
  }

  entries(): readonly CatalogueEntry[] {
    return [...this.byKey.values()].map(({ entry }) => entry);
  }
}

function readEntry(category: string, target: string, options: OptionsSchema | null, settings: Api2convertSettings): readonly CatalogueEntry[] {
  const name = `${category}/${target}`;
  const entry = (operation: string | null, to: string | null, taken = options): CatalogueEntry => ({ operation, name, from: null, to, options: taken, credits: null });
  if (category === 'operation') return [entry(OPERATION_OF.get(target) ?? null, null)];
  if (category === 'hash') return [entry('hash', target)];
  if (category === 'metadata') return [target === 'json' ? entry('read-metadata', null) : entry(null, null)];
  const to = canonicalFormat(target);
  const kind = categoryOf(to);
  // A format that no step can name here.
  if (kind === null) return [entry(null, null)];
  return [
    entry('convert', to),
    ...(to === 'pdf' ? [entry('merge', to)] : []),
    ...(kind === 'archive' ? [entry('archive', to)] : []),
    ...(captureEngine(to) === null ? [] : [entry('capture', to, options === null ? null : { ...options, properties: { ...options.properties, ...SCREEN } })]),
    ...(settings.ocr === undefined ? [] : [entry('ocr', to)]),
  ];
}

function wordOf(target: string): string | null {
  const kind = categoryOf(target);
  return kind === null ? null : CATEGORY_WORDS[kind];
}

/** An empty map may be an option-less target as well as one that was not described: it forbids nothing. */
export function readOptions(told: unknown): OptionsSchema | null {
  if (typeof told !== 'object' || told === null) return null;
  const properties = Array.isArray(told) ? [] : Object.entries(told as Readonly<Record<string, unknown>>).filter(([name]) => name !== '' && name !== '__proto__' && name.length <= 100);
  return { type: 'object', properties: Object.fromEntries(properties.slice(0, 300).map(([name, option]) => [name, readOptionSchema(option)])), additionalProperties: properties.length === 0 };
}
