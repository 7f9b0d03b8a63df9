import type { OptionSchema } from '../../../src/conversion/catalogue.js';
import { wrongOptionValue } from '../../../src/conversion/option-values.js';
import { exactly, nearly, dropped, optionRows, unifiedOption, UNIFIED_OPTIONS } from '../../../src/conversion/unified-options.js';
import { OPERATIONS } from '../../../src/conversion/operations.js';

it.each<[OptionSchema, unknown, unknown, string]>([
  [{ type: 'string', enum: ['gray', 'colored'] }, 'gray', 'grey', 'Must be "gray" or "colored".'],
  [{ type: 'integer', minimum: 1, maximum: 100 }, 80, 101, 'Must be a whole number from 1 to 100.'],
  [{ type: 'integer', minimum: 1 }, 1, 0.5, 'Must be a whole number of at least 1.'],
  [{ type: 'number', maximum: 2 }, 1.5, '1', 'Must be a number of at most 2.'],
  [{ type: 'string', pattern: '^a+$' }, 'aa', 'b', 'Must be a text that matches ^a+$.'],
  [{ type: 'boolean' }, false, 'yes', 'Must be true or false.'],
  [{ enum: [1, null, 'x'] }, null, 2, 'Must be one of 1, null, "x".'],
  [{ anyOf: [{ type: 'string', enum: ['fit'] }, { type: 'integer', minimum: 1 }] }, 3, 0, 'Must be "fit", or a whole number of at least 1.'],
  [{ enum: Array.from({ length: 40 }, (_, index) => `v${index}`) }, 'v39', 'v40', 'and 10 more.'],
])('%j takes %j, and tells of %j what it takes', (schema, right, wrong, message) => {
  expect(wrongOptionValue(schema, right)).toBeNull();
  expect(wrongOptionValue(schema, wrong)).toContain(message);
});

it('a schema that nobody can use forbids nothing', () => {
  expect(wrongOptionValue({ type: 'no such type' }, 1)).toBeNull();
  expect(wrongOptionValue({}, { any: 'thing' })).toBeNull();
});

it('every unified option belongs to operations that are there, and takes its own kind of value', () => {
  for (const { name, operations, schema } of UNIFIED_OPTIONS.values()) {
    expect(operations.filter((operation) => !OPERATIONS.has(operation))).toEqual([]);
    expect(operations.filter((operation) => OPERATIONS.get(operation)?.parameters[name] !== undefined)).toEqual([]);
    expect(wrongOptionValue(schema, { a: 1 })).toMatch(/^Must be /);
  }
  expect(unifiedOption('convert', 'quality')?.name).toBe('quality');
  expect(unifiedOption('hash', 'quality')).toBeNull();
});

it('rows say options in the vendor\'s words, and leave its own words alone', () => {
  const rows = optionRows(new Map([['quality', exactly('q', (value) => `${String(value)}%`)], ['width', nearly('w', 'Roughly.')], ['dpi', dropped('None.')]]), new Map([['compress level', dropped('None.')]]));
  expect(rows.say('convert', { quality: 80, width: 3, dpi: 72, color: 'gray', rotate: 90 })).toEqual({ q: '80%', w: 3, color: 'gray' });
  expect(rows.say('hash', { quality: 80 })).toEqual({ quality: 80 });
  expect([rows.row('convert', 'rotate')?.kind, rows.row('convert', 'color'), rows.row('compress', 'level')?.kind, rows.row('hash', 'level')]).toEqual(['dropped', null, 'dropped', null]);
});
