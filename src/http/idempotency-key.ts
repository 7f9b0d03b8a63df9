import { createHash } from 'node:crypto';
import { configure } from 'safe-stable-stringify';
import { invalidRequest } from './problem.js';

const LONGEST = 255;
/** A String of RFC 9651, as draft-ietf-httpapi-idempotency-key-header asks for. */
const STRING = /^"((?:[ !#-[\]-~]|\\["\\])*)"$/;
/** What most callers send instead: a UUID or another word, without what would make it a list, a String or a parameter. */
const WORD = /^[!#-+\--:<-[\]-~]+$/;

/** The key of an `Idempotency-Key` header, null without one. Quoted and bare are the same key. Throws `invalid_request`. */
export function readIdempotencyKey(header: string | readonly string[] | undefined): string | null {
  if (header === undefined) return null;
  const text = typeof header === 'string' ? header.trim() : '';
  const key = STRING.exec(text)?.[1]?.replaceAll(/\\(["\\])/g, '$1') ?? (WORD.test(text) ? text : '');
  if (key.length >= 1 && key.length <= LONGEST) return key;
  throw invalidRequest([{ pointer: '/headers/idempotency-key', message: `Must be said once: 1 to ${LONGEST} visible ASCII characters, such as a UUID, bare or in double quotes.` }]);
}

// Fields in another order are the same body.
const canonical = configure({ deterministic: true });

/** What makes two requests the same: method, path, query and body, whatever the order of fields. SHA-256 in hex. */
export function fingerprintOf(method: string, url: string, body: unknown): string {
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  searchParams.sort();
  return createHash('sha256').update(`${method} ${pathname}?${searchParams.toString()}\n`).update(canonical(body) ?? '').digest('hex');
}
