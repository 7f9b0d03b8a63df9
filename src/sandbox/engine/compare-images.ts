import sharp from 'sharp';
import { detectFormat } from './detect.js';
import { isRaster } from './formats.js';
import { bySimilarity, byPixel } from './image-difference.js';
import { encodeImage, LIMIT_PIXELS, openImage, reading } from './image.js';
import { resultOf } from './names.js';
import { integerOption, textOption, wordOption } from './options.js';
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

const METHODS = ['ssim', 'ae', 'rmse'] as const;

/**
 * Two images of one size as a PNG: the first, faded to grey, with each pixel that differs in `diff_color` (red if not said). `method` says what
 * differs: "ssim" (the default), by structural similarity; "ae" and "rmse", pixel by pixel. `threshold` is what is borne, in percent (5).
 * The figure is in the PNG's EXIF description, e.g. "ssim 0.981, 16 of 800 pixels differ".
 */
export async function compareImages(sources: readonly SourceFile[], options: Task['options']): Promise<ResultFile> {
  const [first, second, third] = sources;
  if (!first || !second || third) throw new Unconvertible('bad_option', 'Give two images to compare.');
  const tolerance = (integerOption(options, ['threshold'], 0, 100) ?? 5) / 100;
  const method = wordOption(options, ['method'], METHODS) ?? 'ssim';
  const colour = COLOURS.get((textOption(options, ['diff_color']) ?? 'red').toLowerCase());
  if (!colour) throw new Unconvertible('bad_option', `Option "diff_color" must be one of ${[...COLOURS.keys()].join(', ')}.`);
  const [left, right] = [await pixelsOf(first), await pixelsOf(second)];
  if (left.width !== right.width || left.height !== right.height) {
    throw new Unconvertible('unsupported', 'Only images of the same width and height can be compared here.');
  }
  const { width, height } = left;
  const pair = { left: left.data, right: right.data, width, height };
  const { score, marks } = method === 'ssim' ? bySimilarity(pair, tolerance) : byPixel(pair, tolerance, method);
  const shown = Buffer.alloc(width * height * 3);
  for (const [pixel, mark] of marks.entries()) shown.set(mark === 1 ? colour : fade(left.data, pixel * 3), pixel * 3);
  const told = `${method} ${score.toFixed(4)}, ${marks.reduce((sum, mark) => sum + mark, 0)} of ${marks.length} pixels differ`;
  const image = sharp(shown, { raw: { width, height, channels: 3 }, limitInputPixels: LIMIT_PIXELS });
  return resultOf(first, 'png', await encodeImage(image.withExif({ IFD0: { ImageDescription: told } }), { format: 'png' }));
}

async function pixelsOf(source: SourceFile): Promise<{ data: Buffer; width: number; height: number }> {
  const format = await detectFormat(source);
  if (format !== 'svg' && !isRaster(format)) throw new Unconvertible('unsupported', `"${format}" files cannot be compared here.`);
  const image = openImage(source.bytes, format).flatten({ background: '#fff' }).toColourspace('srgb').removeAlpha();
  const { data, info } = await reading(() => image.raw().toBuffer({ resolveWithObject: true }));
  return { data, width: info.width, height: info.height };
}

function fade(data: Buffer, at: number): [number, number, number] {
  const grey = ((data[at] ?? 0) + (data[at + 1] ?? 0) + (data[at + 2] ?? 0)) / 3;
  const pale = Math.round(160 + grey * 0.37);
  return [pale, pale, pale];
}
