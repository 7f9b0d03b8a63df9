import { canonicalFormat, categoryOf, plausiblePair, type Category } from '../../conversion/formats.js';
import type { Parameters } from '../../conversion/job-graph.js';
import type { Offer, StepWish } from '../../conversion/provider.js';
import type { Api2convertSettings } from './wire.js';

export const INPUT_TYPES = ['url', 'upload', 'base64', 's3', 'gcs', 'azure-blob', 'ftp', 'google-drive'] as const;

/** api2convert's word for the category of a target. It has none for data formats; they are nearest to documents. */
export const CATEGORY_WORDS: Readonly<Record<Category, string>> = {
  image: 'image',
  document: 'document',
  ebook: 'ebook',
  audio: 'audio',
  video: 'video',
  archive: 'archive',
  cad: 'cad',
  data: 'document',
};

/** An operation that is a conversion of the category `operation` (API document, "Operations"). */
export interface VendorOperation {
  readonly target: string;
  /** What its files must be, in words and by format; null: anything. */
  readonly takes: { readonly what: string; readonly fits: (format: string) => boolean } | null;
  /** Whether it makes several files of one: without a word they would come as one archive. */
  readonly several: boolean;
}

const ofCategory = (what: string, ...categories: readonly Category[]): VendorOperation['takes'] => ({ what, fits: (format) => categories.some((category) => category === categoryOf(format)) });
const PICTURES = ofCategory('pictures', 'image');
const VIDEOS = ofCategory('videos', 'video');
const STREAMS = ofCategory('sound and videos', 'audio', 'video');
const PDF = { what: 'PDFs', fits: (format: string) => format === 'pdf' };

const one = (target: string, takes: VendorOperation['takes']): VendorOperation => ({ target, takes, several: false });
const several = (target: string, takes: VendorOperation['takes']): VendorOperation => ({ target, takes, several: true });

/** Ours by name; what else each takes is the caller's options. */
export const VENDOR_OPERATIONS: ReadonlyMap<string, VendorOperation> = new Map([
  ['resize', one('resize-image', PICTURES)],
  ['compare-images', one('compare-image', PICTURES)],
  ['video-to-images', several('video-to-image', VIDEOS)],
  ['analyze-image', one('analyze-image', PICTURES)],
  ['cut-video', several('cut-video', STREAMS)],
  ['slideshow', one('slideshow', ofCategory('pictures, sound and videos', 'image', 'audio', 'video'))],
  ['merge-streams', one('merge-streams', STREAMS)],
  ['extract-streams', several('extract-streams', STREAMS)],
  ['compare-videos', one('compare-video', VIDEOS)],
  ['adjust-volume', one('audio-volume', STREAMS)],
  ['to-pdfa', one('convert-pdfa', ofCategory('documents and pictures', 'document', 'image'))],
  ['validate-pdfa', one('validate-pdfa', PDF)],
  ['pdf-booklet', one('pdf-booklet', PDF)],
  ['compare-pdfs', one('compare-pdf', PDF)],
  ['extract-archive', several('extract-archive', ofCategory('archives', 'archive'))],
  ['extract-assets', several('extract-assets', null)],
  ['extract-pdf-assets', several('extract-assets-from-pdf', PDF)],
]);

/** Targets of the category `hash`. The documents name the category and sha256; the catalogue of the account has the last word. */
const CHECKSUMS: ReadonlySet<string> = new Set(['md5', 'sha1', 'sha256', 'sha512', 'crc32']);

/** The input engine that turns a page into a file of a format; null where none does (API document, InputFile). */
export function captureEngine(format: string): 'screenshot' | 'screenshot_pdf' | 'website' | null {
  if (format === 'pdf') return 'screenshot_pdf';
  if (format === 'html') return 'website';
  return categoryOf(format) === 'image' ? 'screenshot' : null;
}

/** The canonical format that the parameter `to` names; null where it names none. */
export function targetOf(parameters: Parameters): string | null {
  const to = parameters['to'];
  return typeof to === 'string' && to !== '' ? canonicalFormat(to) : null;
}

const offered: Offer = { offered: true };
const refused = (reason: string): Offer => ({ offered: false, reason });

/**
 * Whether api2convert can be asked for a step. Its catalogue lists targets, never pairs, so a pair that makes sense is offered until
 * the vendor refuses it.
 */
export function offers(wish: StepWish, settings: Api2convertSettings): Offer {
  const to = targetOf(wish.parameters);
  switch (wish.operation) {
    case 'convert':
      return offersPair(wish.from, to);
    case 'compress':
      return offered;
    case 'merge':
      return to === 'pdf' ? offersPair(wish.from, to) : refused('api2convert merges into pdf alone.');
    case 'archive':
      return to !== null && categoryOf(to) === 'archive' ? offered : refused(`${to ?? 'No format'} is no archive that api2convert is known to write.`);
    case 'thumbnail':
      return to !== null && categoryOf(to) === 'image' ? offered : refused(`${to ?? 'No format'} is no picture format for a thumbnail.`);
    case 'capture':
      return to !== null && captureEngine(to) !== null ? offered : refused(`api2convert captures pages as pictures, pdf or html, not as ${to ?? 'nothing'}.`);
    case 'watermark':
      return refused('No api2convert document names an option for the watermark\'s text, so the text would be lost.');
    case 'ocr':
      return offersOcr(wish, settings);
    case 'hash':
      return to !== null && CHECKSUMS.has(to) ? offered : refused(`${to ?? 'No kind'} is no checksum that api2convert is known to make; it makes ${[...CHECKSUMS].join(', ')}.`);
    case 'read-metadata':
      return offered;
    default:
      return offersOperation(wish);
  }
}

function offersOperation({ operation, from }: StepWish): Offer {
  const known = VENDOR_OPERATIONS.get(operation);
  if (known === undefined) return refused(`The operation ${operation} is not known at api2convert.`);
  const { takes } = known;
  // A format that is not known here may be one that the vendor knows.
  const fits = takes === null || from === null || categoryOf(from) === null || takes.fits(from);
  return fits ? offered : refused(`${operation} takes ${takes.what} at api2convert, not ${from}.`);
}

function offersPair(from: string | null, to: string | null): Offer {
  if (to === null) return refused('No target format is named.');
  return plausiblePair(from, to) ? offered : refused(`A conversion from ${from ?? 'an unknown format'} to ${to} is not known at api2convert.`);
}

function offersOcr(wish: StepWish, { ocr }: Api2convertSettings): Offer {
  if (ocr === undefined) return refused('No api2convert document names the OCR options; the account\'s settings.ocr must say them.');
  if (wish.parameters['language'] !== undefined && ocr.languageOption === undefined) {
    return refused('The account\'s settings.ocr names no option for the language, so the language would be lost.');
  }
  return offersPair(wish.from, targetOf(wish.parameters) ?? ocr.target);
}
