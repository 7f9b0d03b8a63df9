const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;
// Control characters, and the marks that turn the direction of text around ("gpj.exe" shown as "exe.jpg").
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu;
const MAX_BYTES = 255;

/**
 * A file name that is safe to store, show and send: no path, nothing unseen, at most 255 bytes of UTF-8.
 * `fallback` where nothing is left.
 */
export function safeFilename(name: string | null | undefined, fallback = 'file'): string {
  const last = (name ?? '').normalize('NFC').replace(UNSEEN, '').split(/[/\\]/).at(-1) ?? '';
  const plain = last.replace(/[<>:"|?*]/g, '_').replace(/^[\s.]+|[\s.]+$/g, '');
  if (plain === '') return fallback;
  return shorten(RESERVED.test(plain) ? `_${plain}` : plain);
}

/** Keeps the ending: it tells the format. */
function shorten(name: string): string {
  if (Buffer.byteLength(name) <= MAX_BYTES) return name;
  const dot = name.lastIndexOf('.');
  const ending = dot > 0 && name.length - dot <= 16 ? name.slice(dot) : '';
  const characters = [...name.slice(0, name.length - ending.length)];
  while (Buffer.byteLength(characters.join('') + ending) > MAX_BYTES) characters.splice(-Math.max(1, Math.ceil(characters.length / 20)));
  return characters.join('') + ending;
}

/** The name without its ending. */
export function baseName(filename: string): string {
  return filename.replace(/\.(?:tar\.)?[A-Za-z0-9]{1,8}$/, '') || filename;
}
