import { archive } from './archive.js';
import { capture } from './capture.js';
import { compareImages } from './compare-images.js';
import { compress } from './compress.js';
import { detectFormat } from './detect.js';
import { extractArchive } from './extract-archive.js';
import { canonical, targetsOf } from './formats.js';
import { convertImage, resizeImage, thumbnail } from './image-operations.js';
import { hash, readMetadata } from './inspect.js';
import { mergePdf, toPdf } from './pdf.js';
import type { ResultFile, SourceFile, Task } from './task.js';
import { convertText } from './text-convert.js';
import { Unconvertible } from './unconvertible.js';
import { watermark } from './watermark.js';

export type { ResultFile, SourceFile, Task } from './task.js';
export { Unconvertible, type UnconvertibleReason } from './unconvertible.js';
export { formats, targetsOf } from './formats.js';

type Operation = (inputs: readonly SourceFile[], task: Task) => Promise<ResultFile[]>;

const OPERATIONS: ReadonlyMap<string, Operation> = new Map([
  ['convert', (inputs, task) => (isMerge(task) ? one(mergePdf(inputs)) : each(inputs, (source) => convert(source, task)))],
  ['compress', (inputs, { options }) => each(inputs, (source) => compress(source, options))],
  ['thumbnail', (inputs, task) => each(inputs, (source) => thumbnail(source, task))],
  ['resize', (inputs, { options }) => each(inputs, (source) => resizeImage(source, options))],
  ['watermark', (inputs, { options }) => each(inputs, (source) => watermark(source, options))],
  ['capture', (inputs, task) => each(inputs, (source) => capture(source, task))],
  ['hash', (inputs, { target }) => each(inputs, async (source) => hash(source, target))],
  ['read-metadata', (inputs) => each(inputs, readMetadata)],
  ['merge', (inputs, { target }) => one(merge(inputs, target))],
  ['archive', (inputs, { target }) => one(archive(inputs, target))],
  ['compare-images', (inputs, { options }) => one(compareImages(inputs, options))],
  ['extract-archive', async (inputs) => (await each(inputs, extractArchive)).flat()],
  ['ocr', () => refuse('Text recognition is not available in the sandbox.')],
] satisfies [string, Operation][]);

/**
 * Runs a task on real bytes. For per-file operations (convert, compress, thumbnail, resize, watermark, capture, hash,
 * read-metadata) n inputs give n results in input order; merge (`convert` to "pdf" with option `merge: true` too),
 * archive and compare-images give one; extract-archive as many as there are files within.
 *
 * The same task on the same bytes gives the same bytes. Throws `Unconvertible` when it cannot; then there are no results.
 */
export async function runTask(task: Task, inputs: readonly SourceFile[]): Promise<ResultFile[]> {
  const operation = OPERATIONS.get(task.operation);
  if (!operation) return refuse(`Operation "${task.operation}" is not available in the sandbox.`);
  if (inputs.length === 0) throw new Unconvertible('bad_option', `Operation "${task.operation}" needs a file.`);
  return operation(inputs, task);
}

async function convert(source: SourceFile, { target, options }: Task): Promise<ResultFile> {
  const from = await detectFormat(source);
  const to = canonical(target);
  if (!targetsOf(from).includes(to)) return refuse(`"${from}" cannot be converted to "${to}" in the sandbox.`);
  if (to === 'pdf') return toPdf(source);
  return ['txt', 'md', 'html', 'csv', 'json'].includes(from) ? convertText(source, from, to) : convertImage(source, from, to, options);
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

async function one(result: Promise<ResultFile>): Promise<ResultFile[]> {
  return [await result];
}

async function refuse(message: string): Promise<never> {
  throw new Unconvertible('unsupported', message);
}
