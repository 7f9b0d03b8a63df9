import { formatOf } from './formats.js';
import type { ResultFile, SourceFile } from './task.js';
import { Unconvertible } from './unconvertible.js';

/** The last segment of whatever was given: a name, never a path. "../../etc/passwd" is "passwd"; nothing left is "file". */
export function plainName(name: string): string {
  const last = name.split(/[/\\]/).filter((part) => part !== '' && part !== '.' && part !== '..').at(-1) ?? '';
  // eslint-disable-next-line no-control-regex -- control characters are what is removed
  return last.replace(/[\u0000-\u001f\u007f]/g, '') || 'file';
}

/** A path within an archive that stays within it: relative, without "..", drive letters or control characters. */
export function safePath(path: string): string {
  const parts = path.split(/[/\\]/).filter((part) => part !== '' && part !== '.' && part !== '..' && !/^[a-z]:$/i.test(part));
  return parts.map(plainName).join('/') || 'file';
}

/** A name without its extension; "photos.tar.gz" is "photos", ".env" stays ".env". */
export function baseName(filename: string): string {
  return plainName(filename).replace(/(?<=.)(\.tar)?\.[A-Za-z0-9]{1,8}$/, '');
}

/** The extension as written, lower case, without the dot; '' when there is none. */
export function extensionOf(filename: string): string {
  return /(?<=.)\.((?:tar\.)?[A-Za-z0-9]{1,8})$/.exec(plainName(filename))?.[1]?.toLowerCase() ?? '';
}

/** Names of one folder made distinct, in order: "a.jpg", "a (2).jpg". */
export function distinctNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    const [base, extension] = [baseName(name), extensionOf(name)];
    let free = name;
    for (let n = 2; taken.has(free); n += 1) free = extension === '' ? `${base} (${n})` : `${base} (${n}).${extension}`;
    taken.add(free);
    return free;
  });
}

/** A result named after its source: base name, then the canonical extension `format`. */
export function resultOf(source: Pick<SourceFile, 'filename'>, format: string, bytes: Buffer): ResultFile {
  const known = formatOf(format);
  if (!known) throw new Unconvertible('unsupported', `Format "${format}" is not available here.`);
  return { filename: `${baseName(source.filename)}.${known.extension}`, contentType: known.contentType, bytes };
}
