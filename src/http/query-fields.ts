import { ValidateBy } from 'class-validator';
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
