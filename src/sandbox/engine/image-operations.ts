import { detectFormat } from './detect.js';
import { requireFontsFor } from './fonts.js';
import { isRaster } from './formats.js';
import { carriesFrames, encodeImage, openImage } from './image.js';
import { sizeAsked, sizeRequired } from './image-size.js';
import { toned } from './image-tone.js';
import { resultOf } from './names.js';
import { integerOption } from './options.js';
import type { ResultFile, SourceFile, Task } from './task.js';
import { Unconvertible } from './unconvertible.js';

/** An image into another raster format. Options: `quality` (1 to 100), `width`, `height`, `color`, `dpi` (noted in the file; of a drawing, its size too). */
export async function convertImage(source: SourceFile, from: string, to: string, options: Task['options']): Promise<ResultFile> {
  const size = sizeAsked(options);
  const quality = integerOption(options, ['quality'], 1, 100);
  const density = integerOption(options, ['dpi'], 10, 1200);
  if (!isRaster(to)) throw new Unconvertible('unsupported', `"${from}" cannot be converted to "${to}" here.`);
  await requireFontsFor(source.bytes, from);
  const image = openImage(source.bytes, from, carriesFrames(from, to), density);
  return resultOf(source, to, await encodeImage(toned(size ? image.resize(size) : image, options), { format: to, quality, density }));
}

/** An image in another size and its own format (a drawing as PNG). */
export async function resizeImage(source: SourceFile, options: Task['options']): Promise<ResultFile> {
  const size = sizeRequired(options);
  const format = await detectFormat(source);
  if (format !== 'svg' && !isRaster(format)) throw new Unconvertible('unsupported', `"${format}" files cannot be resized here.`);
  await requireFontsFor(source.bytes, format);
  const to = format === 'svg' ? 'png' : format;
  return resultOf(source, to, await encodeImage(openImage(source.bytes, format, carriesFrames(format, to)).resize(size), { format: to }));
}

