import mime from 'mime-types';
import { ProviderError } from '../../conversion/errors.js';
import { categoryOf, filenameOfUrl, formatOfFilename } from '../../conversion/formats.js';
import type { Options } from '../../conversion/job-graph.js';
import { OPERATIONS, resultFormat } from '../../conversion/operations.js';
import type { Report, RunningJob, StageInput, StageStep, StageWork } from '../../conversion/provider.js';
import { readJobError } from './errors.js';
import { isDelivery, readDeliveries, toDeliveryTasks } from './deliveries.js';
import { OPTIONS } from './options.js';
import { toPlaceImport } from './places.js';
import { readFinished, readResults } from './results.js';
import { taskName } from './task-names.js';
import { importNames } from './uploads.js';
import type { VendorJob, VendorTask } from './wire.js';
import { stateWords, type Settings, type State } from './settings.js';

export type TaskBody = Readonly<Record<string, unknown>>;

export interface JobBody {
  readonly tag: string;
  readonly tasks: Readonly<Record<string, TaskBody>>;
}

/** A task whose result a step can take. */
interface Source {
  readonly task: string;
  readonly format: string | null;
}

/** What options never say: the graph is ours. */
const RESERVED: ReadonlySet<string> = new Set(['operation', 'input', 'output_format', 'target']);
/** What stands in the task itself (documents, "Compress"; SDKs). */
const BESIDE_OPTIONS: ReadonlySet<string> = new Set(['engine', 'engine_version']);

/** The body of `POST …/jobs`: a task per input, a task per file or per step, and an export of each, so that every result can be kept. */
export function toJobBody(work: StageWork, settings: Settings): JobBody {
  const tasks: [name: string, body: TaskBody][] = [];
  const sources = new Map<string, Source[]>();
  for (const { input, name } of importNames(work)) {
    tasks.push([name, toImport(input, settings)]);
    sources.set(input.id, [...(sources.get(input.id) ?? []), { task: name, format: formatOf(input) }]);
  }
  for (const step of work.steps) {
    const runs = runsOf(step, sources);
    const results = runs.map((files, index) => {
      const name = taskName(step.operation, step.id, work.reference, index);
      const format = inputFormat(step, files, runs.length === 1);
      tasks.push([name, present({ ...toProcessing(step, files, format, settings), ...toOptions(step) })]);
      tasks.push([taskName('export', step.id, work.reference, index), { operation: 'export/url', input: name }]);
      return { task: name, format: resultFormat(step.operation, step.parameters, format) };
    });
    sources.set(step.id, results);
  }
  for (const [name, body] of toDeliveryTasks(work.exports, work.reference, (step) => (sources.get(step) ?? []).map(({ task }) => task))) tasks.push([name, present(body)]);
  return { tag: work.reference, tasks: Object.fromEntries(tasks) };
}

/** How the vendor's job stands. The job's word leads; where it has none, its tasks tell. */
export function readReport(job: VendorJob, running: RunningJob, settings: Settings, secrets: readonly string[]): Report {
  const words = stateWords(settings);
  const states = job.tasks.map((task) => words(task.status));
  const failed = job.tasks.filter((_task, index) => states[index] === 'failed');
  const cost = { credits: sum(job.tasks.flatMap((task) => task.credits ?? [])) };
  const told = job.status === null ? stateOfAll(states) : words(job.status);
  // A job of which nothing failed but a delivery made its files.
  const onlyUndelivered = (told === 'failed' || told === 'succeeded') && failed.length > 0 && failed.every(isDelivery) && running.exports.length > 0;
  const state = onlyUndelivered ? 'succeeded' : told;
  const finished = state === 'succeeded' ? [] : readFinished(job.tasks, running, (task) => words(task.status) === 'succeeded');
  const results = finished.length === 0 ? {} : { results: finished };
  switch (state) {
    case 'running':
      return { state, progress: progressOf(job.tasks), word: (job.status ?? 'unknown').slice(0, 64), ...results };
    case 'canceled':
      return { state, cost, ...results };
    case 'failed':
      return { state, error: readJobError(job, failed, secrets), cost, ...results };
    case 'succeeded': {
      // "completed" with a failed task inside is no success.
      if (failed.length > 0 && !onlyUndelivered) return { state: 'failed', error: readJobError(job, failed, secrets), cost };
      const made = readResults(job.tasks, running);
      if (made instanceof ProviderError) return { state: 'failed', error: onlyUndelivered ? readJobError(job, failed, secrets) : made, cost };
      return { state, results: made, deliveries: readDeliveries(job.tasks, running, (task) => words(task.status), secrets), cost };
    }
    default:
      return state satisfies never;
  }
}

