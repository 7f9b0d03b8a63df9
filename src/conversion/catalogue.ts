import { OPERATIONS } from './operations.js';

/** JSON Schema (2020-12) of one option's value: only keywords that every validator knows, each of them checked as it was read. */
export interface OptionSchema {
  readonly type?: string;
  readonly enum?: readonly (string | number | boolean | null)[];
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly description?: string;
  readonly examples?: readonly unknown[];
  readonly anyOf?: readonly OptionSchema[];
}

/** JSON Schema of a step's `options`. `additionalProperties` true: the vendor did not tell all that it takes. */
export interface OptionsSchema {
  readonly type: 'object';
  readonly properties: Readonly<Record<string, OptionSchema>>;
  readonly additionalProperties: boolean;
}

/** One thing that a vendor's catalogue lists, in our words. Formats are canonical. */
export interface CatalogueEntry {
  /** A name of `OPERATIONS`; null for what the vendor lists and no operation of ours says. */
  readonly operation: string | null;
  /** As the vendor names it: "image/png", "operation/resize-image", "capture_website". */
  readonly name: string;
  /** Null: any, or a vendor that does not list by source. */
  readonly from: string | null;
  /** Null: the operation has no target, or the vendor does not list it by target. */
  readonly to: string | null;
  /** Null: the vendor was not asked, or did not tell. */
  readonly options: OptionsSchema | null;
  /** What one file costs, in the vendor's credits; null where it does not tell. */
  readonly credits: number | null;
}

/** A vendor's catalogue at one time. */
export interface Catalogue {
  /** Each with an `entryKey` of its own. */
  readonly entries: readonly CatalogueEntry[];
  /** Operations of which everything is listed, so that what is not listed is not there; "*": all. Of others the list is a sample. */
  readonly covers: readonly string[];
  /** What an operator should know of how it was read, in sentences. */
  readonly remarks: readonly string[];
}

export const OPEN_OPTIONS: OptionsSchema = { type: 'object', properties: {}, additionalProperties: true };

/** The same for the same thing in any version of a catalogue. */
export function entryKey({ operation, name, from, to }: Pick<CatalogueEntry, 'operation' | 'name' | 'from' | 'to'>): string {
  return operation === null ? `? ${name}` : `${operation} ${from ?? '*'} ${to ?? '*'}`;
}

/** "convert jpg to png", "compress", "operation/new-thing": for people. */
export function nameOfEntry({ operation, name, from, to }: Pick<CatalogueEntry, 'operation' | 'name' | 'from' | 'to'>): string {
  return operation === null ? name : `${operation}${from === null ? '' : ` ${from}`}${to === null ? '' : ` to ${to}`}`;
}

/** Whether steps of an operation say `to`: where they do not, a catalogue's target is no part of what is asked for. */
export function hasTarget(operation: string): boolean {
  return OPERATIONS.get(operation)?.parameters['to'] !== undefined;
}
