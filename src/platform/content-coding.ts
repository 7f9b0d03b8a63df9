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
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes || isBomb(body, size)) throw new ExchangeFailed('too_large', true, 'too_large', 'was answered with a body that is too large');
    chunks.push(chunk);
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, size);
}

function isBomb(body: Readable, size: number): boolean {
  return size > BOMB_FLOOR_BYTES && 'bytesWritten' in body && typeof body.bytesWritten === 'number' && size > BOMB_RATIO * body.bytesWritten;
}
