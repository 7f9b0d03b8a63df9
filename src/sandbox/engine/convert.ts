import { detectFormat } from './detect.js';
import { canonical, isRaster, plainTargets, targetsOf } from './formats.js';
import { convertImage } from './image-operations.js';
import { convertMedia } from './media.js';
import { ffmpegIsHere, mediaTargets } from './media-formats.js';
import { resultOf } from './names.js';
import { convertOffice } from './office.js';
import { isOffice, officeIsHere, officeTargets } from './office-formats.js';
import { toPdf } from './pdf.js';
import { pdfPictures } from './pdf-pictures.js';
import { pdfText } from './pdf-read-text.js';
import { rewritePdf } from './pdf-split.js';
import { repack } from './repack.js';
import type { ResultFile, SourceFile, Task } from './task.js';
import { convertText } from './text-convert.js';
import { Unconvertible } from './unconvertible.js';

const TEXTUAL: ReadonlySet<string> = new Set(['txt', 'md', 'html', 'csv', 'json']);

/** A file in another format; several files where a PDF is split or drawn. Throws `unsupported` for a pair that `targetsOf` does not name. */
export async function convert(source: SourceFile, { target, options }: Task): Promise<ResultFile[]> {
  const from = await detectFormat(source);
  const to = canonical(target);
  if (!targetsOf(from).includes(to)) throw new Unconvertible('unsupported', whyNot(from, to));
  if (from === 'pdf') return fromPdf(source, to, options);
  if (!plainTargets(from).includes(to)) return viaProgram(source, from, to, options);
  if (to === 'pdf') return [await toPdf(source)];
  if (TEXTUAL.has(from)) return [convertText(source, from, to)];
  if (isRaster(from) || from === 'svg') return [await convertImage(source, from, to, options)];
  return [await repack(source, to)];
}

function fromPdf(source: SourceFile, to: string, options: Task['options']): Promise<ResultFile[]> {
  if (to === 'pdf') return rewritePdf(source, options);
  return isRaster(to) ? pdfPictures(source, to, options) : pdfText(source, to, options).then((result) => [result]);
}

async function viaProgram(source: SourceFile, from: string, to: string, options: Task['options']): Promise<ResultFile[]> {
  if (!officeTargets(from).includes(to)) return [await convertMedia(source, from, to, options)];
  if (isOffice(from) && isRaster(to)) return pdfPictures({ ...(await toPdf(source)), filename: source.filename }, to, options);
  return [resultOf(source, to, await convertOffice(source.bytes, from, to))];
}

function whyNot(from: string, to: string): string {
  const pair = `"${from}" cannot be converted to "${to}" in the sandbox`;
  if (!officeIsHere() && officeTargets(from).includes(to)) return `${pair}: LibreOffice is not installed on this machine.`;
  if (!ffmpegIsHere() && mediaTargets(from).includes(to)) return `${pair}: ffmpeg is not installed on this machine.`;
  return `${pair}.`;
}