function stateOfAll(states: readonly State[]): State {
  if (states.length === 0 || states.includes('running')) return 'running';
  return (['failed', 'canceled'] as const).find((state) => states.includes(state)) ?? 'succeeded';
}

function progressOf(tasks: readonly VendorTask[]): number | null {
  const percents = tasks.flatMap((task) => task.percent ?? []);
  const total = sum(percents);
  return total === null ? null : Math.round(Math.min(100, Math.max(0, total / percents.length)));
}

function sum(numbers: readonly number[]): number | null {
  return numbers.length === 0 ? null : numbers.reduce((total, number) => total + number, 0);
}

function toImport(input: StageInput, settings: Settings): TaskBody {
  const { source } = input;
  const filename = input.filename ?? input.id;
  switch (source.type) {
    case 'url':
    case 'result':
      return present({ operation: 'import/url', [settings.urlField]: source.url, filename: input.filename });
    case 'upload':
      return { operation: 'import/upload', filename, file_size: source.size };
    case 'base64':
      return { operation: 'import/base64', file: `data:${mime.lookup(filename) || 'application/octet-stream'};base64,${source.data}`, filename };
    case 'place':
      return present(toPlaceImport(source.place, source.credentials));
    default:
      return source satisfies never;
  }
}

/** The files of each task of a step: one by one, all together, or none. */
function runsOf(step: StageStep, sources: ReadonlyMap<string, readonly Source[]>): readonly (readonly Source[])[] {
  const use = OPERATIONS.get(step.operation)?.files;
  if (use === undefined) throw new ProviderError('unsupported', `RunConvert has no operation for ${step.operation}.`, { created: 'not_created' });
  const files = step.inputs.flatMap((id) => sources.get(id) ?? []);
  if (use === 'none') return [[]];
  if (files.length === 0) throw new ProviderError('unmapped', `Step ${step.id} takes nothing that this stage holds.`, { created: 'not_created' });
  return use === 'each' ? files.map((file) => [file]) : [files];
}

/** A processing task as the documents write it ("Processing Tasks"): `input` is a name where a task takes one file, a list where it takes all. */
function toProcessing(step: StageStep, files: readonly Source[], format: string | null, settings: Settings): TaskBody {
  const { to, language, text, url } = step.parameters;
  const one = files[0]?.task;
  const all = files.map((file) => file.task);
  switch (step.operation) {
    case 'convert':
      return { operation: 'convert', input: one, input_format: format, output_format: to };
    case 'merge':
      return settings.merge === 'merge' ? { operation: 'merge', input: all, output_format: to } : { operation: 'convert', input: all, input_format: format, output_format: to };
    case 'archive':
      return { operation: 'archive', input: all, output_format: to };
    case 'capture':
      return { operation: 'capture_website', url, output_format: to };
    case 'ocr':
      return { operation: 'ocr', input: one, language, output_format: to };
    case 'watermark':
      return { operation: 'watermark', input: one, text };
    default:
      return { operation: step.operation, input: one, output_format: to };
  }
}

/** Unified options as they are, the caller's options for this adapter over them. What is not `engine` lives in `options` (documents, "Convert"). */
function toOptions(step: StageStep): TaskBody {
  const { width, height } = step.parameters;
  const own = Object.entries(step.providerOptions).filter(([key]) => !RESERVED.has(key));
  const options = { ...OPTIONS.say(step.operation, step.options), ...present({ width, height }), ...pick(own, (key) => !BESIDE_OPTIONS.has(key)) };
  return { ...pick(own, (key) => BESIDE_OPTIONS.has(key)), options: Object.keys(options).length === 0 ? undefined : options };
}

/** What the caller says leads; the step's own format speaks for its file alone, not for each of several. */
function inputFormat(step: StageStep, files: readonly Source[], alone: boolean): string | null {
  const { from } = step.parameters;
  const formats = new Set(files.map((file) => file.format));
  const common = formats.size === 1 ? (files[0]?.format ?? null) : null;
  if (from !== undefined) return String(from);
  return alone && files.length === 1 ? (step.from ?? common) : common;
}

function formatOf(input: StageInput): string | null {
  const { source } = input;
  const format = formatOfFilename(input.filename ?? ('url' in source ? filenameOfUrl(source.url) : null));
  return format === null || categoryOf(format) === null ? null : format;
}

function present(body: TaskBody): TaskBody {
  return pick(Object.entries(body), (_key, value) => value !== undefined && value !== null);
}

function pick(entries: readonly (readonly [string, unknown])[], keep: (key: string, value: unknown) => boolean): Options {
  return Object.fromEntries(entries.filter(([key, value]) => keep(key, value)));
}
