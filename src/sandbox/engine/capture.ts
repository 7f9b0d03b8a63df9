import { drawn } from './browser.js';
import { textOf } from './detect.js';
import { canonical, isRaster } from './formats.js';
import { readHtml } from './html.js';
import { encodeImage, openImage } from './image.js';
import { baseName, resultOf } from './names.js';
import { integerOption } from './options.js';
import { textPdf } from './pdf-text.js';
import { type DrawnLine, drawSheet } from './svg-text.js';
import type { ResultFile, SourceFile, Task } from './task.js';
import { type Block, guardLength } from './text-blocks.js';
import { Unconvertible } from './unconvertible.js';

const LIMIT_HEIGHT = 4_000;
const MARGIN = 40;

/**
 * A page, given as its HTML, as a PDF or a picture, drawn by Chromium where it is installed. Elsewhere it is a rendition of the page's text:
 * styles, pictures and scripts are not drawn then, and a picture ends after 4,000 pixels. Options: `screen_width` or `width` (1280 pixels),
 * `screen_height` (all of the page), `device_scale_factor` (1 to 3).
 */
export async function capture(source: SourceFile, { target, options }: Task): Promise<ResultFile> {
  const width = integerOption(options, ['screen_width', 'width'], 320, 4_000) ?? 1280;
  const height = integerOption(options, ['screen_height', 'height'], 100, LIMIT_HEIGHT) ?? null;
  const scale = integerOption(options, ['device_scale_factor'], 1, 3) ?? 1;
  const to = canonical(target === '' ? 'png' : target);
  if (to !== 'pdf' && !isRaster(to)) throw new Unconvertible('unsupported', `A page cannot be captured as "${to}" here.`);
  const html = guardLength(textOf(source.bytes));
  const page = await drawn(Buffer.from(html), to === 'pdf' ? 'pdf' : 'png', { width, height, scale });
  if (to === 'pdf') return resultOf(source, 'pdf', page ?? (await textPdf(readHtml(html), baseName(source.filename))));
  const picture = page ? openImage(page, 'png') : openImage(await textSheet(readHtml(html), width, height), 'svg');
  return resultOf(source, to, await encodeImage(picture, { format: to }));
}

async function textSheet(blocks: readonly Block[], width: number, height: number | null): Promise<Buffer> {
  const lines = linesOf(blocks, width);
  return drawSheet(width, height ?? Math.min(LIMIT_HEIGHT, Math.ceil((lines.at(-1)?.y ?? 0) + MARGIN)), lines);
}

function linesOf(blocks: readonly Block[], width: number): DrawnLine[] {
  const lines: DrawnLine[] = [];
  let y = MARGIN;
  for (const { kind, level, text } of blocks) {
    const size = kind === 'heading' ? Math.max(18, 40 - level * 6) : 16;
    const indent = kind === 'item' ? 24 : 0;
    const perLine = Math.max(10, Math.floor((width - 2 * MARGIN - indent) / (size * 0.58)));
    y += size * 0.6;
    for (const [index, line] of text.split('\n').flatMap((row) => wrapAt(row, perLine)).entries()) {
      y += size * 1.4;
      if (y > LIMIT_HEIGHT - MARGIN) return lines;
      lines.push({ x: MARGIN + indent, y, size, text: index === 0 && kind === 'item' ? `• ${line}` : line, bold: kind === 'heading' });
    }
  }
  return lines;
}

/** Lines of at most `limit` characters, broken at blanks where there are any. */
function wrapAt(text: string, limit: number): string[] {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > limit) {
    const blank = rest.lastIndexOf(' ', limit);
    const cut = blank > 0 ? blank : limit;
    lines.push(rest.slice(0, cut));
    rest = rest.slice(cut).trimStart();
  }
  return [...lines, rest];
}
