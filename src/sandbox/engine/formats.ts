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

const BY_EXTENSION = new Map(FORMATS.map((format) => [format.extension, format]));

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
]);

/** Formats that can be written as pixels. */
export const RASTERS = ['jpg', 'png', 'webp', 'avif', 'tiff', 'gif', 'bmp'] as const;
export type Raster = (typeof RASTERS)[number];

const TARGETS = new Map<string, readonly string[]>([
  ...[...RASTERS, 'svg'].map((from): [string, readonly string[]] => [from, [...RASTERS, 'pdf']]),
  ['txt', ['pdf', 'html', 'md']],
  ['md', ['pdf', 'html', 'txt']],
  ['html', ['pdf', 'txt', 'md']],
  ['csv', ['pdf', 'json', 'html', 'txt']],
  ['json', ['csv']],
  ['pdf', ['pdf']],
]);

export function isRaster(format: string): format is Raster {
  return (RASTERS as readonly string[]).includes(format);
}

/** Lower case, without a leading dot, aliases resolved: `.JPEG` is "jpg", "tgz" is "tar.gz". Unknown words come back as they are. */
export function canonical(format: string): string {
  const word = format.trim().toLowerCase().replace(/^\./, '');
  return ALIASES.get(word) ?? word;
}

/** The format of a canonical extension, if the engine knows it. */
export function formatOf(extension: string): Format | undefined {
  return BY_EXTENSION.get(extension);
}

/** Formats (canonical) that a file of `from` can be converted to here; [] if unknown. */
export function targetsOf(from: string): readonly string[] {
  return TARGETS.get(canonical(from)) ?? [];
}

/** Every format the engine reads or writes. */
export function formats(): readonly Format[] {
  return FORMATS;
}
