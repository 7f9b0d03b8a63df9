import { fileTypeFromBuffer } from 'file-type';
import { canonicalFormat, formatOfFilename } from '../conversion/formats.js';
import { contentType as typeOfName } from 'mime-types';

/** Formats that share a container, so that telling them apart by their first bytes would be guessing. */
const FAMILIES: readonly (readonly string[])[] = [
  ['mp4', 'm4v', 'mov', 'm4a', '3gp', '3g2', 'f4v', 'm4b', 'm4p'],
  ['heic', 'heif', 'avif'],
  ['mkv', 'webm', 'mka', 'weba'],
  ['ogg', 'ogv', 'oga', 'opus', 'spx', 'ogm'],
  ['doc', 'xls', 'ppt', 'msi', 'cfb', 'wps', 'pub', 'vsd'],
  ['asf', 'wmv', 'wma'],
  ['zip', 'docx', 'xlsx', 'pptx', 'odt', 'ods', 'odp', 'epub', 'jar', 'cbz', 'pages', 'numbers', 'key', 'xps', 'docm', 'dotx', 'xlsm', 'ppsx', 'pps', 'vsdx', '3mf', 'apk'],
  ['tar.gz', 'gz'],
  ['tar.bz2', 'bz2'],
  ['tar.xz', 'xz'],
  ['mpg', 'vob', 'mp1', 'mp2', 'mts', 'ts'],
  ['ps', 'eps', 'ai', 'pdf'],
  ['tiff', 'dng', 'cr2', 'nef', 'arw', 'orf', 'rw2', 'raf'],
  ['png', 'apng'],
  ['aiff', 'aif'],
  ['mobi', 'azw', 'azw3', 'prc', 'pdb'],
  ['xml', 'svg', 'html'],
];

/** Formats that begin with bytes that no other format has: a file that claims one and begins otherwise is something else. */
const TELLING = new Set(
  'jpg png webp avif tiff gif bmp ico heic jp2 psd pdf docx xlsx pptx odt ods odp epub mp3 wav flac ogg m4a opus mp4 webm mkv mov avi wmv flv zip tar.gz tar.bz2 tar.xz 7z rar gz bz2 xz'.split(' '),
);

/** The format that the first bytes of a file tell, or null (text has none). */
export async function sniffFormat(head: Buffer): Promise<string | null> {
  const found = await fileTypeFromBuffer(head).catch(() => undefined);
  return found === undefined ? null : canonicalFormat(found.ext);
}

/** Why a file cannot be what it claims, in one sentence; null when nothing speaks against it. `size` in bytes. */
export async function whyNot(claimed: string | null, head: Buffer, size: number): Promise<string | null> {
  if (size === 0) return 'The file is empty.';
  const format = claimed === null ? null : canonicalFormat(claimed);
  if (format === null || !TELLING.has(format)) return null;
  const seen = await sniffFormat(head);
  if (seen === format || (seen !== null && FAMILIES.some((family) => family.includes(seen) && family.includes(format)))) return null;
  return `The file claims to be ${format} and begins like ${seen ?? 'text or an unknown format'}.`;
}

/** The media type of a file name; application/octet-stream when nothing is known. */
export function contentTypeOf(filename: string): string {
  const format = formatOfFilename(filename);
  const type = format === null ? false : typeOfName(format === 'tar.gz' ? 'application/gzip' : format);
  return type === false ? 'application/octet-stream' : type;
}
