import { PDFDocument } from '@cantoo/pdf-lib';
import { flagOption } from './options.js';
import { pagesAsked } from './page-choice.js';
import { openPdf, savePdf } from './pdf.js';
import { pageOf } from './pdf-pictures.js';
import { resultOf } from './names.js';
import type { ResultFile, SourceFile, Task } from './task.js';

/**
 * A PDF as PDF: saved anew; with `pages` only those pages; with `split: true` each (or each named) page as a file of its own, "paper-2.pdf".
 */
export async function rewritePdf(source: SourceFile, options: Task['options']): Promise<ResultFile[]> {
  const pdf = await openPdf(source.bytes);
  const count = pdf.getPageCount();
  if (flagOption(options, ['split'])) {
    const results: ResultFile[] = [];
    for (const page of pagesAsked(options, count, 'all')) results.push(pageOf(source, 'pdf', page, count, await only(pdf, [page])));
    return results;
  }
  const asked = options.pages === undefined || options.pages === '' ? null : pagesAsked(options, count, 'all');
  return [resultOf(source, 'pdf', asked === null ? await savePdf(pdf) : await only(pdf, asked))];
}

async function only(pdf: PDFDocument, pages: number[]): Promise<Buffer> {
  const part = await PDFDocument.create({ updateMetadata: false });
  const title = pdf.getTitle();
  if (title !== undefined) part.setTitle(title);
  for (const page of await part.copyPages(pdf, pages)) part.addPage(page);
  return savePdf(part);
}
