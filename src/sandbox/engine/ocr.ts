import { createRequire } from 'node:module';
import { join } from 'node:path';
import { PDFDocument } from '@cantoo/pdf-lib';
import type { Worker } from 'tesseract.js';
import { detectFormat } from './detect.js';
import { canonical, isRaster } from './formats.js';
import { encodeImage, openImage } from './image.js';
import { baseName, resultOf } from './names.js';
import { textOption } from './options.js';
import { pagesAsked } from './page-choice.js';
import { openPdf, savePdf } from './pdf.js';
import { drawPage } from './pdf-pictures.js';
import { readPdf } from './read-pdf.js';
import type { ResultFile, SourceFile, Task } from './task.js';
import { Turns } from './turns.js';
import { Unconvertible } from './unconvertible.js';

const LIMIT_PAGES = 25;
const LIMIT_MS = 180_000;
/** What Tesseract reads best. */
const DPI = 200;
const ENGLISH: ReadonlySet<string> = new Set(['eng', 'en', 'english']);
const TARGETS: ReadonlySet<string> = new Set(['txt', 'pdf', 'html']);

/** One page at a time takes a core and some 150 MB. */
const turns = new Turns(1);

interface PageRead {
  readonly text: string;
  readonly pdf: Buffer | null;
  readonly hocr: string | null;
}

/**
 * The text that is seen on an image or on the pages of a PDF: as txt (the default; pages parted by a form feed), as html (hOCR: where each word is), or as
 * a PDF of the pictures with the text beneath them, so that it can be searched. Options: `language` (English alone is here), `pages`.
 */
export async function recognise(source: SourceFile, { target, options }: Task): Promise<ResultFile> {
  const to = canonical(target === '' ? 'txt' : target);
  if (!TARGETS.has(to)) throw new Unconvertible('unsupported', `Recognised text cannot be a "${to}" file here.`);
  const language = textOption(options, ['language', 'ocr_language'])?.toLowerCase() ?? 'eng';
  if (!ENGLISH.has(language)) throw new Unconvertible('unsupported', `Text in the language "${language}" is not recognised in the sandbox, which knows English (eng) alone.`);
  const pictures = await picturesOf(source, options);
  const pages = await turns.take(() => withReader((reader) => readAll(reader, pictures, to)));
  return resultOf(source, to, await written(pages, to, baseName(source.filename)));
}

async function picturesOf(source: SourceFile, options: Task['options']): Promise<Buffer[]> {
  const format = await detectFormat(source);
  if (format === 'svg' || isRaster(format)) return [await encodeImage(openImage(source.bytes, format).flatten({ background: '#fff' }), { format: 'png' })];
  if (format !== 'pdf') throw new Unconvertible('unsupported', `Text is recognised in images and PDFs here, not in "${format}" files.`);
  return readPdf(source.bytes, async (pdf) => {
    const chosen = pagesAsked(options, pdf.pages, 'all');
    if (chosen.length > LIMIT_PAGES) throw new Unconvertible('unsupported', `Text is recognised on at most ${LIMIT_PAGES} pages at once here: name some with "pages".`);
    const pictures: Buffer[] = [];
    for (const page of chosen) {
      const { image, density } = await drawPage(pdf, page, { dpi: DPI });
      pictures.push(await encodeImage(image.grayscale(), { format: 'png', density }));
    }
    return pictures;
  });
}

async function readAll(reader: Worker, pictures: readonly Buffer[], to: string): Promise<PageRead[]> {
  const pages: PageRead[] = [];
  for (const picture of pictures) {
    const { data } = await reader.recognize(picture, {}, { text: true, pdf: to === 'pdf', hocr: to === 'html' });
    pages.push({ text: data.text, pdf: data.pdf ? Buffer.from(data.pdf) : null, hocr: data.hocr });
  }
  return pages;
}

/** Tesseract in a thread of its own, with the data of its package: nothing is downloaded, nothing is kept. */
async function withReader<Result>(read: (reader: Worker) => Promise<Result>): Promise<Result> {
  const { createWorker, OEM } = await import('tesseract.js');
  const langPath = join(createRequire(import.meta.url).resolve('@tesseract.js-data/eng/package.json'), '..', '4.0.0_best_int');
  const reader = await createWorker('eng', OEM.LSTM_ONLY, { langPath, cacheMethod: 'none', gzip: true, errorHandler: () => undefined });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Unconvertible('unsupported', `Recognising the text takes longer than ${LIMIT_MS / 1000} s, and was stopped.`)), LIMIT_MS);
  });
  try {
    return await Promise.race([read(reader), late]);
  } catch (error) {
    if (error instanceof Unconvertible) throw error;
    throw new Unconvertible('corrupt_input', 'No text could be recognised in the file.');
  } finally {
    clearTimeout(timer);
    await reader.terminate();
  }
}

async function written(pages: readonly PageRead[], to: string, title: string): Promise<Buffer> {
  if (to === 'txt') return Buffer.from(`${pages.map(({ text }) => text.trimEnd()).join('\n\f')}\n`, 'utf8');
  if (to === 'html') return Buffer.from(`<!doctype html>\n<html>\n<head><meta charset="utf-8"><title>${title.replace(/[&<>]/g, ' ')}</title></head>\n<body>\n${pages.map(({ hocr }) => hocr ?? '').join('\n')}\n</body>\n</html>\n`, 'utf8');
  const whole = await PDFDocument.create({ updateMetadata: false });
  for (const { pdf } of pages) {
    if (!pdf) throw new Unconvertible('corrupt_input', 'No text could be recognised in the file.');
    const part = await openPdf(pdf);
    for (const page of await whole.copyPages(part, part.getPageIndices())) whole.addPage(page);
  }
  return savePdf(whole);
}
