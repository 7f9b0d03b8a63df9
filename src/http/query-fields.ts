import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, IsString, Max, MaxLength, Min, ValidateBy } from 'class-validator';
import { isStorable } from './hostile-text.js';

// RFC 3339, or a date alone, which is its first moment in UTC.
const TIME = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2}))?$/;

export function IsTime(): PropertyDecorator {
  return ValidateBy({
    name: 'isTime',
    validator: {
      validate: (value) => typeof value === 'string' && TIME.test(value) && !Number.isNaN(Date.parse(value)) && isCalendarDay(value.slice(0, 10)),
      defaultMessage: () => 'Must be a time such as "2026-01-31T12:00:00Z".',
    },
  });
}

/** The 30th of February reads as a time, and is none. */
function isCalendarDay(day: string): boolean {
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
}

export function Storable(): PropertyDecorator {
  return ValidateBy({ name: 'storable', validator: { validate: (value) => typeof value !== 'string' || isStorable(value), defaultMessage: () => 'Must not contain NUL characters or broken Unicode.' } });
}

/** How many entries a page of a list may have. */
export function Limit(most: number, fallback: number): PropertyDecorator {
  const message = `Must be a whole number from 1 to ${most}.`;
  return applyDecorators(
    ApiProperty({ description: 'How many at most.', required: false, type: 'integer', minimum: 1, maximum: most, default: fallback }),
    Type(() => Number),
    IsInt({ message }),
    Min(1, { message }),
    Max(most, { message }),
  );
}

export function Cursor(): PropertyDecorator {
  return applyDecorators(
    ApiProperty({ description: 'Where the last page ended.', required: false }),
    IsOptional(),
    IsString({ message: 'Must be said once.' }),
    MaxLength(200, { message: 'Is not a cursor that was handed out here.' }),
  );
}
