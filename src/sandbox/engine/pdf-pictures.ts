import sharp, { type Sharp } from 'sharp';
import type { Raster } from './formats.js';
import { encodeImage, LIMIT_PIXELS, LIMIT_SIDE } from './image.js';
import { toned } from './image-tone.js';
import { baseName, resultOf } from './names.js';
import { integerOption } from './options.js';
import { pagesAsked } from './page-choice.js';
import { type ReadablePdf, readPdf } from './read-pdf.js';
import type { ResultFile, SourceFile, Task } from './task.js';
import { Unconvertible } from './unconvertible.js';

const DPI = 150;
/** A page in points is 1/72 inch. */
const POINTS_PER_INCH = 72;

/**
 * The pages of a PDF as pictures, one each, named "paper-1.png", "paper-2.png" where the document has several. Options: `pages` (all),
 * `dpi` (150) or `width` and `height` in pixels (the page's shape is kept), `quality`, `color`.
 */
export async function pdfPictures(source: SourceFile, to: Raster, options: Task['options']): Promise<ResultFile[]> {
  const quality = integerOption(options, ['quality'], 1, 100);
  return readPdf(source.bytes, async (pdf) => {
    const results: ResultFile[] = [];
    for (const page of pagesAsked(options, pdf.pages, 'all')) {
      const { image, density } = await drawPage(pdf, page, options);
      const bytes = await encodeImage(toned(image, options), { format: to, quality, density });
      results.push(pageOf(source, to, page, pdf.pages, bytes));
    }
    return results;
  });
}

/** One page, in the size that `options` ask for; `density` in pixels per inch. */
export async function drawPage(pdf: ReadablePdf, page: number, options: Task['options']): Promise<{ image: Sharp; density: number }> {
  const points = await pdf.size(page);
  if (!(points.width > 0 && points.height > 0)) throw new Unconvertible('corrupt_input', `Page ${page + 1} of the PDF has no size.`);
  const scale = scaleAsked(points, options);
  const [width, height] = [Math.max(1, Math.round(points.width * scale)), Math.max(1, Math.round(points.height * scale))];
  if (width * height > LIMIT_PIXELS / 2) throw new Unconvertible('unsupported', `Page ${page + 1} is too large to be drawn here: ask for fewer "dpi".`);
  const drawn = await pdf.picture(page, width, height);
  const image = sharp(drawn.data, { raw: { width: drawn.width, height: drawn.height, channels: 4 }, limitInputPixels: LIMIT_PIXELS });
  return { image: image.flatten({ background: '#fff' }), density: Math.round(scale * POINTS_PER_INCH) };
}

function scaleAsked(points: { width: number; height: number }, options: Task['options']): number {
  const width = integerOption(options, ['width'], 1, LIMIT_SIDE);
  const height = integerOption(options, ['height'], 1, LIMIT_SIDE);
  const dpi = integerOption(options, ['dpi'], 10, 600) ?? DPI;
  if (width === undefined && height === undefined) return dpi / POINTS_PER_INCH;
  return Math.min((width ?? Infinity) / points.width, (height ?? Infinity) / points.height);
}

/** The result made of one page of several: its number, from 1, is in its name. */
export function pageOf(source: SourceFile, to: string, page: number, pages: number, bytes: Buffer): ResultFile {
  const filename = pages > 1 ? `${baseName(source.filename)}-${page + 1}.${to}` : source.filename;
  return resultOf({ filename }, to, bytes);
}
