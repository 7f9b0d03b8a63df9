import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { registerDecorator, ValidateIf } from 'class-validator';

/** An object whose values are all text. */
export function StringMap(field: { readonly about: string; readonly maxEntries: number; readonly maxLength: number; readonly optional?: boolean; readonly example?: Record<string, string> }): PropertyDecorator {
  return applyDecorators(
    ApiProperty({ description: field.about, type: 'object', additionalProperties: { type: 'string', maxLength: field.maxLength }, selfRequired: field.optional !== true, ...(field.example === undefined ? {} : { example: field.example }) }),
    ...(field.optional === true ? [ValidateIf((_, value) => value !== undefined)] : []),
    (target: object, propertyName: string | symbol) =>
      registerDecorator({
        name: 'stringMap',
        target: target.constructor,
        propertyName: String(propertyName),
        validator: {
          validate: (value: unknown) => isStringMap(value, field.maxEntries, field.maxLength),
          defaultMessage: () => `Must be an object of at most ${field.maxEntries} texts of at most ${field.maxLength} characters each.`,
        },
      }),
  );
}

function isStringMap(value: unknown, maxEntries: number, maxLength: number): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const entries = Object.entries(value);
  return entries.length <= maxEntries && entries.every(([name, text]) => name.length <= 64 && typeof text === 'string' && text.length <= maxLength);
}
