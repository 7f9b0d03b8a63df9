import type { ResizeOptions } from 'sharp';
import { LIMIT_SIDE } from './image.js';
import { integerOption, wordOption } from './options.js';
import { Unconvertible } from './unconvertible.js';

/**
 * The size asked for, or undefined where neither width nor height is.
 *
 * Spellings: width, height; resize_by "px"; resize_handling "keep_aspect_ratio" (the default: fit inside) or
 * "keep_aspect_ratio_crop" (cover), as in api2convert's own examples.
 */
export function sizeAsked(options: Readonly<Record<string, unknown>>): ResizeOptions | undefined {
  const width = integerOption(options, ['width'], 1, LIMIT_SIDE);
  const height = integerOption(options, ['height'], 1, LIMIT_SIDE);
  wordOption(options, ['resize_by'], ['px']);
  const handling = wordOption(options, ['resize_handling'], ['keep_aspect_ratio', 'keep_aspect_ratio_crop']);
  if (width === undefined && height === undefined) return undefined;
  return { width, height, fit: handling === 'keep_aspect_ratio_crop' ? 'cover' : 'inside' };
}

/** As `sizeAsked`, where the operation makes no sense without a size. */
export function sizeRequired(options: Readonly<Record<string, unknown>>): ResizeOptions {
  const size = sizeAsked(options);
  if (!size) throw new Unconvertible('bad_option', 'Give "width", "height" or both.');
  return size;
}
