import type { Parameters } from './job-graph.js';

export interface ParameterRule {
  readonly type: 'string' | 'integer';
  readonly required: boolean;
  readonly description: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly allowed?: readonly string[];
}

/** - `each`: n files in, a result for each. - `together`: all files in, one result. - `none`: takes no file. */
export type FileUse = 'each' | 'together' | 'none';

export interface Operation {
  readonly name: string;
  readonly summary: string;
  readonly files: FileUse;
  readonly parameters: Readonly<Record<string, ParameterRule>>;
}

const to = (description: string, required = true): ParameterRule => ({ type: 'string', required, description });
const pixels = (description: string): ParameterRule => ({ type: 'integer', required: false, minimum: 1, maximum: 32_768, description });

const operation = (name: string, files: FileUse, summary: string, parameters: Record<string, ParameterRule>): Operation => ({ name, files, summary, parameters });

/** The operations that this version runs, in the contract's words. */
export const OPERATIONS: ReadonlyMap<string, Operation> = new Map(
  [
    operation('convert', 'each', 'Change the format of each file.', {
      to: to('The target format: "png", "pdf", "mp4", …'),
      from: to('The source format, where the file name does not tell it.', false),
    }),
    operation('compress', 'each', 'Make each file smaller, in its own format.', {
      level: { type: 'string', required: false, allowed: ['low', 'medium', 'high'], description: 'How hard to compress.' },
    }),
    operation('merge', 'together', 'Put several files into one document.', {
      to: { type: 'string', required: true, allowed: ['pdf'], description: 'The merged document\'s format.' },
    }),
    operation('archive', 'together', 'Pack all files into one archive.', {
      to: to('The archive\'s format: "zip", "tar", "7z", …'),
    }),
    operation('thumbnail', 'each', 'A small preview picture of each file.', {
      to: to('The picture\'s format: "png", "jpg", …'),
      width: pixels('Width in pixels.'),
      height: pixels('Height in pixels.'),
    }),
    operation('watermark', 'each', 'Write a text over each file.', {
      text: { type: 'string', required: true, description: 'The text to write.' },
    }),
    operation('ocr', 'each', 'Read the text in pictures and scans.', {
      language: { type: 'string', required: false, description: 'The text\'s language, ISO 639-2 ("eng", "deu").' },
      to: to('The format of the result ("pdf", "txt").', false),
    }),
    operation('capture', 'none', 'A picture or document of a web page.', {
      url: { type: 'string', required: true, description: 'The page\'s address.' },
      to: to('The format: "png", "jpg", "pdf", …'),
    }),
  ].map((entry) => [entry.name, entry]),
);

/** Named by the contract, not built yet: refused with a sentence, never accepted and ignored. */
export const PLANNED_OPERATIONS: ReadonlySet<string> = new Set([
  'resize', 'compare-images', 'video-to-images', 'analyze-image', 'cut-video', 'slideshow', 'merge-streams', 'extract-streams', 'compare-videos',
  'adjust-volume', 'to-pdfa', 'validate-pdfa', 'pdf-booklet', 'compare-pdfs', 'extract-archive', 'extract-assets', 'extract-pdf-assets', 'hash', 'read-metadata',
]);

/** The format that a step's results will have; null when only the vendor knows. `from`: the format of what goes in. */
export function resultFormat(operationName: string, parameters: Parameters, from: string | null): string | null {
  const target = parameters['to'];
  if (typeof target === 'string') return target;
  if (operationName === 'compress' || operationName === 'watermark') return from;
  return null;
}
