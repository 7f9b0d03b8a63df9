import { textOf } from './detect.js';
import { readHtml, writeHtml } from './html.js';
import { baseName, resultOf } from './names.js';
import { alignRows, csvToJson, jsonToCsv, readCsv } from './table.js';
import type { ResultFile, SourceFile } from './task.js';
import { type Block, guardLength, readMarkdown, readPlain, writeMarkdown, writePlain } from './text-blocks.js';
import { Unconvertible } from './unconvertible.js';

/** The blocks of a text file of `format` ("txt", "md", "html", "csv"). A CSV's rows become one preformatted block. */
export function readBlocks(source: SourceFile, format: string): Block[] {
  const text = guardLength(textOf(source.bytes));
  switch (format) {
    case 'txt':
      return readPlain(text);
    case 'md':
      return readMarkdown(text);
    case 'html':
      return readHtml(text);
    case 'csv':
      return [{ kind: 'code', level: 0, text: alignRows(readCsv(text)).join('\n') }];
    default:
      throw new Unconvertible('unsupported', `"${format}" files cannot be read as text here.`);
  }
}

/** Text formats into one another: txt, md, html both ways; csv to txt, html, json; json to csv. */
export function convertText(source: SourceFile, from: string, to: string): ResultFile {
  return resultOf(source, to, Buffer.from(written(source, from, to), 'utf8'));
}

function written(source: SourceFile, from: string, to: string): string {
  if (from === 'csv' && to === 'json') return csvToJson(guardLength(textOf(source.bytes)));
  if (from === 'json' && to === 'csv') return jsonToCsv(guardLength(textOf(source.bytes)));
  const blocks = readBlocks(source, from);
  if (to === 'txt') return writePlain(blocks);
  if (to === 'md') return writeMarkdown(blocks);
  if (to === 'html') return writeHtml(blocks, baseName(source.filename));
  throw new Unconvertible('unsupported', `"${from}" cannot be converted to "${to}" here.`);
}
