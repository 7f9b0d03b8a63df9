import { readFile } from 'node:fs/promises';
import { decodePDFRawStream, PDFArray, PDFDocument, PDFRawStream } from '@cantoo/pdf-lib';
import sharp, { type Sharp } from 'sharp';
import { type ResultFile, runTask, type SourceFile } from '../../src/sandbox/engine/engine.js';

const SAMPLES = new URL('../samples/', import.meta.url);

/** A file of test/samples. */
export const sample = async (filename: string): Promise<SourceFile> => ({ filename, bytes: await readFile(new URL(filename, SAMPLES)) });

export const text = (filename: string, content: string): SourceFile => ({ filename, bytes: Buffer.from(content) });

export async function run(operation: string, target: string, inputs: readonly SourceFile[], options: Record<string, unknown> = {}): Promise<ResultFile[]> {
  return runTask({ operation, target, options }, inputs);
}

/** The one result of a task; fails where there are none or several. */
export async function runOne(operation: string, target: string, inputs: SourceFile | readonly SourceFile[], options: Record<string, unknown> = {}): Promise<ResultFile> {
  const results = await run(operation, target, [inputs].flat(), options);
  const [result] = results;
  if (!result || results.length > 1) throw new Error(`expected one result, got ${results.length}`);
  return result;
}

export const refusal = (reason: string): unknown => expect.objectContaining({ name: 'Unconvertible', reason });

export const pagesOf = async ({ bytes }: ResultFile): Promise<number> => (await PDFDocument.load(bytes)).getPageCount();

/** Width and height as stored. */
export async function sizeOf(bytes: Buffer): Promise<[number, number]> {
  const { width, height } = await sharp(bytes).metadata();
  return [width, height];
}

/** A picture whose left half is red and whose right half is blue, so that turning and mirroring show. */
export const twoHalves = (width = 40, height = 20): Sharp =>
  sharp({ create: { width, height, channels: 3, background: 'blue' } }).composite([
    { input: { create: { width: Math.floor(width / 2), height, channels: 3, background: 'red' } }, left: 0, top: 0 },
  ]);

/** Red, green and blue of one pixel, 0 to 255. */
export async function pixelAt(bytes: Buffer, x: number, y: number): Promise<number[]> {
  const { data, info } = await sharp(bytes).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const at = (y * info.width + x) * info.channels;
  return [...data.subarray(at, at + 3)];
}

/** The text drawn on each page of a PDF that was written with built-in fonts, run by run. */
export async function writtenOn(bytes: Buffer): Promise<string[]> {
  const pdf = await PDFDocument.load(bytes);
  return pdf.getPages().map(({ node }) => {
    const contents = node.Contents();
    const streams = contents instanceof PDFArray ? contents.asArray().map((part) => pdf.context.lookup(part)) : [contents];
    const drawn = streams.map((stream) => (stream instanceof PDFRawStream ? Buffer.from(decodePDFRawStream(stream).decode()).toString('latin1') : ''));
    const runs = drawn.join('\n').matchAll(/<([0-9A-F]*)> Tj/g);
    return Array.from(runs, ([, hex = '']) => Buffer.from(hex, 'hex').toString('latin1')).join('\n');
  });
}
