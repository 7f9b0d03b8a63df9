/** Formats as callers, vendors and file names spell them, made one: "jpeg" and "JPG" are "jpg". */

export type Category = 'image' | 'document' | 'ebook' | 'audio' | 'video' | 'archive' | 'cad' | 'data';

const BY_CATEGORY: Readonly<Record<Category, string>> = {
  image: 'jpg png webp avif tiff gif bmp svg ico heic heif jp2 psd eps tga wbmp exr hdr xcf dng cr2 nef arw raf orf rw2 pcx ppm pbm pgm xbm xpm jxl ai cdr emf wmf',
  document: 'pdf docx doc odt rtf txt html md xlsx xls ods csv pptx ppt odp pages numbers key xps ps tex rst docm dotx xlsm ppsx pps wps vsd vsdx pub log',
  ebook: 'epub mobi azw3 azw fb2 lit lrf pdb tcr cbz cbr',
  audio: 'mp3 wav flac aac ogg m4a wma opus aiff amr ac3 mka weba au caf mid',
  video: 'mp4 webm mkv mov avi wmv flv mpg 3gp 3g2 m4v ts mts ogv vob asf f4v mxf',
  archive: 'zip tar tar.gz tar.bz2 tar.xz 7z rar gz bz2 xz jar iso cab',
  cad: 'dwg dxf stl obj step iges skp',
  data: 'json xml yaml srt vtt',
};

export const CATEGORIES = Object.keys(BY_CATEGORY) as readonly Category[];

const ALIASES: Readonly<Record<string, string>> = spelled({
  jpg: 'jpeg jpe jif jfif jfi', tiff: 'tif', bmp: 'dib', jp2: 'jpg2 j2k jpeg2000',
  html: 'htm xhtml xhtm xht shtml', md: 'markdown mdown mkd', txt: 'text',
  mp3: 'mpga', wav: 'wave', aiff: 'aif aifc', ogg: 'oga', mid: 'midi kar', aac: 'adts',
  mpg: 'mpeg mpe m1v m2v', mov: 'qt', mts: 'm2ts', '3gp': '3gpp', '3g2': '3gpp2',
  'tar.gz': 'tgz', 'tar.bz2': 'tbz2 tbz tb2', 'tar.xz': 'txz', gz: 'gzip', bz2: 'bzip2', '7z': '7zip',
  step: 'stp', iges: 'igs', yaml: 'yml',
});

/** Each other spelling to the one that counts. */
function spelled(formats: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(formats).flatMap(([format, others]) => others.split(' ').map((other) => [other, format])));
}

const CATEGORY_OF: ReadonlyMap<string, Category> = new Map(
  (Object.entries(BY_CATEGORY) as [Category, string][]).flatMap(([category, names]) => names.split(' ').map((name) => [name, category] as const)),
);

/** A format in its one spelling. Lower-cases, drops a leading dot, resolves aliases; unknown formats stay as they are. */
export function canonicalFormat(name: string): string {
  const plain = name.trim().toLowerCase().replace(/^\./, '');
  return Object.hasOwn(ALIASES, plain) ? (ALIASES[plain] ?? plain) : plain;
}

export function categoryOf(format: string): Category | null {
  return CATEGORY_OF.get(canonicalFormat(format)) ?? null;
}

/** The format that a file name's ending tells, or null. "a.tar.gz" is "tar.gz". */
export function formatOfFilename(filename: string | null | undefined): string | null {
  const match = /\.((?:tar\.)?[A-Za-z0-9]{1,8})$/i.exec(filename ?? '');
  return match?.[1] === undefined ? null : canonicalFormat(match[1]);
}

/** The last segment of a URL's path as a name, decoded; null where there is none. */
export function filenameOfUrl(url: string): string | null {
  try {
    const last = new URL(url).pathname.split('/').at(-1) ?? '';
    return last === '' ? null : decodeURIComponent(last);
  } catch {
    return null;
  }
}

/** Categories that files of a category can plausibly be converted to. What is said here is a guess until a vendor was seen to do it. */
const REACHES: Readonly<Record<Category, readonly Category[]>> = {
  image: ['image', 'document'],
  document: ['document', 'image', 'ebook', 'data'],
  ebook: ['ebook', 'document'],
  audio: ['audio', 'video'],
  video: ['video', 'audio', 'image'],
  archive: ['archive'],
  cad: ['cad', 'image', 'document'],
  data: ['data', 'document'],
};

/** Whether `from` to `to` makes sense at all; true where the source format is not known. False for a target that is no format. */
export function plausiblePair(from: string | null, to: string): boolean {
  const target = categoryOf(to);
  if (target === null) return false;
  const source = from === null ? null : categoryOf(from);
  return source === null || REACHES[source].includes(target);
}

export function knownFormats(): readonly string[] {
  return [...CATEGORY_OF.keys()];
}
