import { EncryptedPDFError, PDFDocument } from '@cantoo/pdf-lib';
import { detectFormat } from './detect.js';
import { requireFontsFor } from './fonts.js';
import { encodeImage, openImage } from './image.js';
import { isRaster } from './formats.js';
import { baseName, resultOf } from './names.js';
import { convertOffice } from './office.js';
import { isOffice } from './office-formats.js';
import { textPdf } from './pdf-text.js';
import type { ResultFile, SourceFile } from './task.js';
import { readBlocks } from './text-convert.js';
import { Unconvertible } from './unconvertible.js';

/** Points per pixel: images are laid out at 96 pixels per inch. */
const POINTS_PER_PIXEL = 0.75;
/** The longest side a PDF page may have, in points. */
const LIMIT_POINTS = 14_400;

/** A PDF that can be read. Throws `unsupported` for an encrypted one, `corrupt_input` for what is no PDF within. */
export async function openPdf(bytes: Buffer): Promise<PDFDocument> {
  try {
    const pdf = await PDFDocument.load(bytes, { updateMetadata: false, throwOnInvalidObject: true });
    pdf.getPageCount();
    return pdf;
  } catch (error) {
    // What is encrypted may look broken before it is seen to be encrypted.
    if (error instanceof EncryptedPDFError || bytes.includes('/Encrypt')) throw new Unconvertible('unsupported', 'The PDF is encrypted, and is not opened here.');
    throw new Unconvertible('corrupt_input', 'The PDF cannot be read.');
  }
}

/** The PDF's bytes, its objects packed into compressed streams. */
export async function savePdf(pdf: PDFDocument): Promise<Buffer> {
  return Buffer.from(await pdf.save({ useObjectStreams: true }));
}

/** An image as one page of its size, a text laid out on A4, an office document where LibreOffice is, a PDF saved anew. */
export async function toPdf(source: SourceFile): Promise<ResultFile> {
  const format = await detectFormat(source);
  return resultOf(source, 'pdf', await pdfBytes(source, format));
}

async function pdfBytes(source: SourceFile, format: string): Promise<Buffer> {
  if (format === 'pdf') return savePdf(await openPdf(source.bytes));
  if (format === 'svg' || isRaster(format)) return imagePdf(source, format);
  if (isOffice(format)) return convertOffice(source.bytes, format, 'pdf');
  return textPdf(readBlocks(source, format), baseName(source.filename));
}

async function imagePdf(source: SourceFile, format: string): Promise<Buffer> {
  await requireFontsFor(source.bytes, format);
  const jpeg = await encodeImage(openImage(source.bytes, format), { format: 'jpg', quality: 90 });
  const pdf = await PDFDocument.create({ updateMetadata: false });
  pdf.setTitle(baseName(source.filename));
  const image = await pdf.embedJpg(jpeg);
  const scale = Math.min(POINTS_PER_PIXEL, LIMIT_POINTS / Math.max(image.width, image.height));
  const [width, height] = [image.width * scale, image.height * scale];
  pdf.addPage([width, height]).drawImage(image, { x: 0, y: 0, width, height });
  return savePdf(pdf);
}

/** All inputs, in order, as one PDF named after the first; whatever can become a PDF here may be among them. */
export async function mergePdf(sources: readonly SourceFile[]): Promise<ResultFile> {
  const [first] = sources;
  if (!first) throw new Unconvertible('bad_option', 'Nothing to merge.');
  const merged = await PDFDocument.create({ updateMetadata: false });
  for (const source of sources) {
    const pdf = await openPdf((await toPdf(source)).bytes);
    for (const page of await merged.copyPages(pdf, pdf.getPageIndices())) merged.addPage(page);
  }
  return resultOf(first, 'pdf', await savePdf(merged));
}
