import type { CatalogueEntry, OptionSchema } from '../../conversion/catalogue.js';
import { CATEGORY_WORDS, VENDOR_OPERATIONS } from './formats.js';

/**
 * Options that the vendor's documents show: the API document's and the SDKs' examples, the format pages, the guide's sample of the
 * catalogue. They are samples and no list, so every entry stays open. No document tells a price.
 */
const COMMON: Readonly<Record<string, OptionSchema>> = {
  allow_multiple_outputs: { type: 'boolean', default: false, description: 'Several results as they are, not as one archive.' },
  allow_multiple_outputs_threshold: { type: 'integer', minimum: 2, maximum: 400 },
  download_password: { type: 'string' },
  max_outputs_per_input: { type: 'integer', minimum: 1 },
};
const COLOR: OptionSchema = { type: 'string', enum: ['colored', 'gray', 'monochrome', 'negate', '1980', '1900'], default: 'colored', description: 'Color to apply the image' };
const PIXELS: OptionSchema = { type: 'integer', minimum: 1 };
const PDF = { merge: { type: 'boolean' }, stamp: { type: 'boolean' }, alignment: { type: 'string', examples: ['center'] } };
const SCREEN = { screen_width: PIXELS, screen_height: PIXELS, device_scale_factor: { type: 'number' } };

const entry = (operation: string, to: string | null, name: string, properties: Readonly<Record<string, OptionSchema>>): CatalogueEntry => ({
  operation, name, from: null, to, options: { type: 'object', properties: { ...COMMON, ...properties }, additionalProperties: true }, credits: null,
});

const OPERATION_OPTIONS: ReadonlyMap<string, Readonly<Record<string, OptionSchema>>> = new Map<string, Readonly<Record<string, OptionSchema>>>([
  ['resize', { width: PIXELS, height: PIXELS, resize_by: { type: 'string', examples: ['px'] }, resize_handling: { type: 'string', examples: ['keep_aspect_ratio_crop'] } }],
  ['compare-images', { method: { type: 'string', examples: ['ssim'] }, threshold: { type: 'integer', examples: [5] }, diff_color: { type: 'string', examples: ['red'] } }],
  ['cut-video', { cut_points: { type: 'array' }, target_format: { type: 'string', examples: ['mp4'] } }],
  ['merge-streams', { audio_channels: { type: 'object' } }],
  ['extract-archive', { summary: { type: 'boolean' } }],
]);

export const SHIPPED: readonly CatalogueEntry[] = [
  entry('convert', null, 'any', {}),
  entry('convert', 'png', `${CATEGORY_WORDS.image}/png`, { color: COLOR }),
  entry('convert', 'pdf', `${CATEGORY_WORDS.document}/pdf`, PDF),
  entry('convert', 'aac', `${CATEGORY_WORDS.audio}/aac`, { audio_codec: { type: 'string', examples: ['aac'] }, audio_bitrate: { type: 'integer', examples: [192] }, channels: { type: 'string', examples: ['stereo'] }, frequency: { type: 'integer', examples: [44_100] } }),
  entry('merge', 'pdf', `${CATEGORY_WORDS.document}/pdf`, PDF),
  entry('archive', null, 'archive', {}),
  entry('capture', null, 'screenshot', SCREEN),
  entry('compress', null, 'operation/compress', { compression_level: { type: 'string', examples: ['high'] }, compression_target: { type: 'string', examples: ['jpg'] } }),
  entry('thumbnail', null, 'operation/thumbnail', { thumbnail_target: { type: 'string', examples: ['png'] }, width: PIXELS, height: PIXELS, pages: { type: 'string', examples: ['first'] }, dpi: PIXELS }),
  ...[...VENDOR_OPERATIONS].map(([operation, { target }]) => entry(operation, null, `operation/${target}`, OPERATION_OPTIONS.get(operation) ?? {})),
  entry('hash', null, 'hash', {}),
  entry('read-metadata', null, 'metadata/json', {}),
];
