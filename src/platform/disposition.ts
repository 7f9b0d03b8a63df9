import { parse } from 'content-disposition';

/**
 * The file name of a `Content-Disposition` header (RFC 6266, with RFC 8187 names), as a name and never a path: the last
 * segment, without control characters and those that turn the direction of text. Null when there is none.
 */
export function filenameOf(header: string | undefined): string | null {
  if (header === undefined) return null;
  try {
    const segment = parse(header).parameters.filename?.split(/[/\\]/).at(-1) ?? '';
    const name = segment.replace(/[\p{Cc}\p{Cs}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '').trim();
    return name === '' || name === '.' || name === '..' ? null : name;
  } catch {
    return null;
  }
}
