import sharp from 'sharp';
import { detectFormat } from './detect.js';
import { isRaster } from './formats.js';
import { encodeImage, LIMIT_PIXELS, openImage, reading } from './image.js';
import { resultOf } from './names.js';
import { integerOption, textOption } from './options.js';
import type { ResultFile, SourceFile, Task } from './task.js';
import { Unconvertible } from './unconvertible.js';

const COLOURS = new Map<string, readonly [number, number, number]>([
  ['red', [255, 0, 0]],
  ['green', [0, 128, 0]],
  ['blue', [0, 0, 255]],
  ['yellow', [255, 255, 0]],
  ['magenta', [255, 0, 255]],
  ['black', [0, 0, 0]],
]);

/**
 * Two images of one size as a PNG: the first, faded to grey, with each pixel that differs in `diff_color` (red if not
 * said). Pixels differ when any channel does by more than `threshold` percent (5). They are compared one by one
 * whatever `method` says: structural similarity is not computed here.
 */
export async function compareImages(sources: readonly SourceFile[], options: Task['options']): Promise<ResultFile> {
  const [first, second, third] = sources;
  if (!first || !second || third) throw new Unconvertible('bad_option', 'Give two images to compare.');
  const limit = ((integerOption(options, ['threshold'], 0, 100) ?? 5) / 100) * 255;
  const colour = COLOURS.get((textOption(options, ['diff_color']) ?? 'red').toLowerCase());
  if (!colour) throw new Unconvertible('bad_option', `Option "diff_color" must be one of ${[...COLOURS.keys()].join(', ')}.`);
  const [left, right] = [await pixelsOf(first), await pixelsOf(second)];
  if (left.width !== right.width || left.height !== right.height) {
    throw new Unconvertible('unsupported', 'Only images of the same width and height can be compared here.');
  }
  const { width, height } = left;
  const marked = Buffer.alloc(width * height * 3);
  for (let at = 0; at < marked.length; at += 3) {
    marked.set(differs(left.data, right.data, at, limit) ? colour : fade(left.data, at), at);
  }
  const image = sharp(marked, { raw: { width, height, channels: 3 }, limitInputPixels: LIMIT_PIXELS });
  return resultOf(first, 'png', await encodeImage(image, { format: 'png' }));
}

async function pixelsOf(source: SourceFile): Promise<{ data: Buffer; width: number; height: number }> {
  const format = await detectFormat(source);
  if (format !== 'svg' && !isRaster(format)) throw new Unconvertible('unsupported', `"${format}" files cannot be compared here.`);
  const image = openImage(source.bytes, format).flatten({ background: '#fff' }).toColourspace('srgb').removeAlpha();
  const { data, info } = await reading(() => image.raw().toBuffer({ resolveWithObject: true }));
  return { data, width: info.width, height: info.height };
}

function differs(left: Buffer, right: Buffer, at: number, limit: number): boolean {
  for (let channel = at; channel < at + 3; channel += 1) {
    if (Math.abs((left[channel] ?? 0) - (right[channel] ?? 0)) > limit) return true;
  }
  return false;
}

function fade(data: Buffer, at: number): [number, number, number] {
  const grey = ((data[at] ?? 0) + (data[at + 1] ?? 0) + (data[at + 2] ?? 0)) / 3;
  const pale = Math.round(160 + grey * 0.37);
  return [pale, pale, pale];
}
