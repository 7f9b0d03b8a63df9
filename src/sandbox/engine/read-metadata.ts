import type { PDFDocument } from '@cantoo/pdf-lib';
import { detectFormat, textOf } from './detect.js';
import { imageDetails } from './exif.js';
import { archiveEntries } from './extract-archive.js';
import { formatOf, isRaster } from './formats.js';
import { openImage, reading } from './image.js';
import { isAudio, isVideo } from './media-formats.js';
import { resultOf } from './names.js';
import { openPdf } from './pdf.js';
import { probeMedia } from './probe-media.js';
import type { ResultFile, SourceFile } from './task.js';

/**
 * What the file says of itself, as JSON: name, size in bytes, format, media type; of images pixels, resolution and EXIF, of PDFs pages, their
 * size in points and the document's own words, of texts lines, of archives their files, of sound and film length and streams (where ffprobe is).
 */
export async function readMetadata(source: SourceFile): Promise<ResultFile> {
  const format = await detectFormat(source);
  const general = {
    filename: source.filename,
    size: source.bytes.length,
    format,
    contentType: formatOf(format)?.contentType ?? 'application/octet-stream',
  };
  const json = JSON.stringify({ ...general, ...(await detailsOf(source, format)) }, null, 2);
  return resultOf(source, 'json', Buffer.from(`${json}\n`));
}

async function detailsOf(source: SourceFile, format: string): Promise<Record<string, unknown>> {
  if (format === 'pdf') return pdfDetails(await openPdf(source.bytes));
  if (format === 'svg' || isRaster(format)) return reading(() => imageDetails(openImage(source.bytes, format), source.bytes, format));
  if (['zip', 'tar', 'tar.gz'].includes(format)) return archiveDetails(source);
  if (isAudio(format) || isVideo(format)) return probeMedia(source.bytes, format);
  const textual = ['txt', 'md', 'html', 'csv', 'json'].includes(format);
  return textual ? textDetails(textOf(source.bytes)) : {};
}

function pdfDetails(pdf: PDFDocument): Record<string, unknown> {
  const page = pdf.getPages()[0]?.getSize();
  return {
    pages: pdf.getPageCount(),
    width: page?.width,
    height: page?.height,
    title: pdf.getTitle(),
    author: pdf.getAuthor(),
    subject: pdf.getSubject(),
    keywords: pdf.getKeywords(),
    creator: pdf.getCreator(),
    producer: pdf.getProducer(),
    createdAt: pdf.getCreationDate(),
    modifiedAt: pdf.getModificationDate(),
  };
}

async function archiveDetails(source: SourceFile): Promise<Record<string, unknown>> {
  const entries = await archiveEntries(source);
  return {
    files: entries.map(({ filename, bytes }) => ({ path: filename, size: bytes.length })),
    unpackedSize: entries.reduce((sum, { bytes }) => sum + bytes.length, 0),
  };
}

function textDetails(text: string): Record<string, unknown> {
  return { lines: text.replace(/\n$/, '').split('\n').length, words: text.split(/\s+/).filter((word) => word !== '').length, characters: [...text].length };
}
