import { buffer } from 'node:stream/consumers';
import { crc32 } from 'node:zlib';
import { type Entry, fromBufferPromise, getFileNameLowLevel, type ZipFile } from 'yauzl';
import type { Allowance } from './archive-allowance.js';
import type { SourceFile } from './task.js';
import { Unconvertible } from './unconvertible.js';

/**
 * The files of a zip, unpacked, under the paths written in it, whatever they say: the caller makes names of them.
 * Throws `corrupt_input` (checksums are compared), or `unsupported` for encrypted ones and for more than `allowance`.
 */
export async function zipEntries(bytes: Buffer, allowance: Allowance): Promise<SourceFile[]> {
  try {
    // Undecoded names are not judged by the reader, which would refuse the whole archive for one "../".
    const zip = await fromBufferPromise(bytes, { decodeStrings: false });
    const files: SourceFile[] = [];
    for await (const entry of zip.eachEntry()) {
      const filename = getFileNameLowLevel(entry.generalPurposeBitFlag, entry.fileNameRaw, entry.extraFields, false);
      if (!filename.endsWith('/')) files.push({ filename, bytes: await contentOf(zip, entry, allowance) });
    }
    return files;
  } catch (error) {
    if (error instanceof Unconvertible) throw error;
    throw new Unconvertible('corrupt_input', 'The zip cannot be read.');
  }
}

/** The size in the header may be trusted for the allowance: the reader fails a stream that does not keep to it. */
async function contentOf(zip: ZipFile, entry: Entry, allowance: Allowance): Promise<Buffer> {
  allowance.takeEntry();
  allowance.takeBytes(entry.uncompressedSize);
  if (entry.isEncrypted()) throw new Unconvertible('unsupported', 'The zip is encrypted, and is not opened here.');
  const content = await buffer(await zip.openReadStreamPromise(entry));
  if (crc32(content) !== entry.crc32) throw new Unconvertible('corrupt_input', 'A file in the zip is damaged.');
  return content;
}
