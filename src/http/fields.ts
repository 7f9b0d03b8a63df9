import { applyDecorators } from '@nestjs/common';
import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize, IsArray, IsBoolean, IsIn, IsInt, IsObject, IsOptional, IsString, Matches, Max, MaxLength, Min, MinLength, ValidateIf, ValidateNested,
} from 'class-validator';
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
  applyDecorators(
    ApiProperty({ description: field.about, [more.type === 'object' ? 'selfRequired' : 'required']: field.optional !== true, ...(field.nullable === true ? { nullable: true } : {}), ...(field.example === undefined ? {} : { example: field.example }), ...more }),
    ...presence(field),
  );

/** A field that may be left out may not for that be null. */
const presence = (field: Common): PropertyDecorator[] => {
  if (field.nullable === true) return [IsOptional()];
  return field.optional === true ? [ValidateIf((_, value) => value !== undefined)] : [];
};

export function Text(field: Common & { readonly min?: number; readonly max: number; readonly pattern?: RegExp; readonly shape?: string }): PropertyDecorator {
  const min = field.min ?? 1;
  return applyDecorators(
    documented(field, { type: String, minLength: min, maxLength: field.max, ...(field.pattern === undefined ? {} : { pattern: field.pattern.source }) }),
    IsString({ message: 'Must be a string.' }),
    MinLength(min, { message: 'Must not be empty.' }),
    MaxLength(field.max, { message: `Must have at most ${field.max} characters.` }),
    ...(field.pattern === undefined ? [] : [Matches(field.pattern, { message: field.shape ?? `Must match ${field.pattern.source}.` })]),
  );
}

export function Id(field: Common): PropertyDecorator {
  return Text({ ...field, max: 64, pattern: /^[A-Za-z0-9_-]{1,64}$/, shape: 'Must be 1 to 64 letters, digits, "-" or "_".' });
}

export function Whole(field: Common & { readonly min: number; readonly max: number }): PropertyDecorator {
  const range = `Must be a whole number from ${field.min} to ${field.max}.`;
  return applyDecorators(documented(field, { type: 'integer', minimum: field.min, maximum: field.max }), IsInt({ message: range }), Min(field.min, { message: range }), Max(field.max, { message: range }));
}

export function Flag(field: Common): PropertyDecorator {
  return applyDecorators(documented(field, { type: Boolean }), IsBoolean({ message: 'Must be true or false.' }));
}

export function Choice(field: Common & { readonly of: readonly string[] }): PropertyDecorator {
  return applyDecorators(documented(field, { type: String, enum: [...field.of] }), IsIn([...field.of], { message: `Must be ${oneOf(field.of)}.` }));
}

export function Texts(field: Common & { readonly maxItems: number; readonly maxLength: number }): PropertyDecorator {
  return applyDecorators(
    documented(field, { type: [String], maxItems: field.maxItems }),
    IsArray({ message: 'Must be a list.' }),
    ArrayMaxSize(field.maxItems, { message: `Must have at most ${field.maxItems} entries.` }),
    IsString({ each: true, message: 'Every entry must be a string.' }),
    MaxLength(field.maxLength, { each: true, message: `No entry may have more than ${field.maxLength} characters.` }),
  );
}

export function FreeObject(field: Common): PropertyDecorator {
  return applyDecorators(documented(field, { type: 'object', additionalProperties: true }), IsObject({ message: 'Must be an object.' }));
}

export function Nested(field: Common & { readonly of: new () => object }): PropertyDecorator {
  return applyDecorators(
    documented(field, { type: () => field.of }),
    IsObject({ message: 'Must be an object.' }),
    ValidateNested({ message: 'Must be an object.' }),
    Type(() => field.of),
  );
}

export function NestedList(field: Common & { readonly of: new () => object; readonly maxItems: number }): PropertyDecorator {
  return applyDecorators(
    documented(field, { type: () => [field.of], maxItems: field.maxItems }),
    IsArray({ message: 'Must be a list.' }),
    ArrayMaxSize(field.maxItems, { message: `Must have at most ${field.maxItems} entries.` }),
    ValidateNested({ each: true, message: 'Every entry must be an object.' }),
    Type(() => field.of),
  );
}
