import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { registerDecorator, ValidateIf } from 'class-validator';
import { pointerSegment } from '../../conversion/job-body.js';
import { inside } from '../../http/fields.js';

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
          validate: (value: unknown) => complaintAbout(value, field.maxEntries, field.maxLength) === null,
          defaultMessage: (args) => complaintAbout(args?.value, field.maxEntries, field.maxLength) ?? '',
        },
      }),
  );
}

function complaintAbout(value: unknown, maxEntries: number, maxLength: number): string | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'Must be an object.';
  const entries = Object.entries(value);
  if (entries.length > maxEntries) return `Must have at most ${maxEntries} entries.`;
  for (const [name, text] of entries) {
    if (name.length > LONGEST_NAME) return inside(pointerSegment(name), `Names must have at most ${LONGEST_NAME} characters.`);
    if (typeof text !== 'string') return inside(pointerSegment(name), 'Must be a string.');
    if (text.length > maxLength) return inside(pointerSegment(name), `Must have at most ${maxLength} characters.`);
  }
  return null;
}

const LONGEST_NAME = 64;
