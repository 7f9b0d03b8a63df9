import { applyDecorators } from '@nestjs/common';
import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize, IsArray, IsObject, IsOptional, ValidateBy, ValidateIf, ValidateNested, isInt, isObject, isString, maxLength, minLength,
} from 'class-validator';
import type { FieldError } from '../conversion/job-body.js';
import { nearest } from '../conversion/nearest.js';
import { oneOf } from '../conversion/places.js';

/*
 * A field's check and its documentation, said once: what /openapi.json tells is what is checked.
 * Every message stands behind the field's JSON pointer, so it does not repeat the name.
 */

interface Common {
  readonly about: string;
  readonly optional?: boolean;
  /** Optional, and null says the same as leaving it out. */
  readonly nullable?: boolean;
  readonly example?: unknown;
}

const documented = (field: Common, more: ApiPropertyOptions): PropertyDecorator =>
  ApiProperty({ description: field.about, [more.type === 'object' ? 'selfRequired' : 'required']: field.optional !== true, ...(field.nullable === true ? { nullable: true } : {}), ...(field.example === undefined ? {} : { example: field.example }), ...more });

/** A field that may be left out may not for that be null. */
const presence = (field: Common): PropertyDecorator[] => {
  if (field.nullable === true) return [IsOptional()];
  return field.optional === true ? [ValidateIf((_, value) => value !== undefined)] : [];
};

/** One check a field, which says what is wrong or null: every decorator costs on every request, and one sentence a field is told anyway. */
function checked(field: Common, complaintAbout: (value: unknown) => string | null): PropertyDecorator {
  const complaint = (value: unknown): string | null => {
    const leftOut = field.nullable === true ? value === undefined || value === null : field.optional === true && value === undefined;
    return leftOut ? null : complaintAbout(value);
  };
  return ValidateBy({ name: 'field', validator: { validate: (value: unknown) => complaint(value) === null, defaultMessage: (args) => complaint(args?.value) ?? '' } });
}

/** A complaint about something inside a field that is checked as a whole; the pipe takes the pointer out again. */
export const inside = (pointer: string, message: string): string => `${pointer}\n${message}`;

export function readInside(complaint: string): FieldError | null {
  const [pointer, message] = complaint.split('\n');
  return pointer?.startsWith('/') === true && message !== undefined ? { pointer, message } : null;
}

export function Text(field: Common & { readonly min?: number; readonly max: number; readonly pattern?: RegExp; readonly shape?: string }): PropertyDecorator {
  const { min = 1, max, pattern } = field;
  return applyDecorators(
    documented(field, { type: String, minLength: min, maxLength: max, ...(pattern === undefined ? {} : { pattern: pattern.source }) }),
    checked(field, (value) => {
      if (!isString(value)) return 'Must be a string.';
      if (!minLength(value, min)) return 'Must not be empty.';
      if (!maxLength(value, max)) return `Must have at most ${max} characters.`;
      return pattern === undefined || pattern.test(value) ? null : (field.shape ?? `Must match ${pattern.source}.`);
    }),
  );
}

export function Id(field: Common): PropertyDecorator {
  return Text({ ...field, max: 64, pattern: /^[A-Za-z0-9_-]{1,64}$/, shape: 'Must be 1 to 64 letters, digits, "-" or "_".' });
}

export function Whole(field: Common & { readonly min: number; readonly max: number }): PropertyDecorator {
  const { min, max } = field;
  return applyDecorators(
    documented(field, { type: 'integer', minimum: min, maximum: max }),
    checked(field, (value) => (isInt(value) && (value as number) >= min && (value as number) <= max ? null : `Must be a whole number from ${min} to ${max}.`)),
  );
}

export function Flag(field: Common): PropertyDecorator {
  return applyDecorators(documented(field, { type: Boolean }), checked(field, (value) => (typeof value === 'boolean' ? null : 'Must be true or false.')));
}

/** The end of a refusal: the word that was most likely meant. */
function meant(value: unknown, words: readonly string[]): string {
  const near = typeof value === 'string' ? nearest(value, words) : null;
  return near === null ? '.' : `; did you mean "${near}"?`;
}

export function Choice(field: Common & { readonly of: readonly string[] }): PropertyDecorator {
  const values = new Set<unknown>(field.of);
  return applyDecorators(documented(field, { type: String, enum: [...field.of] }), checked(field, (value) => (values.has(value) ? null : `Must be ${oneOf(field.of)}${meant(value, field.of)}`)));
}

export function Texts(field: Common & { readonly maxItems: number; readonly maxLength: number }): PropertyDecorator {
  return applyDecorators(
    documented(field, { type: [String], maxItems: field.maxItems }),
    checked(field, (value) => {
      if (!Array.isArray(value)) return 'Must be a list.';
      const odd = value.findIndex((entry) => !isString(entry));
      if (odd >= 0) return inside(`/${odd}`, 'Must be a string.');
      if (value.length > field.maxItems) return `Must have at most ${field.maxItems} entries.`;
      const long = value.findIndex((text) => !maxLength(text, field.maxLength));
      return long < 0 ? null : inside(`/${long}`, `Must have at most ${field.maxLength} characters.`);
    }),
  );
}

export function FreeObject(field: Common): PropertyDecorator {
  return applyDecorators(documented(field, { type: 'object', additionalProperties: true }), checked(field, (value) => (isObject(value) ? null : 'Must be an object.')));
}

/** The class of a body, or of an object in one. */
export type Shape = new () => object;

const nestedShapes = new Map<object, Map<string | symbol, Shape>>();

/** The class of the objects in a field, null where it holds none. */
export function nestedAt({ prototype }: { readonly prototype: unknown }, name: string): Shape | null {
  for (let at = prototype as object | null; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    const shape = nestedShapes.get(at)?.get(name);
    if (shape !== undefined) return shape;
  }
  return null;
}

const holds = (shape: Shape): PropertyDecorator => (target, name) => void nestedShapes.set(target, new Map([...(nestedShapes.get(target) ?? []), [name, shape]]));

export function Nested(field: Common & { readonly of: Shape }): PropertyDecorator {
  return applyDecorators(
    holds(field.of),
    documented(field, { type: () => field.of }),
    ...presence(field),
    IsObject({ message: 'Must be an object.' }),
    ValidateNested({ message: 'Must be an object.' }),
    Type(() => field.of),
  );
}

export function NestedList(field: Common & { readonly of: Shape; readonly maxItems: number }): PropertyDecorator {
  return applyDecorators(
    holds(field.of),
    documented(field, { type: () => [field.of], maxItems: field.maxItems }),
    ...presence(field),
    IsArray({ message: 'Must be a list.' }),
    ArrayMaxSize(field.maxItems, { message: `Must have at most ${field.maxItems} entries.` }),
    checked(field, (value) => {
      const odd = Array.isArray(value) ? value.findIndex((entry) => !isObject(entry)) : -1;
      return odd < 0 ? null : inside(`/${odd}`, 'Must be an object.');
    }),
    ValidateNested({ each: true, message: 'Every entry must be an object.' }),
    Type(() => field.of),
  );
}
