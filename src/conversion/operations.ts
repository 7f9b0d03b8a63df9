import type { Parameters } from './job-graph.js';

export interface ParameterRule {
  readonly type: 'string' | 'integer';
  readonly required: boolean;
  readonly description: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly allowed?: readonly string[];
}

/** - `each`: n files in, results for each. - `together`: all files in, one result. - `none`: takes no file. */
export type FileUse = 'each' | 'together' | 'none';

/**
 * Results of an operation, for each file that it takes by itself.
 * - `one`. - `pages`: one, or one for each page where a picture is made of what has pages. - `contents`: as many as there are within.
 */
export type Yield = 'one' | 'pages' | 'contents';

export interface Operation {
  readonly name: string;
  readonly summary: string;
  readonly files: FileUse;
  /** How many files it takes at once; `most` null: no limit is known. */
  readonly least: number;
  readonly most: number | null;
  readonly yields: Yield;
  readonly parameters: Readonly<Record<string, ParameterRule>>;
  /** The format of its results; null where only the vendor knows. */
  readonly format: (parameters: Parameters, from: string | null) => string | null;
}

const to = (description: string, required = true): ParameterRule => ({ type: 'string', required, description });
const among = (allowed: readonly string[], required: boolean, description: string): ParameterRule => ({ type: 'string', required, allowed, description });
const pixels = (description: string): ParameterRule => ({ type: 'integer', required: false, minimum: 1, maximum: 32_768, description });
const SIZE = { width: pixels('Width in pixels.'), height: pixels('Height in pixels.') };

const asAsked = ({ to: target }: Parameters): string | null => (typeof target === 'string' ? target : null);
const asItWas = (_parameters: Parameters, from: string | null): string | null => from;
const json = (): string => 'json';
const vendorKnows = (): null => null;

const TWO = { least: 2, most: 2 };
const SEVERAL = { least: 2 };
const CONTENTS = { yields: 'contents' } as const;

type Row = Pick<Operation, 'name' | 'files' | 'summary' | 'parameters' | 'format'>;
const operation = (name: string, files: FileUse, summary: string, format: Row['format'], parameters: Row['parameters'] = {}, more: Partial<Pick<Operation, 'least' | 'most' | 'yields'>> = {}): Operation =>
  ({ name, summary, files, least: files === 'none' ? 0 : 1, most: files === 'none' ? 0 : null, yields: 'one', parameters, format, ...more });

/** Every operation of the contract, in its words. */
export const OPERATIONS: ReadonlyMap<string, Operation> = new Map(
  [
    operation('convert', 'each', 'Change the format of each file.', asAsked, {
      to: to('The target format: "png", "pdf", "mp4", …'),
      from: to('The source format, where the file name does not tell it.', false),
    }, { yields: 'pages' }),
    operation('compress', 'each', 'Make each file smaller, in its own format.', asItWas, { level: among(['low', 'medium', 'high'], false, 'How hard to compress.') }),
    operation('merge', 'together', 'Put several files into one document.', asAsked, { to: among(['pdf'], true, 'The merged document\'s format.') }),
    operation('archive', 'together', 'Pack all files into one archive.', asAsked, { to: to('The archive\'s format: "zip", "tar", "7z", …') }),
    operation('thumbnail', 'each', 'A small preview picture of each file.', asAsked, { to: to('The picture\'s format: "png", "jpg", …'), ...SIZE }, { yields: 'pages' }),
    operation('watermark', 'each', 'Write a text over each file.', asItWas, { text: { type: 'string', required: true, description: 'The text to write.' } }),
    operation('ocr', 'each', 'Read the text in pictures and scans.', asAsked, {
      language: { type: 'string', required: false, description: 'The text\'s language, ISO 639-2 ("eng", "deu").' },
      to: to('The format of the result ("pdf", "txt").', false),
    }),
    operation('capture', 'none', 'A picture or document of a web page.', asAsked, {
      url: { type: 'string', required: true, description: 'The page\'s address.' },
      to: to('The format: "png", "jpg", "pdf", …'),
    }),
    operation('resize', 'each', 'Change the size of each picture.', vendorKnows, SIZE),
    operation('compare-images', 'together', 'Show where two pictures differ.', vendorKnows, {}, TWO),
    operation('video-to-images', 'each', 'Take single pictures out of each video.', vendorKnows, {}, CONTENTS),
    operation('analyze-image', 'each', 'Tell what is to be seen in each picture.', vendorKnows),
    operation('cut-video', 'each', 'Cut each video into clips.', vendorKnows, {}, CONTENTS),
    operation('slideshow', 'together', 'Make a video of pictures, with sound where there is some.', vendorKnows),
    operation('merge-streams', 'together', 'Put the sound and pictures of several files into one.', vendorKnows, {}, SEVERAL),
    operation('extract-streams', 'each', 'Take the sound and picture tracks out of each file.', vendorKnows, {}, CONTENTS),
    operation('compare-videos', 'together', 'Show where two videos differ.', vendorKnows, {}, TWO),
    operation('adjust-volume', 'each', 'Make the sound of each file louder or softer.', vendorKnows),
    operation('to-pdfa', 'each', 'Make each document a PDF/A, for archives.', vendorKnows),
    operation('validate-pdfa', 'each', 'Check whether each document is a valid PDF/A.', vendorKnows),
    operation('pdf-booklet', 'each', 'Arrange the pages of each PDF as a booklet to print.', vendorKnows),
    operation('compare-pdfs', 'together', 'Show where two PDFs differ.', vendorKnows, {}, TWO),
    operation('extract-archive', 'each', 'Unpack each archive.', vendorKnows, {}, CONTENTS),
    operation('extract-assets', 'each', 'Take pictures and other parts out of each file.', vendorKnows, {}, CONTENTS),
    operation('extract-pdf-assets', 'each', 'Take pictures and other parts out of each PDF.', vendorKnows, {}, CONTENTS),
    operation('hash', 'each', 'The checksum of each file, as text.', vendorKnows, { to: among(['md5', 'sha1', 'sha256', 'sha512', 'crc32'], true, 'The kind of checksum.') }),
    operation('read-metadata', 'each', 'What each file says of itself, as JSON.', json),
  ].map((entry) => [entry.name, entry]),
);

/** The format that a step's results will have; null when only the vendor knows. `from`: the format of what goes in. */
export function resultFormat(operationName: string, parameters: Parameters, from: string | null): string | null {
  return OPERATIONS.get(operationName)?.format(parameters, from) ?? null;
}
