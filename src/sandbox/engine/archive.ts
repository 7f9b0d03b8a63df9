import { gzip } from 'node:zlib';
import { promisify } from 'node:util';
import { buffer } from 'node:stream/consumers';
import { Header, Pax } from 'tar';
import { ZipFile } from 'yazl';
import { canonical } from './formats.js';
import { distinctNames, plainName, resultOf } from './names.js';
import type { ResultFile, SourceFile } from './task.js';
import { Unconvertible } from './unconvertible.js';

/** Entries carry this instead of the time of day, so that the same files give the same archive. */
const ENTRY_TIME = new Date('2000-01-01T00:00:00Z');
const BLOCK = 512;

/** All inputs in one zip, tar or tar.gz named after the first; equal names are told apart as "a.jpg", "a (2).jpg". */
export async function archive(sources: readonly SourceFile[], target: string): Promise<ResultFile> {
  const [first] = sources;
  if (!first) throw new Unconvertible('bad_option', 'Nothing to archive.');
  const names = distinctNames(sources.map(({ filename }) => plainName(filename)));
  return packed(sources.map(({ bytes }, index) => ({ filename: names[index] ?? 'file', bytes })), target, first);
}

/** `entries` under the paths that they bear, in one archive named after `first`. */
export async function packed(entries: readonly SourceFile[], target: string, first: Pick<SourceFile, 'filename'>): Promise<ResultFile> {
  const format = canonical(target === '' ? 'zip' : target);
  switch (format) {
    case 'zip':
      return resultOf(first, format, await zipped(entries));
    case 'tar':
      return resultOf(first, format, tarred(entries));
    case 'tar.gz':
      return resultOf(first, format, await promisify(gzip)(tarred(entries)));
    default:
      throw new Unconvertible('unsupported', `"${target}" archives cannot be made here.`);
  }
}

async function zipped(entries: readonly SourceFile[]): Promise<Buffer> {
  const zip = new ZipFile();
  for (const { filename, bytes } of entries) zip.addBuffer(bytes, filename, { mtime: ENTRY_TIME });
  zip.end();
  return buffer(zip.outputStream);
}

function tarred(entries: readonly SourceFile[]): Buffer {
  const blocks = entries.flatMap(({ filename, bytes }) => [
    ...headersOf(filename, bytes.length),
    bytes,
    Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK),
  ]);
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]);
}

/** A ustar header, with a pax header before it where a name or size does not fit the old one. */
function headersOf(path: string, size: number): Buffer[] {
  const header = new Header({ path, size, mode: 0o644, mtime: ENTRY_TIME, type: 'File' });
  const needsPax = header.encode();
  const block = header.block ?? Buffer.alloc(BLOCK);
  return needsPax ? [new Pax({ path, size }).encode(), block] : [block];
}
