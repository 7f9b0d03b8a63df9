import type { CatalogueEntry, OptionSchema } from '../../conversion/catalogue.js';

const entry = (operation: string, name: string, properties: Readonly<Record<string, OptionSchema>>): CatalogueEntry => ({
  operation, name, from: null, to: null, options: { type: 'object', properties, additionalProperties: true }, credits: null,
});

/**
 * Options that the documents' and the SDKs' examples show: samples and no list, so every entry stays open. Prices are told in a
 * README alone that is older than the API, so none is taken from it.
 */
export const SHIPPED: readonly CatalogueEntry[] = [
  entry('convert', 'convert', { quality: { type: 'integer', examples: [80] }, audioBitrate: { type: 'string', examples: ['192k'] }, engine: { type: 'string' }, engine_version: { type: 'string' } }),
  entry('compress', 'compress', { engine: { type: 'string' } }),
  entry('merge', 'merge', {}),
  entry('archive', 'archive', {}),
  entry('capture', 'capture_website', {}),
  entry('ocr', 'ocr', {}),
  entry('watermark', 'watermark', {}),
  entry('thumbnail', 'thumbnail', {}),
];
