import { fileTypeFromBuffer } from 'file-type';
import { canonical, formatOf } from './formats.js';
import { extensionOf } from './names.js';
import type { SourceFile } from './task.js';
import { Unconvertible } from './unconvertible.js';

const TEXTUAL: ReadonlySet<string> = new Set(['txt', 'md', 'html', 'csv', 'json', 'svg']);
const OLD_OFFICE: ReadonlySet<string> = new Set(['doc', 'xls', 'ppt']);

/**
 * The canonical format of a file: its magic bytes decide; where a format has none (text), the extension does.
 * A file of a kind the engine does not know comes back under its extension, or ''.
 *
 * Throws `corrupt_input` for an empty file, for a name that promises a format whose magic bytes are missing, and for
 * a text file with NUL bytes.
 */
export async function detectFormat(source: SourceFile): Promise<string> {
  if (source.bytes.length === 0) throw new Unconvertible('corrupt_input', `${source.filename} is empty.`);
  const claimed = canonical(extensionOf(source.filename));
  const found = canonical((await fileTypeFromBuffer(source.bytes))?.ext ?? '');
  if (found === 'xml' || found === '') return textual(source, claimed);
  // The old office formats share one container, which says of itself no more than that.
  if (found === 'cfb' && OLD_OFFICE.has(claimed)) return claimed;
  return found;
}

function textual(source: SourceFile, claimed: string): string {
  if (formatOf(claimed) && !TEXTUAL.has(claimed)) {
    throw new Unconvertible('corrupt_input', `${source.filename} is not a readable ${claimed} file.`);
  }
  const head = source.bytes.subarray(0, 4096);
  if (TEXTUAL.has(claimed)) {
    if (head.includes(0)) throw new Unconvertible('corrupt_input', `${source.filename} is not a readable ${claimed} file.`);
    return claimed;
  }
  if (claimed !== '' || head.includes(0)) return claimed;
  const start = head.toString('latin1').trimStart().slice(0, 256).toLowerCase();
  if (start.startsWith('<svg') || (start.startsWith('<?xml') && start.includes('<svg'))) return 'svg';
  return start.startsWith('<!doctype html') || start.startsWith('<html') ? 'html' : 'txt';
}

/** `bytes` as text: UTF-8, or Windows-1252 where it is not valid UTF-8; without a byte order mark, lines ended by \n. */
export function textOf(bytes: Buffer): string {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    text = new TextDecoder('windows-1252').decode(bytes);
  }
  return text.replace(/\r\n?/g, '\n');
}
