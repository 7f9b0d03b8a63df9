import { categoryOf, type Category } from './formats.js';

const MINUTES: ReadonlyMap<Category | null, number> = new Map([['video', 10], ['audio', 3], ['cad', 3], ['ebook', 1], ['document', 1]]);
const MINUTES_OF_OTHERS = 0.5;

/** How long a vendor takes to make a file of this format, in ms: a guess, until it is learned. Null: nobody can tell what it will be. */
export function guessedMs(format: string | null): number {
  return (MINUTES.get(format === null ? null : categoryOf(format)) ?? MINUTES_OF_OTHERS) * 60_000;
}
