import { requireFonts } from './fonts.js';
import { escapeMarkup } from './html.js';

/** A line of text on a drawing: its baseline's left end in pixels. */
export interface DrawnLine {
  readonly x: number;
  readonly y: number;
  readonly size: number;
  readonly text: string;
  readonly bold?: boolean;
}

/** An SVG white sheet of `width` by `height` pixels with `lines` on it, all text escaped. */
export async function drawSheet(width: number, height: number, lines: readonly DrawnLine[], ornament = ''): Promise<Buffer> {
  await requireFonts();
  const texts = lines.map(
    ({ x, y, size, text, bold = false }) =>
      `<text x="${x}" y="${y}" font-family="sans-serif" font-size="${size}" font-weight="${bold ? 'bold' : 'normal'}" fill="#222" xml:space="preserve">${escapeMarkup(text)}</text>`,
  );
  return Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="100%" height="100%" fill="#fff"/>${ornament}${texts.join('')}</svg>`,
  );
}
