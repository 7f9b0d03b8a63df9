import { Ajv, type ValidateFunction } from 'ajv';
import type { OptionSchema } from './catalogue.js';
import { oneOf } from './places.js';

const ajv = new Ajv({ strict: false, allErrors: false, validateFormats: false, logger: false });
const compiled = new WeakMap<OptionSchema, ValidateFunction | null>();

/** Why a value is none that the schema allows, with those that it does allow; null where it is one, or the schema cannot be used. */
export function wrongOptionValue(schema: OptionSchema, value: unknown): string | null {
  const validate = compiled.has(schema) ? compiled.get(schema) : compile(schema);
  return validate === null || validate === undefined || validate(value) ? null : `Must be ${allowedBy(schema)}.`;
}

/** A vendor's schema that cannot be understood forbids nothing. */
function compile(schema: OptionSchema): ValidateFunction | null {
  let validate: ValidateFunction | null = null;
  try {
    validate = ajv.compile(schema);
  } catch {
    // Read as it was told; it is the vendor that has the last word.
  }
  compiled.set(schema, validate);
  return validate;
}

const TYPE_WORDS: ReadonlyMap<string, string> = new Map([['integer', 'a whole number'], ['number', 'a number'], ['string', 'a text'], ['boolean', 'true or false'], ['array', 'a list'], ['object', 'an object']]);
const MOST_SHOWN = 30;

function allowedBy(schema: OptionSchema): string {
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map(allowedBy))].join(', or ');
  if (schema.enum !== undefined) {
    const shown = schema.enum.slice(0, MOST_SHOWN);
    const rest = schema.enum.length - shown.length;
    return shown.every((value) => typeof value === 'string') && rest === 0 ? oneOf(shown) : `one of ${shown.map((value) => JSON.stringify(value)).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
  }
  const { minimum, maximum, pattern, type } = schema;
  const what = (type === undefined ? undefined : TYPE_WORDS.get(type)) ?? 'a value';
  const range = minimum !== undefined && maximum !== undefined ? ` from ${minimum} to ${maximum}` : minimum !== undefined ? ` of at least ${minimum}` : maximum !== undefined ? ` of at most ${maximum}` : '';
  return `${what}${range}${pattern === undefined ? '' : ` that matches ${pattern}`}`;
}
