import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { detectFormat, textOf } from './detect.js';
import { formatOf, isRaster } from './formats.js';
import { openImage, reading } from './image.js';
import { resultOf } from './names.js';
import { openPdf } from './pdf.js';
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

/** What the file says of itself, as JSON: name, size in bytes, format, media type; pixels of images, pages of PDFs, lines of texts. */
export async function readMetadata(source: SourceFile): Promise<ResultFile> {
  const format = await detectFormat(source);
  const general = {
    filename: source.filename,
    size: source.bytes.length,
    format,
    contentType: formatOf(format)?.contentType ?? 'application/octet-stream',
  };
  const json = JSON.stringify({ ...general, ...(await detailsOf(source, format)) }, null, 2);
  return resultOf(source, 'json', Buffer.from(`${json}\n`));
}

async function detailsOf(source: SourceFile, format: string): Promise<Record<string, unknown>> {
  if (format === 'pdf') {
    const pdf = await openPdf(source.bytes);
    return { pages: pdf.getPageCount(), title: pdf.getTitle(), author: pdf.getAuthor(), createdAt: pdf.getCreationDate() };
  }
  if (format === 'svg' || isRaster(format)) {
    const { width, height, space, channels, hasAlpha, density, orientation, pages } = await reading(() => openImage(source.bytes, format).metadata());
    return { width, height, space, channels, hasAlpha, density, orientation, frames: pages };
  }
  const textual = ['txt', 'md', 'html', 'csv', 'json'].includes(format);
  return textual ? { lines: textOf(source.bytes).replace(/\n$/, '').split('\n').length } : {};
}
