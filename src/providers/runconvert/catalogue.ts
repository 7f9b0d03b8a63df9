import { entryKey, hasTarget, type CatalogueEntry, type OptionSchema, type OptionsSchema } from '../../conversion/catalogue.js';
import { canonicalFormat } from '../../conversion/formats.js';
import { OPERATIONS } from '../../conversion/operations.js';
import { readOptionSchema, readValues } from '../option-schema.js';
import { operationOf } from './formats.js';
import { readJson } from './wire.js';

/** The pair that was asked for, as far as it was: an answer need not repeat it. Canonical. */
export interface AskedPair {
  readonly from: string | null;
  readonly to: string | null;
}

/** One engine that can do a thing. */
interface Engine {
  readonly name: string | null;
  readonly versions: readonly string[];
  readonly isDefault: boolean;
  readonly credits: number | null;
  /** Null: not told. */
  readonly options: Readonly<Record<string, OptionSchema>> | null;
}

/**
 * `GET …/core/operations`, whose body no document shows: the entries in a list or a map by name, bare or in `{ data }`, `{ operations }` or `{ engines }`;
 * each engine an entry of its own, or all of a pair's within one; options as a list or a map. Null when it is none of these. `seen`: what was made of
 * the engines of other entries: many pairs say the same of theirs, and share it then.
 */
export function readOperations(body: string, asked: AskedPair, seen = new Map<string, OptionsSchema | null>()): readonly CatalogueEntry[] | null {
  const answer = readJson(body);
  const list = isRecord(answer) ? (answer['data'] ?? answer['operations'] ?? answer['engines'] ?? answer) : answer;
  if (typeof list !== 'object' || list === null) return null;
  const found = new Map<string, { readonly entry: CatalogueEntry; readonly told: Readonly<Record<string, unknown>>[] }>();
  for (const [key, value] of Object.entries(list)) {
    for (const item of (Array.isArray(value) ? value : [value]) as unknown[]) {
      if (!isRecord(item)) continue;
      const entry = toEntry(item, Array.isArray(list) ? null : key, asked);
      const known = found.get(entryKey(entry));
      if (known === undefined) found.set(entryKey(entry), { entry, told: [item] });
      else known.told.push(item);
    }
  }
  return [...found.values()].map(({ entry, told }) => {
    const key = JSON.stringify(told.map((item) => ENGINE_FIELDS.map((field) => item[field])));
    const known = seen.get(key);
    const engines = told.flatMap((item) => readEngines(item, known === undefined));
    const options = known === undefined ? toOptions(engines) : known;
    seen.set(key, options);
    return { ...entry, options, credits: creditsOf(engines) };
  });
}

/** All that options are made of. */
const ENGINE_FIELDS = ['engines', 'engine', 'name', 'engine_versions', 'versions', 'options'];

function toEntry(item: Readonly<Record<string, unknown>>, key: string | null, asked: AskedPair): CatalogueEntry {
  // What stands in a map is named by its key; an engine alone, asked for by pair, is one of a conversion.
  const named = readWord(item['operation']) ?? (key !== null && operationOf(key) !== null ? key : 'convert');
  const operation = operationOf(named);
  const from = readFormat(item['input_format'] ?? item['from']) ?? asked.from;
  const to = readFormat(item['output_format'] ?? item['to']) ?? asked.to;
  const takesFiles = operation !== null && OPERATIONS.get(operation)?.files !== 'none';
  return {
    operation,
    name: operation === null ? [named, from, to].filter((part) => part !== null).join(' ') : named,
    from: takesFiles ? from : null,
    to: operation !== null && hasTarget(operation) ? to : null,
    options: null,
    credits: null,
  };
}

function readEngines(item: Readonly<Record<string, unknown>>, withOptions: boolean): readonly Engine[] {
  const listed = item['engines'];
  if (typeof listed !== 'object' || listed === null || Object.keys(listed).length === 0) return [readEngine(item, null, item, withOptions)];
  return Object.entries(listed).map(([key, engine]) => (isRecord(engine) ? readEngine(engine, Array.isArray(listed) ? null : key, item, withOptions) : readEngine({ engine }, null, item, withOptions)));
}

