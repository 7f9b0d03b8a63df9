import sharp, { type Sharp, type SharpOptions } from 'sharp';
import { decodeBmp, encodeBmp } from './bmp.js';
import type { Raster } from './formats.js';
import { Unconvertible } from './unconvertible.js';

/** The largest image that is decoded, in pixels, all frames together: a small file may unfold into gigabytes. */
export const LIMIT_PIXELS = 64_000_000;
/** The longest side that may be asked for, in pixels. */
export const LIMIT_SIDE = 8_000;
const LIMIT_SECONDS = 60;
const SVG_DENSITY = 96;

/** What to write. `quality` 1 to 100 (formats without a quality ignore it); `compact` spends time on a smaller file; `density` is noted in the file, in pixels per inch. */
export interface Encoding {
  readonly format: Raster;
  readonly quality?: number;
  readonly compact?: boolean;
  readonly density?: number;
}

/** Whether an animation survives from one format to the other: GIF and WebP alone carry frames here. */
export function carriesFrames(from: string, to: string): boolean {
  return [from, to].every((format) => format === 'gif' || format === 'webp');
}

/**
 * An image ready to be worked on, upright (EXIF orientation applied). `animated` keeps all frames of a GIF or WebP; `density` is how many
 * pixels a drawing has to the inch (its own unit is 1/96 inch, one pixel if nothing is said).
 */
export function openImage(bytes: Buffer, format: string, animated = false, density = SVG_DENSITY): Sharp {
  const guards: SharpOptions = { limitInputPixels: LIMIT_PIXELS };
  if (format === 'bmp') {
    const { data, width, height, channels } = decodeBmp(bytes, LIMIT_PIXELS);
    return sharp(data, { ...guards, raw: { width, height, channels } });
  }
  const image = sharp(bytes, { ...guards, animated, ...(format === 'svg' ? { density: (density * 72) / SVG_DENSITY } : {}) });
  return (animated ? image : image.autoOrient()).timeout({ seconds: LIMIT_SECONDS });
}

/** The bytes of `image` in `format`; transparency becomes white where a format has none. Throws `corrupt_input` where decoding fails. */
export async function encodeImage(image: Sharp, { format, quality, compact = false, density }: Encoding): Promise<Buffer> {
  return reading(async () => {
    if (format === 'bmp') {
      const { data, info } = await image.flatten({ background: '#fff' }).toColourspace('srgb').raw().toBuffer({ resolveWithObject: true });
      return encodeBmp({ data, width: info.width, height: info.height, channels: info.channels as 1 | 3 | 4 }, density);
    }
    return written(density === undefined ? image : image.withDensity(density), format, quality, compact).toBuffer();
  });
}

function written(image: Sharp, format: Exclude<Raster, 'bmp'>, quality: number | undefined, compact: boolean): Sharp {
  switch (format) {
    case 'jpg':
      return image.flatten({ background: '#fff' }).jpeg({ quality: quality ?? 85, mozjpeg: compact });
    case 'png':
      return image.png(quality === undefined ? {} : { quality, palette: quality < 100 });
    case 'webp':
      return image.webp({ quality: quality ?? 82 });
    case 'avif':
      return image.avif({ quality: quality ?? 55, effort: 2 });
    case 'tiff':
      return image.tiff({ compression: 'deflate', predictor: 'horizontal' });
    case 'gif':
      return image.gif({ colours: Math.max(8, Math.round(((quality ?? 100) / 100) * 256)), effort: 4 });
    default:
      return format satisfies never;
  }
}

/** Runs sharp work and puts its failures into the engine's words. */
export async function reading<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Unconvertible) throw error;
    const message = error instanceof Error ? error.message : String(error);
    if (/pixel limit/i.test(message)) throw new Unconvertible('unsupported', `Images of more than ${LIMIT_PIXELS} pixels are not converted here.`);
    if (/too large for the|timeout|too large to/i.test(message)) throw new Unconvertible('unsupported', 'The image is too large for this format here.');
    throw new Unconvertible('corrupt_input', 'The image cannot be read.');
  }
}
