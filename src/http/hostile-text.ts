import { pointerSegment, type FieldError } from '../conversion/job-body.js';

/** Whether a text can be stored: PostgreSQL takes no NUL, and UTF-8 knows no half of a surrogate pair. */
export function isStorable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}

/** Whether a name is one that every object has ("constructor", "__proto__"): checks that look names up would take it for known. */
export function isBuiltIn(name: string): boolean {
  return name in Object.prototype;
}

/** The first text in a parsed body, a field's name included, that must not travel on; null when there is none. */
export function findHostileText(value: unknown, pointer: string): FieldError | null {
  if (typeof value === 'string') return isStorable(value) ? null : { pointer, message: 'Must not contain NUL characters or broken Unicode.' };
  if (typeof value !== 'object' || value === null) return null;
  for (const [name, entry] of Object.entries(value)) {
    if (isBuiltIn(name)) return { pointer: pointer + pointerSegment(name), message: 'There is no such field.' };
    if (!isStorable(name)) return { pointer, message: 'Must not have a field whose name contains NUL characters or broken Unicode.' };
    const found = findHostileText(entry, pointer + pointerSegment(name));
    if (found !== null) return found;
  }
  return null;
}
