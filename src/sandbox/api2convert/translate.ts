import type { Task } from '../engine/engine.js';
import type { Conversion, Input } from './job.js';

/** A conversion in the engine's words, and which inputs each run of it takes. */
export interface PlannedConversion {
  readonly task: Task;
  readonly groups: readonly (readonly Input[])[];
}

const OPERATIONS = new Map([
  ['resize-image', 'resize'],
  ['compare-image', 'compare-images'],
  ['video-to-image', 'video-to-images'],
  ['compare-video', 'compare-videos'],
  ['compare-pdf', 'compare-pdfs'],
  ['convert-pdfa', 'to-pdfa'],
  ['audio-volume', 'adjust-volume'],
  ['extract-assets-from-pdf', 'extract-pdf-assets'],
]);

/** A job applies every conversion to every input; merging, archiving, stamping and comparing take all inputs at once. */
export function planConversion(conversion: Conversion, inputs: readonly Input[]): PlannedConversion {
  const { options } = conversion;
  const task = { ...operationOf(conversion), options };
  const together = ['merge', 'archive', 'stamp', 'slideshow', 'merge-streams'].includes(task.operation) || task.operation.startsWith('compare-');
  return { task, groups: together ? [inputs] : inputs.map((input) => [input]) };
}

function operationOf({ category, target, options }: Conversion): { operation: string; target: string } {
  if (category === 'operation') return { operation: OPERATIONS.get(target) ?? target, target: targetOf(target, options) };
  if (category === 'archive') return { operation: 'archive', target };
  if (category === 'hash') return { operation: 'hash', target };
  if (category === 'metadata') return { operation: 'read-metadata', target };
  if (category === 'document' && options.ocr === true) return { operation: 'ocr', target };
  if (category === 'document' && target === 'pdf') {
    if (options.merge === true) return { operation: 'merge', target };
    if (typeof options.text === 'string') return { operation: 'watermark', target };
    if (options.stamp === true) return { operation: 'stamp', target };
  }
  return { operation: 'convert', target };
}

function targetOf(operation: string, options: Conversion['options']): string {
  const named = operation === 'thumbnail' ? (options.thumbnail_target ?? 'png') : operation === 'compress' ? options.compression_target : '';
  return typeof named === 'string' ? named : '';
}
