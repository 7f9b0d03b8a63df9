import { formats, targetsOf } from '../engine/engine.js';
import type { JsonObject } from './job.js';

export interface CatalogueEntry {
  /** A number, written as a string. */
  readonly id: string;
  readonly target: string;
  readonly category: string;
  /** Option name to a JSON-Schema-like object. */
  readonly options: JsonObject;
}

const COMMON: JsonObject = {
  allow_multiple_outputs: { type: 'boolean', default: false, description: 'Deliver several outputs as they are instead of one archive' },
  download_password: { type: 'string', description: 'Password needed to download the output' },
};
const SIZE: JsonObject = {
  width: { type: 'integer', minimum: 1, maximum: 8000, description: 'Width in pixels' },
  height: { type: 'integer', minimum: 1, maximum: 8000, description: 'Height in pixels' },
};
const QUALITY: JsonObject = { quality: { type: 'integer', minimum: 1, maximum: 100, description: 'Quality of the image' } };
const COLOR: JsonObject = {
  color: { type: 'string', enum: ['colored', 'gray', 'monochrome', 'negate'], default: 'colored', description: 'Color to apply the image' },
};
const OCR: JsonObject = {
  ocr: { type: 'boolean', default: false, description: 'Recognise text in images and scans' },
  language: { type: 'string', default: 'eng', description: 'Language of the text' },
};
const PLACES = ['center', 'top', 'bottom', 'left', 'right', 'top-left', 'top-right', 'bottom-left', 'bottom-right'];
const PDF: JsonObject = {
  merge: { type: 'boolean', default: false, description: 'Merge all inputs into one file' },
  stamp: { type: 'boolean', default: false, description: 'Stamp every page: with the text, or with the last input' },
  text: { type: 'string', description: 'The text to stamp' },
  alignment: { type: 'string', enum: PLACES, default: 'center', description: 'Where a stamp goes' },
  split: { type: 'boolean', default: false, description: 'Every page as a file of its own' },
};
const PAGES: JsonObject = { pages: { type: 'string', default: 'all', example: '2-4,7', description: 'The pages to take: all, first, last or numbers' } };
const DPI: JsonObject = { dpi: { type: 'integer', minimum: 10, maximum: 600, description: 'Resolution in pixels per inch' } };
const SOUND: JsonObject = {
  audio_bitrate: { type: 'integer', minimum: 8, maximum: 512, description: 'Bitrate in kbit/s' },
  channels: { type: 'string', enum: ['mono', 'stereo'] },
  frequency: { type: 'integer', minimum: 8000, maximum: 192000, description: 'Sampling frequency in Hz' },
};
const FILM: JsonObject = { ...SIZE, fps: { type: 'integer', minimum: 1, maximum: 60, description: 'Pictures per second' } };

const OPERATIONS: readonly (readonly [string, JsonObject])[] = [
  ['compress', { compression_level: { type: 'string', enum: ['low', 'medium', 'high'], default: 'medium' }, compression_target: { type: 'string' } }],
  ['thumbnail', { thumbnail_target: { type: 'string', default: 'png' }, ...SIZE, pages: { type: 'string', default: 'first' }, dpi: { type: 'integer' } }],
  ['resize-image', { ...SIZE, resize_by: { type: 'string', enum: ['px'] }, resize_handling: { type: 'string', enum: ['keep_aspect_ratio', 'keep_aspect_ratio_crop'] } }],
  ['compare-image', { method: { type: 'string', enum: ['ssim', 'ae', 'rmse'], default: 'ssim' }, threshold: { type: 'integer' }, diff_color: { type: 'string', default: 'red' } }],
  ['extract-archive', { summary: { type: 'boolean', default: false } }],
];

/** What `GET /conversions` lists: exactly what can be asked for here. */
export const CATALOGUE: readonly CatalogueEntry[] = entries().map((entry, at) => ({ ...entry, id: String(59 + at), options: { ...entry.options, ...COMMON } }));

/** The entry of a target; without a category the first that has it. null if there is none. */
export function findEntry(target: string, category: string | null): CatalogueEntry | null {
  return CATALOGUE.find((entry) => entry.target === target && (category === null || entry.category === category)) ?? null;
}

function entries(): Omit<CatalogueEntry, 'id'>[] {
  const known = formats();
  const written = new Set(known.flatMap(({ extension }) => targetsOf(extension)));
  return [
    ...known.filter(({ extension, category }) => written.has(extension) && category !== 'archive').map(({ extension, category }) => ({ target: extension, category, options: optionsOf(extension, category) })),
    ...known.filter(({ category }) => category === 'archive').map(({ extension, category }) => ({ target: extension, category, options: {} })),
    ...['md5', 'sha1', 'sha256', 'sha512', 'crc32'].map((target) => ({ target, category: 'hash', options: {} })),
    { target: 'json', category: 'metadata', options: {} },
    ...OPERATIONS.map(([target, options]) => ({ target, category: 'operation', options })),
  ];
}

function optionsOf(target: string, category: string): JsonObject {
  if (category === 'image') return { ...COLOR, ...QUALITY, ...SIZE, ...DPI, ...PAGES };
  if (category === 'audio') return SOUND;
  if (category === 'video') return { ...FILM, ...SOUND };
  return target === 'pdf' ? { ...PDF, ...PAGES, ...OCR } : { ...PAGES, ...OCR };
}
