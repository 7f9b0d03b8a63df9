import { detectFormat } from './detect.js';
import { canonical, isRaster } from './formats.js';
import { carriesFrames, encodeImage, openImage } from './image.js';
import { resultOf } from './names.js';
import { textOption, wordOption } from './options.js';
import { openPdf, savePdf } from './pdf.js';
import type { ResultFile, SourceFile } from './task.js';
import { Unconvertible } from './unconvertible.js';

const LEVELS = ['low', 'medium', 'high'] as const;
/** The more compression, the less quality is left. */
const QUALITY: Readonly<Record<(typeof LEVELS)[number], number>> = { low: 80, medium: 60, high: 40 };

/**
 * The file in its own format, smaller where it can be: images by quality, PDFs by packing their objects. A file that
 * would grow comes back as it was. Options: `compression_level` or `level`, low to high (medium if not said); api2convert's
 * `compression_target` asks for another image format.
 */
export async function compress(source: SourceFile, options: Readonly<Record<string, unknown>>): Promise<ResultFile> {
  const level = wordOption(options, ['compression_level', 'level'], LEVELS) ?? 'medium';
  const format = await detectFormat(source);
  if (format === 'pdf') return resultOf(source, 'pdf', smaller(await savePdf(await openPdf(source.bytes)), source.bytes));
  const to = canonical(textOption(options, ['compression_target']) ?? format);
  if (!isRaster(format) || !isRaster(to) || to === 'bmp') throw new Unconvertible('unsupported', `"${format}" files cannot be compressed here.`);
  const bytes = await encodeImage(openImage(source.bytes, format, carriesFrames(format, to)), { format: to, quality: QUALITY[level], compact: true });
  return resultOf(source, to, to === format ? smaller(bytes, source.bytes) : bytes);
}

function smaller(made: Buffer, original: Buffer): Buffer {
  return made.length < original.length ? made : original;
}
