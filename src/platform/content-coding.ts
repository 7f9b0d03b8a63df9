import type { Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { ExchangeFailed } from './exchange-failed.js';

const DECODERS: ReadonlyMap<string, typeof createGunzip | typeof createBrotliDecompress> = new Map([
  ['gzip', createGunzip],
  ['x-gzip', createGunzip],
  ['deflate', createInflate],
  ['br', createBrotliDecompress],
]);

/** Beyond this many bytes an answer that grew more than `BOMB_RATIO` times is a bomb, whatever the cap is. */
const BOMB_FLOOR_BYTES = 4 * 1024 * 1024;
const BOMB_RATIO = 100;

/** A body without its `Content-Encoding`. Destroying the answer destroys `body`. Throws `ExchangeFailed` (`undecodable`). */
export function decoded(body: Readable, encoding: string | undefined): Readable {
  const coding = encoding?.trim().toLowerCase() ?? '';
  if (coding === '' || coding === 'identity') return body;
  const decoder = DECODERS.get(coding)?.();
  if (decoder === undefined) {
    body.on('error', () => undefined).destroy();
    throw new ExchangeFailed('undecodable', true, 'content_encoding', 'was answered in a content encoding that is not understood');
  }
  body.on('error', (error) => decoder.destroy(error));
  decoder.on('close', () => body.destroy());
  return body.pipe(decoder);
}

/** A whole decoded body of at most `maxBytes`. Throws `ExchangeFailed` (`too_large`), and what the stream throws. */
export async function collected(body: Readable, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  await eachOf(body, maxBytes, (chunk) => chunks.push(chunk));
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
}

/** The same as text (UTF-8, a mark at its beginning left out), read piece by piece as it comes: a long one read at once holds up everybody else. */
export async function collectedText(body: Readable, maxBytes: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  await eachOf(body, maxBytes, (chunk) => (text += decoder.decode(chunk, { stream: true })));
  return text + decoder.decode();
}

async function eachOf(body: Readable, maxBytes: number, take: (chunk: Buffer) => void): Promise<void> {
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes || isBomb(body, size)) throw new ExchangeFailed('too_large', true, 'too_large', 'was answered with a body that is too large');
    take(chunk);
  }
}

function isBomb(body: Readable, size: number): boolean {
  return size > BOMB_FLOOR_BYTES && 'bytesWritten' in body && typeof body.bytesWritten === 'number' && size > BOMB_RATIO * body.bytesWritten;
}
