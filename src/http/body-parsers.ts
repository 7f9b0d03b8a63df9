import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { findHostileText } from './hostile-text.js';
import { Problem, invalidRequest } from './problem.js';

export const JSON_LIMIT_BYTES = 2.5 * 1024 * 1024;
/** A body up to here is let in, unread, before it is refused: a caller who still sends when the connection closes never sees the answer. */
const HEARD_OUT_BYTES = 4 * JSON_LIMIT_BYTES;
const DEEPEST = 64;
const UTF8 = new TextDecoder('utf-8', { fatal: true });
const SUSPICIOUS = /__proto__|__(?:define|lookup)[GS]etter__|constructor|hasOwnProperty|isPrototypeOf|propertyIsEnumerable|to(?:Locale)?String|valueOf|\\u00|\\u[dD][89a-fA-F]/;
const ARRIVE_MS = 30_000;

/** What a route takes as its body; every other route takes JSON. `stream`: left unread. `raw`: a Buffer, whatever the content type. */
export type BodyKind = 'stream' | 'raw';

const RAW_ROUTES: readonly { readonly method: string; readonly path: RegExp; readonly kind: BodyKind }[] = [
  { method: 'PUT', path: /^\/v1\/jobs\/[^/]+\/inputs\/[^/]+\/content$/, kind: 'stream' },
  { method: 'POST', path: /^\/v1\/callbacks\//, kind: 'raw' },
];

/** Reads bodies by route: JSON within its limit, files as streams, callbacks as the very bytes that were signed. */
export function installBodyParsers(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('application/json', (request: FastifyRequest, payload: IncomingMessage) => parse(request, payload, true));
  fastify.addContentTypeParser('*', (request: FastifyRequest, payload: IncomingMessage) => parse(request, payload, false));
}

async function parse(request: FastifyRequest, payload: IncomingMessage, json: boolean): Promise<unknown> {
  const path = request.url.split('?')[0] ?? '';
  const kind = RAW_ROUTES.find((route) => route.method === request.method && route.path.test(path))?.kind;
  if (kind === 'stream') return payload;
  if (kind === 'raw') return readAll(request, payload);
  if (!json) throw new Problem('unsupported_media_type', 'Send JSON: Content-Type: application/json.');
  if ((request.headers['content-encoding'] ?? 'identity') !== 'identity') throw new Problem('unsupported_media_type', 'Send the body plain: content encodings are not taken.');
  return readJson(await readAll(request, payload));
}

async function readAll(request: FastifyRequest, payload: IncomingMessage): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > HEARD_OUT_BYTES) throw tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  const timer = setTimeout(() => payload.destroy(), ARRIVE_MS);
  try {
    for await (const chunk of payload as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > HEARD_OUT_BYTES) throw tooLarge();
      if (size <= JSON_LIMIT_BYTES) chunks.push(chunk);
    }
  } finally {
    clearTimeout(timer);
  }
  if (size > JSON_LIMIT_BYTES) throw tooLarge();
  return Buffer.concat(chunks, size);
}

const tooLarge = (): Problem => new Problem('payload_too_large', `JSON bodies may have ${JSON_LIMIT_BYTES} bytes (2.5 MiB). Send larger files as uploads.`, { headers: { connection: 'close' } });

function readJson(bytes: Buffer): object {
  if (bytes.length === 0) throw new Problem('invalid_json', 'The body is empty.');
  let text: string;
  try {
    text = UTF8.decode(bytes);
  } catch {
    throw new Problem('invalid_json', 'The body is not UTF-8.');
  }
  if (deeperThan(text, DEEPEST)) throw new Problem('invalid_json', `The body is nested more than ${DEEPEST} levels deep.`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // Without the piece of the body that the message quotes: it may be a piece of a secret.
    throw new Problem('invalid_json', (error as Error).message.replace(/,? *(?:\.{3})?".*/s, ' in the body').slice(0, 200));
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalidRequest([{ pointer: '', message: 'Must be an object.' }]);
  // Looking through every text of every body would cost more than parsing it; what is looked for leaves a trace in the bytes.
  const hostile = SUSPICIOUS.test(text) ? findHostileText(value, '') : null;
  if (hostile !== null) throw invalidRequest([hostile]);
  return value;
}

/** Counts brackets outside of strings: cheaper than parsing, and safe on what would make a parser recurse. */
function deeperThan(text: string, limit: number): boolean {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (inString) {
      if (code === 92) index += 1;
      else if (code === 34) inString = false;
    } else if (code === 34) inString = true;
    else if (code === 123 || code === 91) {
      depth += 1;
      if (depth > limit) return true;
    } else if (code === 125 || code === 93) depth -= 1;
  }
  return false;
}
