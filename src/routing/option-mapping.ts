import type { OptionsSchema } from '../conversion/catalogue.js';
import { OPERATIONS } from '../conversion/operations.js';
import { UNIFIED_OPTIONS, type Loss, type OptionRows } from '../conversion/unified-options.js';

/** The schema of a step's `options` at a provider with the unified ones that are not without effect there; where it tells of one itself, that counts. */
export function withUnified(schema: OptionsSchema, operation: string, row: OptionRows['row']): OptionsSchema {
  const unified = unifiedOf(operation).filter(({ name }) => row(operation, name)?.kind !== 'dropped');
  return { ...schema, properties: { ...Object.fromEntries(unified.map(({ name, schema: own }) => [name, own])), ...schema.properties } };
}

/** The unified options and the parameters of an operation that a provider does not follow exactly. */
export function lossesAt(operation: string, row: OptionRows['row']): readonly Omit<Loss, 'step'>[] {
  const names = [...Object.keys(OPERATIONS.get(operation)?.parameters ?? {}), ...unifiedOf(operation).map(({ name }) => name)];
  return names.flatMap((option) => {
    const told = row(operation, option);
    return told === null || told.kind === 'exact' ? [] : [{ option, kind: told.kind, message: told.message ?? '' }];
  });
}

const unifiedOf = (operation: string) => [...UNIFIED_OPTIONS.values()].filter(({ operations }) => operations.includes(operation));
