import type { CatalogueEntry, OptionsSchema } from '../conversion/catalogue.js';

/** A slice of a catalogue as it is stored. Vendors say the same options of many entries: here they stand once. */
export interface CataloguePart {
  readonly schemas: readonly OptionsSchema[];
  readonly entries: readonly (readonly [operation: string | null, name: string, from: string | null, to: string | null, schema: number | null, credits: number | null])[];
}

/** Readers give alike options as one object; what they do not share is only stored more than once. */
export function toPart(entries: readonly CatalogueEntry[]): CataloguePart {
  const places = new Map<OptionsSchema, number>();
  const placeOf = (schema: OptionsSchema): number => {
    const place = places.get(schema) ?? places.size;
    places.set(schema, place);
    return place;
  };
  const rows = entries.map(({ operation, name, from, to, options, credits }) => [operation, name, from, to, options === null ? null : placeOf(options), credits] as const);
  return { schemas: [...places.keys()], entries: rows };
}

export function readPart({ schemas, entries }: CataloguePart): readonly CatalogueEntry[] {
  return entries.map(([operation, name, from, to, schema, credits]) => ({ operation, name, from, to, options: schema === null ? null : (schemas[schema] ?? null), credits }));
}
