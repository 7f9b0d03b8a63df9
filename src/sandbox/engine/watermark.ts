import { degrees, rgb, StandardFonts } from '@cantoo/pdf-lib';
import { detectFormat } from './detect.js';
import { isRaster, type Raster } from './formats.js';
import { requireFonts } from './fonts.js';
import { escapeMarkup } from './html.js';
import { encodeImage, openImage, reading } from './image.js';
import { resultOf } from './names.js';
import { textOption } from './options.js';
import { encoder } from './pdf-text.js';
import { openPdf, savePdf } from './pdf.js';
import type { ResultFile, SourceFile } from './task.js';
import { Unconvertible } from './unconvertible.js';

const LIMIT_TEXT = 200;

/**
 * The option `text` (RunConvert's word) written slantwise, half transparent, over an image or every page of a PDF; the format stays.
 * Refused rather than written wrongly: letters that a PDF's built-in fonts lack, and images on a machine without fonts.
 */
export async function watermark(source: SourceFile, options: Readonly<Record<string, unknown>>): Promise<ResultFile> {
  const text = textOption(options, ['text'])?.trim();
  if (!text || text.length > LIMIT_TEXT) throw new Unconvertible('bad_option', `Option "text" must hold 1 to ${LIMIT_TEXT} characters.`);
  const format = await detectFormat(source);
  if (format === 'pdf') return resultOf(source, 'pdf', await onPdf(source.bytes, text));
  if (isRaster(format)) return resultOf(source, format, await onImage(source.bytes, format, text));
  throw new Unconvertible('unsupported', `"${format}" files cannot be watermarked here.`);
}

async function onPdf(bytes: Buffer, text: string): Promise<Buffer> {
  const pdf = await openPdf(bytes);
  const font = await pdf.embedFont(StandardFonts.HelveticaBold);
  const line = text.replaceAll('\n', ' ');
  const written = encoder(font)(line);
  if (written.split('?').length !== line.split('?').length) {
    throw new Unconvertible('unsupported', 'The text holds letters that the fonts built into PDF cannot write: only Western European ones are written here.');
  }
  for (const page of pdf.getPages()) {
    const { width, height } = page.getSize();
    const length = Math.hypot(width, height) * 0.7;
    const size = Math.min(length / font.widthOfTextAtSize(written, 1), height / 6);
    const angle = Math.atan2(height, width);
    const half = font.widthOfTextAtSize(written, size) / 2;
    page.drawText(written, {
      x: width / 2 - Math.cos(angle) * half,
      y: height / 2 - Math.sin(angle) * half,
      size,
      font,
      color: rgb(0.5, 0.5, 0.5),
      opacity: 0.4,
      rotate: degrees((angle * 180) / Math.PI),
    });
  }
  return savePdf(pdf);
}

async function onImage(bytes: Buffer, format: Raster, text: string): Promise<Buffer> {
  await requireFonts();
  const image = openImage(bytes, format);
  const { autoOrient, width: storedWidth, height: storedHeight } = await reading(() => image.metadata());
  const width = autoOrient?.width ?? storedWidth;
  const height = autoOrient?.height ?? storedHeight;
  const slant = Math.hypot(width, height);
  const size = Math.max(6, Math.min((slant * 1.2) / text.length, height / 4));
  const angle = (-Math.atan2(height, width) * 180) / Math.PI;
  const overlay =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">` +
    `<text x="50%" y="50%" text-anchor="middle" dominant-baseline="middle" transform="rotate(${angle} ${width / 2} ${height / 2})" ` +
    `font-family="sans-serif" font-weight="bold" font-size="${size}" fill="#fff" fill-opacity="0.55" stroke="#000" stroke-opacity="0.35" ` +
    `stroke-width="${size / 40}">${escapeMarkup(text)}</text></svg>`;
  return encodeImage(image.composite([{ input: Buffer.from(overlay) }]), { format });
}
