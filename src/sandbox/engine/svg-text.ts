import sharp from 'sharp';
import { escapeMarkup } from './html.js';
import { Unconvertible } from './unconvertible.js';

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

let fontsWork: Promise<boolean> | undefined;

/** Throws `unsupported` on a machine without fonts, where text would be drawn as nothing and nobody would be told. */
export async function requireFonts(): Promise<void> {
  fontsWork ??= sharp(Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><text x="4" y="30" font-family="sans-serif" font-size="30">M</text></svg>'))
    .stats()
    .then(({ channels }) => (channels.at(-1)?.max ?? 0) > 0);
  if (!(await fontsWork)) throw new Unconvertible('unsupported', 'No fonts are installed on this machine, so no text can be drawn.');
}
