import type { OptionSchema } from './catalogue.js';
import type { Options } from './job-graph.js';

/** An option in the gateway's own words: each vendor has a row for it that says what becomes of it there. */
export interface UnifiedOption {
  readonly name: string;
  /** The operations that it belongs to; elsewhere its name is a vendor's word like any other. */
  readonly operations: readonly string[];
  readonly schema: OptionSchema;
}

/** `exact`: it does what it says. `approximate`: nearly, or nobody can promise it. `dropped`: it has no effect. */
export type MappingKind = 'exact' | 'approximate' | 'dropped';

/** What becomes of one option, or of one parameter of a step, at one vendor. */
export interface OptionRow {
  readonly kind: MappingKind;
  /** Why it is not exact; null where it is. */
  readonly message: string | null;
  /** The vendor's own options for a value; none where it is dropped, or said elsewhere than among options. */
  readonly say: (value: unknown) => Options;
}

/** What is lost of a step at the provider that runs it. */
export interface Loss {
  readonly step: string;
  /** The option's or parameter's name. */
  readonly option: string;
  readonly kind: Exclude<MappingKind, 'exact'>;
  readonly message: string;
}

const PIXELS = { type: 'integer', minimum: 1, maximum: 32_768 } as const;

const option = (name: string, operations: readonly string[], schema: OptionSchema): readonly [string, UnifiedOption] => [name, { name, operations, schema }];

export const UNIFIED_OPTIONS: ReadonlyMap<string, UnifiedOption> = new Map([
  option('quality', ['convert'], { type: 'integer', minimum: 1, maximum: 100, description: 'How true a picture stays that is stored with losses, 1 to 100.' }),
  option('width', ['convert'], { ...PIXELS, description: 'Width of the result in pixels.' }),
  option('height', ['convert'], { ...PIXELS, description: 'Height of the result in pixels.' }),
  option('dpi', ['convert', 'thumbnail'], { type: 'integer', minimum: 1, maximum: 2400, description: 'Dots per inch at which pages are drawn.' }),
  option('rotate', ['convert'], { type: 'integer', minimum: -360, maximum: 360, description: 'Degrees, clockwise.' }),
  option('colorMode', ['convert'], { type: 'string', enum: ['color', 'gray', 'monochrome'], description: 'The colors of the result.' }),
  option('stripMetadata', ['convert'], { type: 'boolean', description: 'Leave out what the file says of itself: camera, place, author.' }),
  option('audioBitrate', ['convert'], { type: 'integer', minimum: 8, maximum: 1536, description: 'Sound, in kbit/s.' }),
  option('audioCodec', ['convert'], { type: 'string', pattern: '^[A-Za-z0-9_-]{1,32}$', description: 'The sound\'s codec: "aac", "mp3", "opus", …' }),
  option('sampleRate', ['convert'], { type: 'integer', minimum: 4000, maximum: 384_000, description: 'Sound, in Hz.' }),
  option('channels', ['convert'], { type: 'string', enum: ['mono', 'stereo'], description: 'The sound\'s channels.' }),
  option('viewportWidth', ['capture'], { ...PIXELS, description: 'Width of the browser\'s window in pixels.' }),
  option('viewportHeight', ['capture'], { ...PIXELS, description: 'Height of the browser\'s window in pixels.' }),
  option('deviceScale', ['capture'], { type: 'number', minimum: 0.1, maximum: 10, description: 'Pixels of the picture for one of the page.' }),
]);

/** Null: the name is not one of ours for this operation. */
export function unifiedOption(operation: string, name: string): UnifiedOption | null {
  const known = UNIFIED_OPTIONS.get(name);
  return known?.operations.includes(operation) === true ? known : null;
}

/** A vendor's rows, ready to be asked. */
export interface OptionRows {
  /** Of a unified option, or of a parameter that is said in a way of its own. Null: the name is the vendor's own word, or is said as it is. */
  readonly row: (operation: string, name: string) => OptionRow | null;
  /** Unified options in the vendor's words; whatever is none of them is the vendor's word already. */
  readonly say: (operation: string, options: Options) => Options;
}

/** `unified`: by name. `parameters`: by operation and name, "compress level". */
export function optionRows(unified: ReadonlyMap<string, OptionRow>, parameters: ReadonlyMap<string, OptionRow>): OptionRows {
  const ofOption = (operation: string, name: string): OptionRow | null => (unifiedOption(operation, name) === null ? null : (unified.get(name) ?? dropped('It is not known there.')));
  return {
    row: (operation, name) => ofOption(operation, name) ?? parameters.get(`${operation} ${name}`) ?? null,
    say: (operation, options) => Object.fromEntries(Object.entries(options).flatMap(([name, value]) => Object.entries(ofOption(operation, name)?.say(value) ?? { [name]: value }))),
  };
}

export const exactly = (name: string, value: (given: unknown) => unknown = (given) => given): OptionRow => ({ kind: 'exact', message: null, say: (given) => ({ [name]: value(given) }) });
export const nearly = (name: string, message: string): OptionRow => ({ kind: 'approximate', message, say: (given) => ({ [name]: given }) });
export const dropped = (message: string): OptionRow => ({ kind: 'dropped', message, say: () => ({}) });
