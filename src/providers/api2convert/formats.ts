import { canonicalFormat, categoryOf, plausiblePair, type Category } from '../../conversion/formats.js';
import type { Parameters } from '../../conversion/job-graph.js';
import type { Offer, StepWish } from '../../conversion/provider.js';
import type { Api2convertSettings } from './wire.js';

export const INPUT_TYPES = ['url', 'upload', 'base64'] as const;

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
    default:
      return refused(`The operation ${wish.operation} is not known at api2convert.`);
  }
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
