import type { PDFDocument, PDFPage } from '@cantoo/pdf-lib';
import { detectFormat } from './detect.js';
import { isRaster } from './formats.js';
import { encodeImage, openImage } from './image.js';
import { resultOf } from './names.js';
import { wordOption } from './options.js';
import { openPdf, savePdf, toPdf } from './pdf.js';
import type { ResultFile, SourceFile, Task } from './task.js';
import { Unconvertible } from './unconvertible.js';

const PLACES = ['center', 'top', 'bottom', 'left', 'right', 'top-left', 'top-right', 'bottom-left', 'bottom-right'] as const;
const MARGIN = 18;
const POINTS_PER_PIXEL = 0.75;

/**
 * The last file laid over every page of the one before it: an image, or the first page of a PDF, in its own size, shrunk to the page.
 * Option `alignment` says where: center (the default), top, bottom-right, …
 */
export async function stampPdf(sources: readonly SourceFile[], options: Task['options']): Promise<ResultFile> {
  const [document, stamp, more] = sources;
  if (!document || !stamp || more) throw new Unconvertible('bad_option', 'Give a document and the stamp, in this order, or a "text" to stamp.');
  const place = wordOption(options, ['alignment'], PLACES) ?? 'center';
  const pdf = await openPdf((await toPdf(document)).bytes);
  const { draw, width, height } = await embedded(pdf, stamp);
  for (const page of pdf.getPages()) {
    const { x: left, y: bottom, width: across, height: up } = page.getMediaBox();
    const scale = Math.min(1, (across - 2 * MARGIN) / width, (up - 2 * MARGIN) / height);
    const [wide, high] = [width * scale, height * scale];
    const x = along(place, 'left', 'right', across, wide);
    const y = along(place, 'bottom', 'top', up, high);
    const box = { x: left + x, y: bottom + y, width: wide, height: high };
    draw(page, box);
  }
  return resultOf(document, 'pdf', await savePdf(pdf));
}

/** Points from the page's lower left corner. */
interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

interface Stamp {
  readonly draw: (page: PDFPage, box: Box) => void;
  /** Points. */
  readonly width: number;
  readonly height: number;
}

async function embedded(pdf: PDFDocument, stamp: SourceFile): Promise<Stamp> {
  const format = await detectFormat(stamp);
  if (format === 'pdf') {
    const [page] = await pdf.embedPdf(await openPdf(stamp.bytes), [0]);
    if (!page) throw new Unconvertible('corrupt_input', 'The stamp has no page.');
    return { draw: (on, box) => on.drawPage(page, box), width: page.width, height: page.height };
  }
  if (format !== 'svg' && !isRaster(format)) throw new Unconvertible('unsupported', `"${format}" files cannot be stamps here.`);
  const image = await pdf.embedPng(await encodeImage(openImage(stamp.bytes, format), { format: 'png' }));
  return { draw: (on, box) => on.drawImage(image, box), width: image.width * POINTS_PER_PIXEL, height: image.height * POINTS_PER_PIXEL };
}

function along(place: string, low: string, high: string, room: number, size: number): number {
  if (place.includes(low)) return MARGIN;
  return place.includes(high) ? room - size - MARGIN : (room - size) / 2;
}
