import { basename } from 'node:path';
import type { PretendCloud, StoredObject } from '../cloud/pretend-cloud.js';
import { deliver, fetchStored, StoreRefusal } from '../cloud/store-access.js';
import { runTask, type SourceFile } from '../engine/engine.js';
import { fetchSource } from '../fetching.js';
import { urlOf } from './create-job.js';
import type { RunTask, TaskFile } from './job.js';
import { engineTask, kindOf } from './operations.js';
import { storeOf } from './stores.js';
import { TaskFailed } from './task-failed.js';
import type { Uploads } from './uploads.js';

export interface PerformContext {
  readonly fixtures: string | null;
  readonly cloud: PretendCloud;
  readonly uploads: Uploads;
  /** Called with what was put into a store of the caller's. */
  readonly delivered: (object: StoredObject) => void;
  readonly signal: AbortSignal;
}

/** Does what one task says with the files of the tasks before it. Throws TaskFailed, SourceUnreachable or Unconvertible. */
export async function perform(task: RunTask, before: readonly TaskFile[], context: PerformContext): Promise<readonly TaskFile[]> {
  switch (kindOf(task.operation)) {
    case 'import':
      return [await importFile(task, context)];
    case 'capture':
      return capture(task, context);
    case 'export':
      return exportFiles(task, before, context);
    default:
      return renamed(task, await runTask(engineTask(task), before));
  }
}

async function importFile(task: RunTask, { fixtures, cloud, uploads, signal }: PerformContext): Promise<TaskFile> {
  if (task.operation === 'import/upload') return uploads.wait(task.id, signal);
  if (task.operation === 'import/url') {
    const file = await fetchSource(urlOf(task.fields), fixtures);
    return asTaskFile({ filename: nameOf(task, file.filename), bytes: file.bytes });
  }
  if (task.operation === 'import/base64') {
    const data = String(task.fields.file).replace(/^data:[^,]*,/, '');
    return asTaskFile({ filename: nameOf(task, 'file'), bytes: Buffer.from(data, 'base64') });
  }
  const access = storeOf(task.operation, task.fields);
  if (!access) throw new TaskFailed('processing_failed', `${task.operation} is no import.`);
  const stored = await fetchStored(access, cloud, fixtures).catch((error: unknown) => refusedBy('imported', error));
  return asTaskFile({ filename: nameOf(task, stored.filename), bytes: stored.bytes });
}

/** What the store said: the vendor has no code of its own for it. */
function refusedBy(done: 'imported' | 'exported', error: unknown): never {
  if (!(error instanceof StoreRefusal)) throw error;
  throw new TaskFailed('processing_failed', `The file could not be ${done}: ${error.message}`);
}

async function capture(task: RunTask, { fixtures }: PerformContext): Promise<readonly TaskFile[]> {
  const source = await fetchSource(String(task.fields.url), fixtures);
  const page = { filename: `${source.filename.replace(/\.html?$/i, '')}.html`, bytes: source.bytes };
  const { target, options } = engineTask(task);
  if (target === 'html') return [{ ...page, contentType: 'text/html' }];
  return renamed(task, await runTask({ operation: 'capture', target, options }, [page]));
}

async function exportFiles(task: RunTask, before: readonly TaskFile[], { cloud, delivered }: PerformContext): Promise<readonly TaskFile[]> {
  const packs = before.length > 1 && task.fields.archive_multiple_files === true;
  const files = packs ? await runTask({ operation: 'archive', target: 'zip', options: {} }, before) : before;
  const access = storeOf(task.operation, task.fields);
  if (!access) return files;
  try {
    const objects = deliver(access, files, cloud);
    objects.forEach(delivered);
    return files.map((file, at) => ({ ...file, filename: basename(objects[at]?.key ?? file.filename) }));
  } catch (error) {
    return refusedBy('exported', error);
  }
}

/** `filename` names the one result of a task. */
function renamed(task: RunTask, files: readonly TaskFile[]): readonly TaskFile[] {
  const [file] = files;
  return file && files.length === 1 ? [{ ...file, filename: nameOf(task, file.filename) }] : files;
}

function nameOf({ fields }: RunTask, otherwise: string): string {
  return typeof fields.filename === 'string' && fields.filename !== '' ? fields.filename : otherwise;
}

/** The engine looks at the bytes; what the file says of itself does not matter. */
function asTaskFile({ filename, bytes }: SourceFile): TaskFile {
  return { filename, bytes, contentType: 'application/octet-stream' };
}
