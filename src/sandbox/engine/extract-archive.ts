import { gunzip } from 'node:zlib';
import { promisify } from 'node:util';
import { Allowance, LIMIT_BYTES, LIMIT_ENTRIES } from './archive-allowance.js';
import { detectFormat } from './detect.js';
import { canonical, formatOf } from './formats.js';
import { distinctNames, extensionOf, plainName } from './names.js';
import type { ResultFile, SourceFile } from './task.js';
import { Unconvertible } from './unconvertible.js';
import { tarEntries } from './untar.js';
import { zipEntries } from './unzip.js';

/**
 * The files of a zip, tar, tar.gz or gz in their order. Folders are flattened: each file keeps the last segment of its path
 * alone, so no name leads anywhere, and equal names are told apart. Links and devices are left out.
 */
export async function extractArchive(source: SourceFile): Promise<ResultFile[]> {
  const entries = await archiveEntries(source);
  const names = distinctNames(entries.map(({ filename }) => plainName(filename)));
  return entries.map(({ bytes }, index) => {
    const filename = names[index] ?? 'file';
    return { filename, contentType: formatOf(canonical(extensionOf(filename)))?.contentType ?? 'application/octet-stream', bytes };
  });
}

/** What is in an archive, under the paths written in it, whatever they say. Throws `unsupported` for what is no archive. */
export async function archiveEntries(source: SourceFile): Promise<SourceFile[]> {
  const format = await detectFormat(source);
  switch (format) {
    case 'zip':
      return zipEntries(source.bytes, new Allowance());
    case 'tar':
      return tarEntries(source.bytes, new Allowance());
    case 'tar.gz':
      return gzipEntries(source);
    default:
      throw new Unconvertible('unsupported', `"${format}" files are no archives that can be extracted here.`);
  }
}

/** gzip around a tar is an archive; around anything else it is one file, named without its ".gz". */
async function gzipEntries({ filename, bytes }: SourceFile): Promise<SourceFile[]> {
  const content = await gunzipped(bytes);
  const tar = content.toString('latin1', 257, 262) === 'ustar' || /\.(tgz|tar\.gz)$/i.test(filename);
  if (tar) return tarEntries(content, new Allowance());
  new Allowance().takeBytes(content.length);
  return [{ filename: filename.replace(/\.gz$/i, ''), bytes: content }];
}

async function gunzipped(bytes: Buffer): Promise<Buffer> {
  try {
    return await promisify(gunzip)(bytes, { maxOutputLength: LIMIT_BYTES + 1024 * 2 * LIMIT_ENTRIES });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      throw new Unconvertible('unsupported', `Archives of more than ${LIMIT_BYTES} bytes, unpacked, are not extracted here.`);
    }
    throw new Unconvertible('corrupt_input', 'The gzip data cannot be read.');
  }
}
