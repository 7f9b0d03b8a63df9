import { PDFDocument, type PDFFont, type PDFPage, StandardFonts } from '@cantoo/pdf-lib';
import type { Block } from './text-blocks.js';

/** A4 in points. */
const PAGE: [number, number] = [595.28, 841.89];
const MARGIN = 56;
const HEADING_SIZES = [20, 16, 14, 12, 11, 11];

interface Style {
  readonly font: PDFFont;
  readonly size: number;
  readonly indent: number;
  readonly before: number;
}

/**
 * Blocks as an A4 PDF, wrapped and paged; headings larger and bold, items with a bullet, code in Courier.
 * The built-in fonts know Western European letters alone: others lose their accents, or become "?".
 */
export async function textPdf(blocks: readonly Block[], title: string): Promise<Buffer> {
  const pdf = await PDFDocument.create({ updateMetadata: false });
  pdf.setTitle(title);
  const [regular, bold, mono] = await Promise.all(
    [StandardFonts.Helvetica, StandardFonts.HelveticaBold, StandardFonts.Courier].map((font) => pdf.embedFont(font)),
  );
  if (!regular || !bold || !mono) throw new Error('a standard font was not embedded');
  const styleOf = ({ kind, level }: Block): Style => {
    if (kind === 'heading') return { font: bold, size: HEADING_SIZES[level - 1] ?? 11, indent: 0, before: 8 };
    if (kind === 'code') return { font: mono, size: 9, indent: 0, before: 4 };
    return { font: regular, size: 11, indent: kind === 'item' ? 14 : 0, before: 2 };
  };
  let page: PDFPage = pdf.addPage(PAGE);
  let y = PAGE[1] - MARGIN;
  for (const block of blocks) {
    const { font, size, indent, before } = styleOf(block);
    const encodable = encoder(font);
    y -= before;
    const lines = block.text.split('\n').flatMap((line) => wrap(encodable(line), widthOf(font, size), PAGE[0] - 2 * MARGIN - indent));
    for (const [index, line] of lines.entries()) {
      if (y - size * 1.4 < MARGIN) {
        page = pdf.addPage(PAGE);
        y = PAGE[1] - MARGIN;
      }
      y -= size * 1.4;
      if (index === 0 && block.kind === 'item') page.drawText('•', { x: MARGIN, y, size, font });
      if (line !== '') page.drawText(line, { x: MARGIN + indent, y, size, font });
    }
  }
  return Buffer.from(await pdf.save());
}

/** A function that gives text with only what `font` can write: accents dropped where that helps, else "?". Tabs become blanks. */
export function encoder(font: PDFFont): (text: string) => string {
  const known = new Set(font.getCharacterSet());
  const writable = (character: string): boolean => known.has(character.codePointAt(0) ?? 0);
  const bare = (character: string): string => {
    const letter = character.normalize('NFKD').replace(/\p{M}/gu, '');
    return letter !== '' && [...letter].every(writable) ? letter : '?';
  };
  return (text) => [...text.replaceAll('\t', '    ').normalize('NFC')].map((character) => (writable(character) ? character : bare(character))).join('');
}

function widthOf(font: PDFFont, size: number): (text: string) => number {
  const widths = new Map<string, number>();
  return (text) => {
    let sum = 0;
    for (const character of text) {
      let width = widths.get(character);
      if (width === undefined) widths.set(character, (width = font.widthOfTextAtSize(character, size)));
      sum += width;
    }
    return sum;
  };
}

/** `text` in lines no wider than `limit`, broken at blanks, and within a word only where the word alone is too wide. */
function wrap(text: string, width: (text: string) => number, limit: number): string[] {
  const lines: string[] = [];
  let line = '';
  let used = 0;
  for (const word of text.split(/(?<= )/)) {
    if (used + width(word.trimEnd()) > limit && line.trim() !== '') {
      lines.push(line.trimEnd());
      [line, used] = ['', 0];
    }
    for (const character of width(word) > limit ? word : [word]) {
      const more = width(character);
      if (used + width(character.trimEnd()) > limit && line !== '') {
        lines.push(line);
        [line, used] = ['', 0];
      }
      line += character;
      used += more;
    }
  }
  return [...lines, line.trimEnd()];
}
