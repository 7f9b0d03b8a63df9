import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';

/** SHA-256 in hex of what comes; null as soon as it is more than `most` bytes, the rest is left unread. */
export async function sha256Of(bytes: Readable, most: number): Promise<string | null> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of bytes.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > most) return null;
    hash.update(chunk);
  }
  return hash.digest('hex');
}
