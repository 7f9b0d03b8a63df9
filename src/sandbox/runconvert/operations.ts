import type { Task } from '../engine/engine.js';
import type { JsonObject, RunTask } from './job.js';

export type OperationKind = 'import' | 'process' | 'capture' | 'export';

const KINDS = new Map<string, OperationKind>([
  ...['url', 'upload', 'base64', 's3', 'google-cloud-storage', 'azure/blob', 'sftp'].map((name): [string, OperationKind] => [`import/${name}`, 'import']),
  ...['convert', 'compress', 'merge', 'archive', 'ocr', 'watermark', 'thumbnail'].map((name): [string, OperationKind] => [name, 'process']),
  ['capture_website', 'capture'],
  ...['url', 's3', 'google-cloud-storage', 'azure/blob', 'sftp'].map((name): [string, OperationKind] => [`export/${name}`, 'export']),
]);

/** null for an operation that the vendor does not document. */
export function kindOf(operation: string): OperationKind | null {
  return KINDS.get(operation) ?? null;
}

/** Whether the files of a task have URLs: an export to a store leaves none. */
export function isDownloadable(operation: string): boolean {
  return operation === 'export/url';
}

/** A task in the engine's words. Several PDFs converted to one format `pdf` are a merge (the SDKs' spelling). */
export function engineTask({ operation, fields, inputs }: Pick<RunTask, 'operation' | 'fields' | 'inputs'>): Task {
  const target = wordOf(fields.output_format);
  const merges = operation === 'convert' && inputs.length > 1 && wordOf(fields.input_format) === 'pdf' && target === 'pdf';
  return { operation: merges ? 'merge' : operation, target: operation === 'thumbnail' && target === '' ? 'jpg' : target, options: optionsOf(fields) };
}

const PRICES = new Map([
  ['compress', 1],
  ['merge', 2],
  ['archive', 1],
  ['ocr', 3],
  ['watermark', 1],
  ['thumbnail', 1],
  ['capture_website', 2],
]);
const DOCUMENTS: ReadonlySet<string> = new Set('pdf txt md html csv json docx odt rtf doc xlsx ods xls pptx odp ppt'.split(' '));

/** Credits of a task, by the organisation's README: an image 1, a document 1 to 3. Imports and exports are free. */
export function creditsOf(operation: string, outputFormat: unknown): number {
  if (operation === 'convert') return DOCUMENTS.has(wordOf(outputFormat)) ? 2 : 1;
  return PRICES.get(operation) ?? 0;
}

/** What is not the task's own frame is an option: `options` themselves, and `text`, `language`, `width` beside them. */
function optionsOf({ options, ...fields }: JsonObject): JsonObject {
  const frame = ['operation', 'input', 'input_format', 'output_format', 'engine', 'engine_version', 'filename'];
  const beside = Object.entries(fields).filter(([name]) => !frame.includes(name));
  return { ...Object.fromEntries(beside), ...(typeof options === 'object' && options !== null && !Array.isArray(options) ? options : {}) };
}

function wordOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
