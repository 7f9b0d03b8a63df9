import sharp from 'sharp';
import { Unconvertible } from './unconvertible.js';

let found: Promise<boolean> | undefined;

/** Whether text can be drawn on this machine. Without fonts every letter is drawn as the same empty box, or not at all. */
export function fontsAreHere(): Promise<boolean> {
  found ??= Promise.all(['M', 'i'].map(drawnLetter)).then(([wide, narrow]) => wide !== undefined && narrow !== undefined && !wide.equals(narrow));
  return found;
}

/** Throws `unsupported` on a machine without fonts, where text would be drawn as boxes and nobody would be told. */
export async function requireFonts(): Promise<void> {
  if (!(await fontsAreHere())) throw new Unconvertible('unsupported', 'No fonts are installed on this machine, so no text can be drawn.');
}

/** The same for a picture of `format`: a drawing may hold text, pixels hold none. */
export async function requireFontsFor(bytes: Buffer, format: string): Promise<void> {
  if (format === 'svg' && bytes.includes('<text')) await requireFonts();
}

async function drawnLetter(letter: string): Promise<Buffer> {
  const drawing = `<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><text x="4" y="30" font-family="sans-serif" font-size="30">${letter}</text></svg>`;
  return sharp(Buffer.from(drawing)).raw().toBuffer();
}
