import { PDFDocument } from '@cantoo/pdf-lib';
import sharp from 'sharp';

/** What a result has to be. A width and height are in pixels. */
export type Expected =
  | { readonly kind: 'png' | 'webp' | 'jpeg'; readonly width: number; readonly height?: number }
  | { readonly kind: 'pdf'; readonly pages: number };

/** What a file of each kind begins with, as Latin-1; the four bytes behind RIFF are a length. */
const BEGINS: Readonly<Record<Expected['kind'], (head: string) => boolean>> = {
  png: (head) => head.startsWith('\u0089PNG\r\n\u001a\n'),
  webp: (head) => head.startsWith('RIFF') && head.slice(8, 12) === 'WEBP',
  jpeg: (head) => head.startsWith('\u00ff\u00d8\u00ff'),
  pdf: (head) => head.startsWith('%PDF-'),
};

/** What the file is, in a few words. Throws, in one sentence, where it is not what was asked for. */
export async function checkResult(name: string, bytes: Buffer, expected: Expected): Promise<string> {
  if (!BEGINS[expected.kind](bytes.subarray(0, 16).toString('latin1'))) throw new Error(`${name} does not begin like a ${expected.kind} file.`);
  return expected.kind === 'pdf' ? checkPdf(name, bytes, expected.pages) : checkImage(name, bytes, expected);
}

async function checkPdf(name: string, bytes: Buffer, pages: number): Promise<string> {
  const found = (await PDFDocument.load(new Uint8Array(bytes))).getPageCount();
  if (found !== pages) throw new Error(`${name} has ${found} pages, not ${pages}.`);
  return `PDF, ${pages} pages`;
}

async function checkImage(name: string, bytes: Buffer, { kind, width, height }: Extract<Expected, { readonly width: number }>): Promise<string> {
  // Decoding every pixel: a header alone would not show that a file is cut off.
  const { data, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true });
  const found = (await sharp(bytes).metadata()).format;
  if (found !== kind) throw new Error(`${name} is a ${found} file, not ${kind}.`);
  if (info.width !== width || (height !== undefined && info.height !== height)) throw new Error(`${name} is ${info.width} × ${info.height} pixels, not ${width} × ${height ?? 'any'}.`);
  if (data.every((value) => value === data[0])) throw new Error(`${name} is one flat colour.`);
  return `${kind === 'webp' ? 'WebP' : kind.toUpperCase()}, ${info.width} × ${info.height}`;
}
