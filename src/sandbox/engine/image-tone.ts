import type { Sharp } from 'sharp';
import { wordOption } from './options.js';

/** The option `color` in api2convert's words: "colored" (as it is), "gray", "monochrome" (black and white alone), "negate". */
export function toned(image: Sharp, options: Readonly<Record<string, unknown>>): Sharp {
  const tone = wordOption(options, ['color'], ['colored', 'gray', 'monochrome', 'negate']) ?? 'colored';
  switch (tone) {
    case 'colored':
      return image;
    case 'gray':
      return image.grayscale();
    case 'monochrome':
      return image.flatten({ background: '#fff' }).grayscale().threshold(128);
    case 'negate':
      return image.negate({ alpha: false });
    default:
      return tone satisfies never;
  }
}
