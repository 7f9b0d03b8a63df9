import { Unconvertible } from './unconvertible.js';

/** The rows of a CSV (RFC 4180: quotes, doubled quotes, line breaks within quotes); the separator is whichever of `,` `;` tab the first line holds most. */
export function readCsv(text: string): string[][] {
  const firstLine = text.slice(0, 10_000).split('\n', 1)[0] ?? '';
  const separator = [',', ';', '\t'].reduce((best, mark) => (firstLine.split(mark).length > firstLine.split(best).length ? mark : best));
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] ?? '';
    if (quoted) {
      if (character !== '"') cell += character;
      else if (text[at + 1] === '"') cell += text[(at += 1)] ?? '';
      else quoted = false;
    } else if (character === '"' && cell === '') {
      quoted = true;
    } else if (character === separator || character === '\n') {
      row.push(cell);
      cell = '';
      if (character === '\n') {
        rows.push(row);
        row = [];
      }
    } else {
      cell += character;
    }
  }
  if (quoted) throw new Unconvertible('corrupt_input', 'The CSV ends within quotes.');
  if (cell !== '' || row.length > 0) rows.push([...row, cell]);
  return rows.filter((cells) => cells.some((value) => value !== ''));
}

/** The rows after the header as objects under the header's names; all values stay strings. */
export function csvToJson(text: string): string {
  const [header = [], ...rows] = readCsv(text);
  const records = rows.map((row) => Object.fromEntries(header.map((name, column) => [name, row[column] ?? ''])));
  return `${JSON.stringify(records, null, 2)}\n`;
}

/** A list of objects as CSV, its columns all their keys in order of appearance; nested values are written as JSON. */
export function jsonToCsv(text: string): string {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    throw new Unconvertible('corrupt_input', 'The file is not valid JSON.');
  }
  const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!Array.isArray(data) || !data.every(isRecord)) throw new Unconvertible('unsupported', 'Only a JSON list of objects can become CSV.');
  const columns = [...new Set(data.flatMap((record) => Object.keys(record)))];
  const lines = [columns, ...data.map((record) => columns.map((column) => record[column]))];
  return lines.map((cells) => cells.map(writeCell).join(',')).join('\n') + '\n';
}

function writeCell(value: unknown): string {
  if (value === undefined || value === null) return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Rows as text lines with their columns aligned by blanks, no column wider than 40 characters unless it is the last. */
export function alignRows(rows: readonly (readonly string[])[]): string[] {
  const flat = rows.map((row) => row.map((cell) => cell.replaceAll('\n', ' ')));
  const widths: number[] = [];
  for (const row of flat) row.forEach((cell, column) => (widths[column] = Math.min(40, Math.max(widths[column] ?? 0, cell.length))));
  return flat.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd());
}
