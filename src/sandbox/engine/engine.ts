import { archive } from './archive.js';
import { capture } from './capture.js';
import { compareImages } from './compare-images.js';
import { compress } from './compress.js';
import { convert } from './convert.js';
import { extractArchive } from './extract-archive.js';
import { canonical } from './formats.js';
import { hash } from './hash.js';
import { resizeImage } from './image-operations.js';
import { recognise } from './ocr.js';
import { mergePdf } from './pdf.js';
import { stampPdf } from './pdf-stamp.js';
import { readMetadata } from './read-metadata.js';
import type { ResultFile, SourceFile, Task } from './task.js';
import { thumbnail } from './thumbnail.js';
import { Unconvertible } from './unconvertible.js';
import { watermark } from './watermark.js';

export type { ResultFile, SourceFile, Task } from './task.js';
export { Unconvertible, type UnconvertibleReason } from './unconvertible.js';
export { formats, targetsOf } from './formats.js';

/** How long one task may take, all its files together. */
const LIMIT_TASK_MS = 10 * 60_000;

type Operation = (inputs: readonly SourceFile[], task: Task) => Promise<ResultFile[]>;

const OPERATIONS: ReadonlyMap<string, Operation> = new Map([
  ['convert', (inputs, task) => (isMerge(task) ? one(mergePdf(inputs)) : several(inputs, (source) => convert(source, task)))],
  ['compress', (inputs, { options }) => each(inputs, (source) => compress(source, options))],
  ['thumbnail', (inputs, task) => several(inputs, (source) => thumbnail(source, task))],
  ['resize', (inputs, { options }) => each(inputs, (source) => resizeImage(source, options))],
  ['watermark', (inputs, { options }) => each(inputs, (source) => watermark(source, options))],
  ['capture', (inputs, task) => each(inputs, (source) => capture(source, task))],
  ['hash', (inputs, { target }) => each(inputs, async (source) => hash(source, target))],
  ['read-metadata', (inputs) => each(inputs, readMetadata)],
  ['merge', (inputs, { target }) => one(merge(inputs, target))],
  ['archive', (inputs, { target }) => one(archive(inputs, target))],
  ['compare-images', (inputs, { options }) => one(compareImages(inputs, options))],
  ['extract-archive', (inputs) => several(inputs, extractArchive)],
  ['stamp', (inputs, { options }) => one(stampPdf(inputs, options))],
  ['ocr', (inputs, task) => each(inputs, (source) => recognise(source, task))],
] satisfies [string, Operation][]);

/**
 * Runs a task on real bytes. For per-file operations (convert, compress, thumbnail, resize, watermark, capture, hash,
 * read-metadata, ocr) n inputs give n results in input order, more where a PDF becomes a file a page; merge (`convert` to "pdf" with
 * option `merge: true` too), archive, stamp and compare-images give one; extract-archive as many as there are files within.
 *
 * The same task on the same bytes gives the same bytes, but for what LibreOffice and browsers date. Throws `Unconvertible` when it cannot;
 * then there are no results. After `limitMs` it gives up; what it started ends by limits of its own.
 */
export async function runTask(task: Task, inputs: readonly SourceFile[], limitMs = LIMIT_TASK_MS): Promise<ResultFile[]> {
  const operation = OPERATIONS.get(task.operation);
  if (!operation) return refuse(`Operation "${task.operation}" is not available in the sandbox.`);
  if (inputs.length === 0) throw new Unconvertible('bad_option', `Operation "${task.operation}" needs a file.`);
  return withinLimit(operation(inputs, task), limitMs);
}

async function merge(inputs: readonly SourceFile[], target: string): Promise<ResultFile> {
  if (!['', 'pdf'].includes(canonical(target))) return refuse(`Files cannot be merged to "${target}" in the sandbox.`);
  return mergePdf(inputs);
}

function isMerge({ target, options }: Task): boolean {
  return canonical(target) === 'pdf' && options.merge === true;
}

/** One after another, not at once: memory is that of one conversion. */
async function each<Result>(inputs: readonly SourceFile[], run: (source: SourceFile) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  for (const source of inputs) results.push(await run(source));
  return results;
}

async function several(inputs: readonly SourceFile[], run: (source: SourceFile) => Promise<ResultFile[]>): Promise<ResultFile[]> {
  return (await each(inputs, run)).flat();
}

async function withinLimit<Result>(work: Promise<Result>, limitMs: number): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Unconvertible('unsupported', `The task takes longer than ${Math.round(limitMs / 1000)} s, and was given up.`)), limitMs);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

async function one(result: Promise<ResultFile>): Promise<ResultFile[]> {
  return [await result];
}

async function refuse(message: string): Promise<never> {
  throw new Unconvertible('unsupported', message);
}