function readEngine(engine: Readonly<Record<string, unknown>>, key: string | null, item: Readonly<Record<string, unknown>>, withOptions: boolean): Engine {
  const versions = engine['engine_versions'] ?? engine['versions'];
  return {
    name: readWord(engine['engine'] ?? (engine === item ? null : engine['name'])) ?? key,
    // They come as texts and as objects.
    versions: typeof versions === 'object' && versions !== null ? Object.values(versions).flatMap((version: unknown) => readWord(isRecord(version) ? (version['version'] ?? version['name']) : version) ?? []) : [],
    isDefault: engine['default'] === true || engine['is_default'] === true,
    credits: readCredits(engine['credits'] ?? item['credits']),
    options: withOptions ? readOptions(engine['options'] ?? item['options']) : null,
  };
}

/** As a list of `{ name, type, description, supported_values }` (SDKs, EngineOption), or as a map by name. */
function readOptions(told: unknown): Engine['options'] {
  if (typeof told !== 'object' || told === null) return null;
  const options = Object.entries(told as Readonly<Record<string, unknown>>).flatMap(([key, option]: [string, unknown]): [string, OptionSchema][] => {
    const name = Array.isArray(told) ? readWord(isRecord(option) ? option['name'] : option) : key;
    if (name === null || name === '__proto__' || name.length > 100) return [];
    return [[name, Array.isArray(option) ? toEnum({}, option as unknown) : isRecord(option) ? toEnum(readOptionSchema(option), option['supported_values'] ?? option['values']) : {}]];
  });
  return Object.fromEntries(options.slice(0, 300));
}

/** Two figures of a number's option may be all that it takes, or the ends of a range: nothing tells which, so they bind nobody. */
function toEnum(schema: OptionSchema, told: unknown): OptionSchema {
  const values = readValues(told, schema.type);
  if (values.length === 0 || schema.enum !== undefined) return schema;
  const isNumeric = schema.type === 'integer' || schema.type === 'number';
  return isNumeric && values.length === 2 ? { ...schema, examples: values } : { ...schema, enum: values };
}

/** What any engine takes; which of them takes what is for the vendor to say. The engine is chosen among the options. */
function toOptions(engines: readonly Engine[]): OptionsSchema | null {
  const told = engines.map(({ options }) => options).filter((options) => options !== null);
  if (told.length === 0) return null;
  const options: Record<string, OptionSchema> = {};
  for (const [name, schema] of told.flatMap((one) => Object.entries(one))) {
    const before = options[name];
    options[name] = before === undefined || JSON.stringify(before) === JSON.stringify(schema) ? schema : { anyOf: [...(before.anyOf ?? [before]), schema] };
  }
  const names = [...new Set(engines.flatMap(({ name }) => name ?? []))];
  const versions = [...new Set(engines.flatMap((engine) => engine.versions))];
  return {
    type: 'object',
    properties: {
      ...options,
      ...(names.length === 0 ? {} : { engine: { type: 'string', enum: names, description: 'The program that does it.' } }),
      ...(versions.length === 0 ? {} : { engine_version: { type: 'string', enum: versions, description: 'Which of its versions.' } }),
    },
    additionalProperties: Object.keys(options).length === 0,
  };
}

/** Of the engine that is taken where none is named: the default, else the first. */
function creditsOf(engines: readonly Engine[]): number | null {
  return (engines.find(({ isDefault }) => isDefault) ?? engines[0])?.credits ?? null;
}

function readCredits(told: unknown): number | null {
  const credits = typeof told === 'string' && told.trim() !== '' ? Number(told) : told;
  return typeof credits === 'number' && Number.isFinite(credits) && credits >= 0 ? credits : null;
}

function readFormat(told: unknown): string | null {
  const word = readWord(isRecord(told) ? (told['format'] ?? told['extension'] ?? told['name']) : told);
  return word === null ? null : canonicalFormat(word);
}

function readWord(told: unknown): string | null {
  if (typeof told === 'number' && Number.isFinite(told)) return String(told);
  const word = typeof told === 'string' ? told.trim().replaceAll('\0', '').toWellFormed() : '';
  return word === '' || word.length > 200 ? null : word;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
