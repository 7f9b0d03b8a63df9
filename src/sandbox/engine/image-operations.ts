import { detectFormat } from './detect.js';
import { canonical, isRaster } from './formats.js';
import { carriesFrames, encodeImage, openImage } from './image.js';
import { sizeAsked, sizeRequired } from './image-size.js';
import { baseName, resultOf } from './names.js';
import { integerOption, textOption } from './options.js';
import { openPdf } from './pdf.js';
import { drawSheet } from './svg-text.js';
import type { ResultFile, SourceFile, Task } from './task.js';
import { Unconvertible } from './unconvertible.js';

const THUMBNAIL_SIDE = 300;

/** An image into another raster format. Options: `quality` (1 to 100), `width`, `height`. */
export async function convertImage(source: SourceFile, from: string, to: string, options: Task['options']): Promise<ResultFile> {
  const size = sizeAsked(options);
  const quality = integerOption(options, ['quality'], 1, 100);
  if (!isRaster(to)) throw new Unconvertible('unsupported', `"${from}" cannot be converted to "${to}" here.`);
  const image = openImage(source.bytes, from, carriesFrames(from, to));
  return resultOf(source, to, await encodeImage(size ? image.resize(size) : image, { format: to, quality }));
}

/** An image in another size and its own format (a drawing as PNG). */
export async function resizeImage(source: SourceFile, options: Task['options']): Promise<ResultFile> {
  const size = sizeRequired(options);
  const format = await detectFormat(source);
  if (format !== 'svg' && !isRaster(format)) throw new Unconvertible('unsupported', `"${format}" files cannot be resized here.`);
  const to = format === 'svg' ? 'png' : format;
  return resultOf(source, to, await encodeImage(openImage(source.bytes, format, carriesFrames(format, to)).resize(size), { format: to }));
}

/**
 * A small picture of an image, never larger than the original; 300 pixels wide if no size is said, PNG if no format is.
 *
 * Of a PDF it is a preview card and no rendering, for want of a renderer: a white page of the first page's shape that
 * names the file and counts its pages.
 */
export async function thumbnail(source: SourceFile, { target, options }: Task): Promise<ResultFile> {
  const to = canonical(textOption(options, ['thumbnail_target']) ?? (target === '' ? 'png' : target));
  const size = { width: THUMBNAIL_SIDE, ...sizeAsked(options), withoutEnlargement: true };
  const format = await detectFormat(source);
  if (!isRaster(to)) throw new Unconvertible('unsupported', `A thumbnail cannot be a "${to}" file here.`);
  const picture = format === 'pdf' ? openImage(await previewCard(source), 'svg') : pictureOf(source, format);
  return resultOf(source, to, await encodeImage(picture.resize(size), { format: to }));
}

function pictureOf(source: SourceFile, format: string): ReturnType<typeof openImage> {
  if (format === 'svg' || isRaster(format)) return openImage(source.bytes, format);
  throw new Unconvertible('unsupported', `No thumbnail of "${format}" files can be made here.`);
}

async function previewCard(source: SourceFile): Promise<Buffer> {
  const pdf = await openPdf(source.bytes);
  const page = pdf.getPages()[0]?.getSize() ?? { width: 595, height: 842 };
  const width = 600;
  const height = Math.round(Math.min(2400, Math.max(150, (page.height / page.width) * width)));
  const name = baseName(source.filename).slice(0, 28);
  const pages = pdf.getPageCount();
  const frame = `<rect x="1" y="1" width="${width - 2}" height="${height - 2}" fill="none" stroke="#999" stroke-width="2"/>`;
  return drawSheet(
    width,
    height,
    [
      { x: 40, y: 70, size: 34, text: name, bold: true },
      { x: 40, y: 115, size: 26, text: `PDF, ${pages} ${pages === 1 ? 'page' : 'pages'}` },
    ],
    frame,
  );
}
