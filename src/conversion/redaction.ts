import { ProviderError } from './errors.js';
import type { Credentials } from './job-graph.js';

/** Lines of a key that say nothing. */
const FRAME = /^-----(?:BEGIN|END) [A-Z ]+-----$/;

/**
 * Every spelling in which somebody who was given these credentials may repeat them: as they are, inside JSON, inside a URL, and a key's lines
 * one by one.
 */
export function spellingsOf(credentials: Credentials): readonly string[] {
  const values = Object.values(credentials);
  const lines = values.filter((value) => value.includes('\n')).flatMap((value) => value.split(/\r?\n/)).filter((line) => line.length >= 8 && !FRAME.test(line));
  return [...new Set([...values, ...lines].flatMap((value) => [value, value.trim(), JSON.stringify(value).slice(1, -1), encodeURIComponent(value.toWellFormed())]))].filter((spelling) => spelling !== '');
}

/** A text without any of the secrets. */
export function redact(text: string, secrets: readonly string[]): string {
  // The longest first: a short one may be part of another. All in one pass: none is sought in what stands for another.
  const sought = [...secrets].filter((secret) => secret !== '').sort((one, other) => other.length - one.length).map((secret) => secret.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return sought.length === 0 ? text : text.replace(new RegExp(sought.join('|'), 'g'), '[redacted]');
}

/** The error with its message and code freed of the secrets, and of the beginning of one that was cut off at the end. */
export function withoutSecrets(error: ProviderError, secrets: readonly string[]): ProviderError {
  if (secrets.length === 0) return error;
  const freed = (text: string): string => withoutCutSecret(redact(text, secrets), secrets);
  return new ProviderError(error.kind, freed(error.message), { ...error.details, code: error.code === null ? null : freed(error.code) });
}

/** Adapters shorten what vendors say. Fewer letters than these of a secret are no secret. */
const TELLING = 4;

function withoutCutSecret(text: string, secrets: readonly string[]): string {
  const [, body = '', end = ''] = /^(.*?)(["…]*)$/s.exec(text) ?? [];
  const cut = Math.max(0, ...secrets.map((secret) => longestEnd(body, secret)));
  return cut < TELLING ? text : `${body.slice(0, -cut)}[redacted]${end}`;
}

/** How many of the secret's first letters the text ends with. */
function longestEnd(text: string, secret: string): number {
  let length = Math.min(secret.length, text.length);
  while (length > 0 && !text.endsWith(secret.slice(0, length))) length -= 1;
  return length;
}
