import type { OptionSchema, OptionsSchema } from './catalogue.js';

/** An option that is said in more ways than this is left open. */
const MOST_WAYS = 12;

/** All that any of several schemas takes: an option that is said in several ways may be any of them. */
export class OptionsUnion {
  private readonly ways = new Map<string, Map<string, OptionSchema>>();
  /** Many entries share one schema. */
  private readonly added = new Set<OptionsSchema | null>();
  private open = false;
  private told = false;
  private made: OptionsSchema | null = null;

  /** Null: an entry that tells nothing. */
  add(schema: OptionsSchema | null): this {
    if (this.added.has(schema)) return this;
    this.added.add(schema);
    this.made = null;
    if (schema === null) this.open = true;
    else {
      this.told = true;
      this.open ||= schema.additionalProperties;
      for (const [name, option] of Object.entries(schema.properties)) {
        const ways = this.ways.get(name) ?? new Map<string, OptionSchema>();
        if (ways.size <= MOST_WAYS) ways.set(JSON.stringify(option), option);
        this.ways.set(name, ways);
      }
    }
    return this;
  }

  /** Null where nothing was told. */
  schema(): OptionsSchema | null {
    if (!this.told) return null;
    this.made ??= { type: 'object', properties: Object.fromEntries([...this.ways].map(([name, ways]) => [name, anyOf([...ways.values()])])), additionalProperties: this.open };
    return this.made;
  }
}

/** Null where none of them tells anything. */
export function mergedOptions(schemas: readonly (OptionsSchema | null)[]): OptionsSchema | null {
  if (schemas.length === 1) return schemas[0] ?? null;
  return schemas.reduce((union, schema) => union.add(schema), new OptionsUnion()).schema();
}

function anyOf(ways: readonly OptionSchema[]): OptionSchema {
  if (ways.length > MOST_WAYS) return {};
  return ways.length === 1 ? (ways[0] ?? {}) : { anyOf: ways };
}
