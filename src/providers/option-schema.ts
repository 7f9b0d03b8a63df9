import type { OptionSchema } from '../conversion/catalogue.js';

/** What vendors call the types of JSON Schema. */
const TYPES: ReadonlyMap<string, string> = new Map([
  ['string', 'string'], ['text', 'string'], ['enum', 'string'], ['select', 'string'], ['color', 'string'],
  ['integer', 'integer'], ['int', 'integer'],
  ['number', 'number'], ['float', 'number'], ['double', 'number'], ['decimal', 'number'],
  ['boolean', 'boolean'], ['bool', 'boolean'],
  ['array', 'array'], ['list', 'array'],
  ['object', 'object'],
]);

const LONGEST_TEXT = 1000;
const MOST_VALUES = 1000;

type Value = string | number | boolean | null;

/**
 * One option as a vendor describes it: an object like a JSON Schema. What is none of its keywords, or makes no sense as one
 * (a boolean `required`, a pattern that is no pattern, an empty `enum`, figures as text), is dropped or read as what it means.
 */
export function readOptionSchema(told: unknown): OptionSchema {
  if (typeof told !== 'object' || told === null || Array.isArray(told)) return {};
  const said = told as Readonly<Record<string, unknown>>;
  const type = typeof said['type'] === 'string' ? TYPES.get(said['type'].trim().toLowerCase()) : undefined;
  const values = readValues(said['enum'], type);
  const least = readNumber(said['minimum'] ?? said['min']);
  const most = readNumber(said['maximum'] ?? said['max']);
  const pattern = readPattern(said['pattern']);
  const description = readText(said['description']);
  const example = said['example'] ?? undefined;
  return {
    ...(type === undefined ? {} : { type }),
    ...(values.length === 0 ? {} : { enum: values }),
    ...(isValue(said['default']) && said['default'] !== null ? { default: asType(said['default'], type) } : {}),
    ...(least === null ? {} : { minimum: least }),
    ...(most === null || (least !== null && most < least) ? {} : { maximum: most }),
    ...(pattern === null ? {} : { pattern }),
    ...(description === null ? {} : { description }),
    ...(isValue(example) && example !== '' ? { examples: [asType(example, type)] } : {}),
  };
}

/** Values of an `enum`, in a list or an object; figures of a number's option may come as text. */
export function readValues(told: unknown, type: string | undefined): readonly Value[] {
  if (typeof told !== 'object' || told === null) return [];
  const values = Object.values(told).filter(isValue).map((value) => asType(value, type));
  return [...new Set(values)].slice(0, MOST_VALUES);
}

function isValue(value: unknown): value is Value {
  return value === null || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value)) || (typeof value === 'string' && value.length <= LONGEST_TEXT);
}

function asType(value: Value, type: string | undefined): Value {
  if (typeof value === 'string' && (type === 'integer' || type === 'number')) return readNumber(value) ?? plain(value);
  if (type === 'boolean' && (value === 'true' || value === 'false')) return value === 'true';
  if (typeof value === 'number' && type === 'string') return String(value);
  return typeof value === 'string' ? plain(value) : value;
}

function readNumber(value: unknown): number | null {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : null;
}

function readText(value: unknown): string | null {
  return typeof value === 'string' && value.trim() !== '' ? plain(value.trim()).slice(0, LONGEST_TEXT) : null;
}

/** JSON Schema's patterns have no delimiters; PHP's do: "/^a$/i" is "^a$". */
function readPattern(value: unknown): string | null {
  if (typeof value !== 'string' || value === '' || value.length > LONGEST_TEXT) return null;
  const [, , inner, flags] = /^([/#~])(.*)\1([a-z]*)$/su.exec(value) ?? [];
  const pattern = inner ?? value;
  if (flags?.includes('i') === true) return null;
  try {
    new RegExp(pattern, 'u');
    return plain(pattern);
  } catch {
    return null;
  }
}

/** PostgreSQL cannot store a NUL or half of a surrogate pair. */
const plain = (text: string): string => text.replaceAll('\0', '').toWellFormed();
