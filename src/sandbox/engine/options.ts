import { Unconvertible } from './unconvertible.js';

type Options = Readonly<Record<string, unknown>>;

/** The first of `names` that is set (neither undefined, null nor ''), with the name it was found under. */
function find(options: Options, names: readonly string[]): { name: string; value: unknown } | undefined {
  const found = names.map((name) => ({ name, value: options[name] }));
  return found.find(({ value }) => value !== undefined && value !== null && value !== '');
}

/** A whole number within [min, max] under one of `names`; numeric strings count. Throws `bad_option` for anything else. */
export function integerOption(options: Options, names: readonly string[], min: number, max: number): number | undefined {
  const found = find(options, names);
  if (!found) return undefined;
  const number = typeof found.value === 'string' ? Number(found.value) : found.value;
  if (typeof number === 'number' && Number.isInteger(number) && number >= min && number <= max) return number;
  throw new Unconvertible('bad_option', `Option "${found.name}" must be a whole number from ${min} to ${max}.`);
}

/** A string under one of `names`. Throws `bad_option` for a value that is no string. */
export function textOption(options: Options, names: readonly string[]): string | undefined {
  const found = find(options, names);
  if (!found) return undefined;
  if (typeof found.value === 'string') return found.value;
  throw new Unconvertible('bad_option', `Option "${found.name}" must be a string.`);
}

/** One of `words` under one of `names`, whatever its case. Throws `bad_option` for any other word. */
export function wordOption<Word extends string>(options: Options, names: readonly string[], words: readonly Word[]): Word | undefined {
  const text = textOption(options, names)?.toLowerCase();
  if (text === undefined) return undefined;
  const word = words.find((candidate) => candidate === text);
  if (word !== undefined) return word;
  throw new Unconvertible('bad_option', `Option "${find(options, names)?.name}" must be one of ${words.join(', ')}.`);
}

/** true or false under one of `names`, "true" and "false" too; false if it is not set. Throws `bad_option` for anything else. */
export function flagOption(options: Options, names: readonly string[]): boolean {
  const found = find(options, names);
  if (!found) return false;
  if (found.value === true || found.value === 'true') return true;
  if (found.value === false || found.value === 'false') return false;
  throw new Unconvertible('bad_option', `Option "${found.name}" must be true or false.`);
}
