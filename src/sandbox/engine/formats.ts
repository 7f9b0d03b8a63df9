import { ffmpegIsHere, mediaTargets } from './media-formats.js';
import { officeIsHere, officeTargets } from './office-formats.js';

/** A format the engine knows: canonical extension ("jpg", never "jpeg"), the vendors' category word, bare media type. */
export interface Format {
  readonly extension: string;
  readonly category: string;
  readonly contentType: string;
}

const FORMATS: readonly Format[] = [
  { extension: 'jpg', category: 'image', contentType: 'image/jpeg' },
  { extension: 'png', category: 'image', contentType: 'image/png' },
  { extension: 'webp', category: 'image', contentType: 'image/webp' },
  { extension: 'avif', category: 'image', contentType: 'image/avif' },
  { extension: 'tiff', category: 'image', contentType: 'image/tiff' },
  { extension: 'gif', category: 'image', contentType: 'image/gif' },
  { extension: 'bmp', category: 'image', contentType: 'image/bmp' },
  { extension: 'svg', category: 'image', contentType: 'image/svg+xml' },
  { extension: 'pdf', category: 'document', contentType: 'application/pdf' },
  { extension: 'txt', category: 'document', contentType: 'text/plain' },
  { extension: 'md', category: 'document', contentType: 'text/markdown' },
  { extension: 'html', category: 'document', contentType: 'text/html' },
  { extension: 'csv', category: 'document', contentType: 'text/csv' },
  { extension: 'json', category: 'document', contentType: 'application/json' },
  { extension: 'zip', category: 'archive', contentType: 'application/zip' },
  { extension: 'tar', category: 'archive', contentType: 'application/x-tar' },
  { extension: 'tar.gz', category: 'archive', contentType: 'application/gzip' },
];

/** Read and written where LibreOffice is. */
const OFFICE: readonly Format[] = [
  { extension: 'docx', category: 'document', contentType: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document' },
  { extension: 'odt', category: 'document', contentType: 'application/vnd.oasis.opendocument.text' },
  { extension: 'rtf', category: 'document', contentType: 'application/rtf' },
  { extension: 'doc', category: 'document', contentType: 'application/msword' },
  { extension: 'xlsx', category: 'document', contentType: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet' },
  { extension: 'ods', category: 'document', contentType: 'application/vnd.oasis.opendocument.spreadsheet' },
  { extension: 'xls', category: 'document', contentType: 'application/vnd.ms-excel' },
  { extension: 'pptx', category: 'document', contentType: 'application/vnd.openxmlformats-officedocument.presentationml.presentation' },
  { extension: 'odp', category: 'document', contentType: 'application/vnd.oasis.opendocument.presentation' },
  { extension: 'ppt', category: 'document', contentType: 'application/vnd.ms-powerpoint' },
];

/** Read and written where ffmpeg is. */
const MEDIA: readonly Format[] = [
  { extension: 'mp3', category: 'audio', contentType: 'audio/mpeg' },
  { extension: 'wav', category: 'audio', contentType: 'audio/wav' },
  { extension: 'ogg', category: 'audio', contentType: 'audio/ogg' },
  { extension: 'flac', category: 'audio', contentType: 'audio/flac' },
  { extension: 'aac', category: 'audio', contentType: 'audio/aac' },
  { extension: 'm4a', category: 'audio', contentType: 'audio/mp4' },
  { extension: 'opus', category: 'audio', contentType: 'audio/opus' },
  { extension: 'mp4', category: 'video', contentType: 'video/mp4' },
  { extension: 'webm', category: 'video', contentType: 'video/webm' },
  { extension: 'mkv', category: 'video', contentType: 'video/x-matroska' },
  { extension: 'mov', category: 'video', contentType: 'video/quicktime' },
  { extension: 'avi', category: 'video', contentType: 'video/x-msvideo' },
];

const BY_EXTENSION = new Map([...FORMATS, ...OFFICE, ...MEDIA].map((format) => [format.extension, format]));

const ALIASES = new Map([
  ['jpeg', 'jpg'],
  ['jpe', 'jpg'],
  ['tif', 'tiff'],
  ['htm', 'html'],
  ['xhtml', 'html'],
  ['markdown', 'md'],
  ['text', 'txt'],
  ['log', 'txt'],
  ['tgz', 'tar.gz'],
  ['gz', 'tar.gz'],
  ['oga', 'ogg'],
  ['qt', 'mov'],
]);

/** Formats that can be written as pixels. */
export const RASTERS = ['jpg', 'png', 'webp', 'avif', 'tiff', 'gif', 'bmp'] as const;
export type Raster = (typeof RASTERS)[number];

const ARCHIVES = ['zip', 'tar', 'tar.gz'];

/** What is converted without a program of the machine's. */
const TARGETS = new Map<string, readonly string[]>([
  ...[...RASTERS, 'svg'].map((from): [string, readonly string[]] => [from, [...RASTERS, 'pdf']]),
  ['txt', ['pdf', 'html', 'md']],
  ['md', ['pdf', 'html', 'txt']],
  ['html', ['pdf', 'txt', 'md']],
  ['csv', ['pdf', 'json', 'html', 'txt']],
  ['json', ['csv']],
  ['pdf', ['pdf', ...RASTERS, 'txt', 'html', 'md']],
  ...ARCHIVES.map((from): [string, readonly string[]] => [from, ARCHIVES.filter((to) => to !== from)]),
]);

export function isRaster(format: string): format is Raster {
  return (RASTERS as readonly string[]).includes(format);
}

/** Lower case, without a leading dot, aliases resolved: `.JPEG` is "jpg", "tgz" is "tar.gz". Unknown words come back as they are. */
export function canonical(format: string): string {
  const word = format.trim().toLowerCase().replace(/^\./, '');
  return ALIASES.get(word) ?? word;
}

/** The format of a canonical extension, if the engine knows it, whether it can convert it on this machine or not. */
export function formatOf(extension: string): Format | undefined {
  return BY_EXTENSION.get(extension);
}

/** Formats (canonical) that a file of `from` can be converted to on this machine; [] if unknown. */
export function targetsOf(from: string): readonly string[] {
  const format = canonical(from);
  return [...new Set([...plainTargets(format), ...(officeIsHere() ? officeTargets(format) : []), ...(ffmpegIsHere() ? mediaTargets(format) : [])])];
}

/** As `targetsOf`, for a canonical format and on any machine. */
export function plainTargets(from: string): readonly string[] {
  return TARGETS.get(from) ?? [];
}

/** Every format the engine reads or writes on this machine. */
export function formats(): readonly Format[] {
  return [...FORMATS, ...(officeIsHere() ? OFFICE : []), ...(ffmpegIsHere() ? MEDIA : [])];
}
