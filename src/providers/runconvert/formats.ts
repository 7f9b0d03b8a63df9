import { canonicalFormat, categoryOf, knownFormats, plausiblePair } from '../../conversion/formats.js';
import type { Inspection, Offer, StepWish } from '../../conversion/provider.js';
import type { Parameters } from '../../conversion/job-graph.js';

/** Input types that RunConvert takes and this adapter speaks. */
export const INPUT_TYPES = ['url', 'upload', 'base64', 's3', 'gcs', 'azure-blob', 'sftp'] as const;

const OFFERED: Offer = { offered: true };

/** What RunConvert calls our operations, where it is another word (documents, "Processing Tasks"). */
export const TASK_WORDS: ReadonlyMap<string, string> = new Map([['capture', 'capture_website']]);

/** RunConvert's operations (documents, "Processing Tasks"): why a step cannot be done there, or null. */
const REFUSALS: ReadonlyMap<string, (wish: StepWish, to: string) => string | null> = new Map([
  ['convert', (wish: StepWish, to: string) => (plausiblePair(wish.from, to) ? null : `RunConvert does not convert ${wish.from ?? 'files'} to ${to}.`)],
  ['compress', () => null],
  ['merge', (_wish: StepWish, to: string) => (to === 'pdf' ? null : `RunConvert does not merge into ${to}.`)],
  ['archive', (_wish: StepWish, to: string) => (/^(?:zip|tar(?:\..+)?)$/.test(to) ? null : `RunConvert packs ZIP and TAR archives, not ${to}.`)],
  ['capture', (_wish: StepWish, to: string) => (to === 'pdf' || categoryOf(to) === 'image' ? null : `RunConvert captures pages as pictures or PDF, not ${to}.`)],
  ['ocr', () => null],
  ['watermark', () => null],
  ['thumbnail', (_wish: StepWish, to: string) => (categoryOf(to) === 'image' ? null : `RunConvert makes thumbnails as pictures, not ${to}.`)],
]);

export function offers(wish: StepWish, listed = false): Offer {
  const refusal = REFUSALS.get(wish.operation);
  if (refusal === undefined) return { offered: false, reason: `RunConvert has no operation for ${wish.operation}.` };
  if (listed) return OFFERED;
  const reason = refusal(wish, target(wish.parameters));
  return reason === null ? OFFERED : { offered: false, reason };
}

/** Our name of an operation of RunConvert's; null where no step says it. */
export function operationOf(word: string): string | null {
  const renamed = [...TASK_WORDS].find(([, theirs]) => theirs === word)?.[0] ?? word;
  return REFUSALS.has(renamed) && !TASK_WORDS.has(word) ? renamed : null;
}

function target(parameters: Parameters): string {
  return String(parameters['to'] ?? '');
}

/** The vendor's formats beside those that a step may name here. */
export function readCatalogue(names: readonly string[]): NonNullable<Inspection['catalogue']> {
  const listed = new Set(names.map(canonicalFormat));
  return { entries: names.length, missing: knownFormats().filter((format) => !listed.has(format)) };
}
