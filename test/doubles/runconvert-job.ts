import { randomUUID } from 'node:crypto';
import type { RunconvertScript } from './runconvert-script.js';
import { smallFile } from './small-files.js';

type Fields = Readonly<Record<string, unknown>>;

export interface DoubleFile {
  readonly id: string;
  readonly name: string;
  readonly bytes: Buffer;
  readonly type: string;
}

export interface RunconvertTask {
  readonly id: string;
  readonly name: string;
  readonly asked: Fields;
  files: readonly DoubleFile[];
  uploaded: boolean;
}

/** A job as the vendor's side keeps it. */
export interface RunconvertJob {
  readonly id: string;
  readonly tag: unknown;
  readonly script: RunconvertScript;
  readonly tasks: readonly RunconvertTask[];
  reads: number;
  ended: 'completed' | 'failed' | null;
}

export function newJob(body: Fields, script: RunconvertScript): RunconvertJob {
  const tasks = Object.entries(body['tasks'] as Record<string, Fields>);
  return { id: randomUUID(), tag: body['tag'], script, reads: 0, ended: null, tasks: tasks.map(([name, asked]) => ({ id: randomUUID(), name, asked, files: [], uploaded: false })) };
}

/** After one more read: a job starts by itself once its uploads are in. */
export function advance(job: RunconvertJob): void {
  if (job.ended !== null || job.tasks.some(awaitsUpload)) return;
  job.reads += 1;
  if (job.reads <= job.script.between.length || job.script.ending === 'hold') return;
  finish(job);
}

export const isDelivery = (task: RunconvertTask): boolean => /^export\/(?!url)/.test(String(task.asked['operation']));

export const awaitsUpload = (task: RunconvertTask): boolean => task.asked['operation'] === 'import/upload' && !task.uploaded;

/** Ends it as its script says: every export task holds the files of what it names. */
export function finish(job: RunconvertJob): void {
  job.ended = job.script.ending === 'completed' || job.script.ending === 'hold' ? 'completed' : 'failed';
  if (job.ended === 'failed') return;
  for (const task of job.tasks) task.files = isDelivery(task) ? [] : filesOf(job, task);
  if (job.script.delivery !== 'completed' && job.tasks.some(isDelivery)) job.ended = 'failed';
}

export function statusWord(job: RunconvertJob): string {
  const { between } = job.script;
  if (job.ended === null) return job.reads === 0 ? word(job, 'created') : (between[job.reads - 1] ?? 'processing');
  return word(job, job.ended);
}

export function word(job: RunconvertJob, documented: 'created' | 'completed' | 'failed'): string {
  return job.script.words === 'docs' ? documented : { created: 'waiting', completed: 'finished', failed: 'error' }[documented];
}

function filesOf(job: RunconvertJob, task: RunconvertTask): DoubleFile[] {
  const operation = String(task.asked['operation']);
  const sources = [task.asked['input'] ?? []].flat().flatMap((name) => {
    const source = job.tasks.find((other) => other.name === name);
    return source === undefined ? [] : filesOf(job, source);
  });
  if (operation === 'export/url') return sources;
  if (operation.startsWith('import/')) return [file(importedName(task.asked))];
  const format = task.asked['output_format'];
  const together = operation === 'merge' || operation === 'archive' || operation === 'capture_website' || (operation === 'convert' && format === 'pdf' && sources.length > 1);
  const names = together ? ['together'] : sources.map(({ name }) => name.replace(/\.[^.]*$/, ''));
  return names.map((name, index) => file(`${name}.${typeof format === 'string' ? format : (sources[index]?.name.split('.').at(-1) ?? 'bin')}`));
}

function importedName(asked: Fields): string {
  const said = [asked['filename'], asked['url'], asked['source_url'], 'file.bin'].find((value): value is string => typeof value === 'string');
  return (said ?? '').split('/').at(-1) ?? '';
}

function file(name: string): DoubleFile {
  return { id: randomUUID(), name, ...smallFile(name.split('.').at(-1) ?? 'bin') };
}
