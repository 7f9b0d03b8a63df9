import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { resultOf } from './names.js';
import type { ResultFile, SourceFile } from './task.js';
import { Unconvertible } from './unconvertible.js';

const DIGESTS: ReadonlySet<string> = new Set(['md5', 'sha1', 'sha256', 'sha512']);

/** A text file that holds the hash of the bytes in lower-case hex and nothing else: md5, sha1, sha256, sha512, crc32. */
export function hash(source: SourceFile, target: string): ResultFile {
  const algorithm = target.toLowerCase();
  if (algorithm === 'crc32') return resultOf(source, 'txt', Buffer.from(crc32(source.bytes).toString(16).padStart(8, '0')));
  if (DIGESTS.has(algorithm)) return resultOf(source, 'txt', Buffer.from(createHash(algorithm).update(source.bytes).digest('hex')));
  throw new Unconvertible('unsupported', `Hashes of the kind "${target}" are not made here.`);
}
