import type { Sharp } from 'sharp';

/** The EXIF block of an image under its tags' own names (dates as ISO 8601, `latitude` and `longitude` in degrees); undefined where it has none that can be read. */
export async function exifOf(block: Buffer | undefined): Promise<Record<string, unknown> | undefined> {
  if (!block) return undefined;
  const { default: exifr } = await import('exifr');
  const header = block.subarray(0, 6).toString('latin1') === 'Exif\0\0' ? 6 : 0;
  try {
    const tags = (await exifr.parse(block.subarray(header), { gps: true, makerNote: false, userComment: false })) as Record<string, unknown> | undefined;
    return tags && Object.fromEntries(Object.entries(tags).filter(([, value]) => tellable(value)));
  } catch {
    // A broken block is no reason to say nothing else of the picture.
    return undefined;
  }
}

/** What an image says of itself: pixels, colours, resolution, frames, EXIF. A TIFF is its own block. */
export async function imageDetails(image: Sharp, bytes: Buffer, format: string): Promise<Record<string, unknown>> {
  const { width, height, space, channels, depth, hasAlpha, hasProfile, density, orientation, pages, exif } = await image.metadata();
  return { width, height, space, channels, depth, hasAlpha, hasProfile, density, orientation, frames: pages, exif: await exifOf(format === 'tiff' ? bytes : exif) };
}

/** Thumbnails and makers' notes are bytes that say nothing in JSON. */
function tellable(value: unknown): boolean {
  return !ArrayBuffer.isView(value) && value !== undefined;
}
