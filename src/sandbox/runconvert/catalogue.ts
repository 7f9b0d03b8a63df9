import { formats, targetsOf } from '../engine/engine.js';
import type { JsonObject } from './job.js';
import { creditsOf } from './operations.js';

interface Option {
  readonly name: string;
  readonly type: string;
  readonly description: string;
  readonly supported_values: readonly unknown[];
}

const QUALITY: Option = { name: 'quality', type: 'integer', description: 'Quality from 1 to 100', supported_values: [] };
const WIDTH: Option = { name: 'width', type: 'integer', description: 'Width in pixels', supported_values: [] };
const HEIGHT: Option = { name: 'height', type: 'integer', description: 'Height in pixels', supported_values: [] };
const LEVEL: Option = { name: 'level', type: 'string', description: 'How much is taken away', supported_values: ['low', 'medium', 'high'] };
const DPI: Option = { name: 'dpi', type: 'integer', description: 'Resolution in pixels per inch', supported_values: [] };
const COLOR: Option = { name: 'color', type: 'string', description: 'Colours of the image', supported_values: ['colored', 'gray', 'monochrome', 'negate'] };
const PAGES: Option = { name: 'pages', type: 'string', description: 'The pages to take: all, first, last, or as in 2-4,7', supported_values: [] };
const LANGUAGE: Option = { name: 'language', type: 'string', description: 'Language of the text', supported_values: ['eng'] };
const TEXT: Option = { name: 'text', type: 'string', description: 'The text of the watermark', supported_values: [] };

export function formatViews(): JsonObject[] {
  return formats().map(({ extension, category, contentType }) => ({ format: extension, category, content_type: contentType }));
}

export function outputViews(inputFormat: string): JsonObject[] {
  return formatViews().filter(({ format }) => targetsOf(inputFormat).some((target) => target === format));
}

/** Operations with their credits, for a pair, one side of it, or all. */
export function operationViews(input: string | undefined, output: string | undefined): JsonObject[] {
  return [...conversions(), ...sameFormat()].filter((view) => (!input || view.input_format === input) && (!output || view.output_format === output));
}

function conversions(): JsonObject[] {
  return formats().flatMap(({ extension }) =>
    targetsOf(extension).map((target) => {
      const image = formats().some((format) => format.extension === target && format.category === 'image');
      return view('convert', extension, target, [...(image ? [QUALITY, WIDTH, HEIGHT, DPI, COLOR] : []), ...(extension === 'pdf' ? [PAGES] : [])]);
    }),
  );
}

function sameFormat(): JsonObject[] {
  return formats().flatMap(({ extension, category }) => {
    if (category === 'image') return [view('compress', extension, extension, [LEVEL]), view('watermark', extension, extension, [TEXT]), ...thumbnails(extension), ...recognitions(extension)];
    if (extension === 'pdf') return [view('merge', 'pdf', 'pdf', []), view('watermark', 'pdf', 'pdf', [TEXT]), view('compress', 'pdf', 'pdf', []), ...thumbnails('pdf'), ...recognitions('pdf')];
    return category === 'video' || isPaged(extension) ? thumbnails(extension) : [];
  });
}

function thumbnails(input: string): JsonObject[] {
  return ['jpg', 'png', 'webp'].map((output) => view('thumbnail', input, output, [WIDTH, HEIGHT]));
}

/** Office documents, which become PDFs and so have pages to look at. */
function isPaged(extension: string): boolean {
  return targetsOf(extension).includes('pdf') && targetsOf(extension).includes('png');
}

function recognitions(input: string): JsonObject[] {
  return ['txt', 'pdf', 'html'].map((output) => view('ocr', input, output, [LANGUAGE, PAGES]));
}

/** The client libraries know engines with credits and options; the pair's own are those of the one engine there is. */
function view(operation: string, input: string, output: string, options: readonly Option[]): JsonObject {
  const engine = { name: 'sandbox', credits: creditsOf(operation, output), options };
  return { operation, input_format: input, output_format: output, engine: engine.name, credits: engine.credits, options, engines: [engine] };
}
