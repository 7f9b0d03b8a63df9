import type { Sharp } from 'sharp';
import { detectFormat } from './detect.js';
import { requireFontsFor } from './fonts.js';
import { canonical, isRaster, type Raster } from './formats.js';
import { encodeImage, openImage } from './image.js';
import { sizeAsked } from './image-size.js';
import { isVideo } from './media-formats.js';
import { firstFrame } from './media.js';
import { resultOf } from './names.js';
import { isOffice } from './office-formats.js';
import { textOption } from './options.js';
import { pagesAsked } from './page-choice.js';
import { toPdf } from './pdf.js';
import { drawPage, pageOf } from './pdf-pictures.js';
import { readPdf } from './read-pdf.js';
import type { ResultFile, SourceFile, Task } from './task.js';
import { Unconvertible } from './unconvertible.js';

const SIDE = 300;
/** Pages are drawn this fine and then made small. */
const DPI = 150;

/**
 * A small picture of an image, of the pages of a PDF or another document, or of the first frame of a film; never larger than the original.
 * Options: `thumbnail_target` (png), `width` and `height` (300 pixels wide), `pages` (first).
 */
export async function thumbnail(source: SourceFile, { target, options }: Task): Promise<ResultFile[]> {
  const to = canonical(textOption(options, ['thumbnail_target']) ?? (target === '' ? 'png' : target));
  if (!isRaster(to)) throw new Unconvertible('unsupported', `A thumbnail cannot be a "${to}" file here.`);
  const format = await detectFormat(source);
  await requireFontsFor(source.bytes, format);
  if (format === 'svg' || isRaster(format)) return [await small(source, to, openImage(source.bytes, format), options)];
  if (isVideo(format)) return [await small(source, to, openImage(await firstFrame(source, format), 'png'), options)];
  if (format === 'pdf' || isOffice(format)) return ofPages(source, to, options);
  throw new Unconvertible('unsupported', `No thumbnail of "${format}" files can be made here.`);
}

async function ofPages(source: SourceFile, to: Raster, options: Task['options']): Promise<ResultFile[]> {
  const { bytes } = await toPdf(source);
  return readPdf(bytes, async (pdf) => {
    const chosen = pagesAsked(options, pdf.pages, 'first');
    const results: ResultFile[] = [];
    for (const page of chosen) {
      const { image } = await drawPage(pdf, page, { dpi: DPI });
      const made = await small(source, to, image, options);
      results.push(chosen.length > 1 ? pageOf(source, to, page, pdf.pages, made.bytes) : made);
    }
    return results;
  });
}

async function small(source: SourceFile, to: Raster, picture: Sharp, options: Task['options']): Promise<ResultFile> {
  const size = { width: SIDE, ...sizeAsked(options), withoutEnlargement: true };
  return resultOf(source, to, await encodeImage(picture.resize(size), { format: to }));
}
