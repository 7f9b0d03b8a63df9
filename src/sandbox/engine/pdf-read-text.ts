import { writeHtml } from './html.js';
import { baseName, resultOf } from './names.js';
import { pagesAsked } from './page-choice.js';
import { readPdf } from './read-pdf.js';
import type { ResultFile, SourceFile, Task } from './task.js';
import { type Block, guardLength, writeMarkdown } from './text-blocks.js';
import { Unconvertible } from './unconvertible.js';

/**
 * The text of a PDF, in the order in which the file draws it: as txt (pages parted by a form feed), or as html or md with a paragraph a line.
 * Option: `pages` (all). A PDF that holds pictures of text alone is refused: that is what `ocr` is for.
 */
export async function pdfText(source: SourceFile, to: string, options: Task['options']): Promise<ResultFile> {
  const pages = await textOfPages(source, options);
  if (pages.every((text) => text.trim() === '')) {
    throw new Unconvertible('unsupported', 'The PDF holds no text, only pictures: ask for text recognition (ocr).');
  }
  return resultOf(source, to, Buffer.from(written(pages, to, baseName(source.filename)), 'utf8'));
}

async function textOfPages(source: SourceFile, options: Task['options']): Promise<string[]> {
  return readPdf(source.bytes, async (pdf) => {
    const pages: string[] = [];
    let length = 0;
    for (const page of pagesAsked(options, pdf.pages, 'all')) {
      const text = cleaned(await pdf.text(page));
      length += text.length;
      guardLength({ length });
      pages.push(text);
    }
    return pages;
  });
}

/** Lines ended by \n; a hyphen at a line's end comes as U+0002 or U+FFFE, and is one. */
function cleaned(text: string): string {
  // eslint-disable-next-line no-control-regex -- U+0002 is how the hyphen is told
  const hyphened = text.replace(/\r\n?/g, '\n').replace(/[\u0002\ufffe]\n?/g, '-\n');
  // eslint-disable-next-line no-control-regex -- a PDF may draw any code, and no text format wants these
  return hyphened.replace(/[\u0000-\u0008\u000b-\u001f]/g, '').replace(/[ \t]+$/gm, '');
}

function written(pages: readonly string[], to: string, title: string): string {
  if (to === 'txt') return `${pages.map((page) => page.trimEnd()).join('\n\f')}\n`;
  const lines = pages.flatMap((page) => page.split('\n')).filter((line) => line.trim() !== '');
  const blocks = lines.map((line): Block => ({ kind: 'paragraph', level: 0, text: line.trim() }));
  return to === 'html' ? writeHtml(blocks, title) : writeMarkdown(blocks);
}
