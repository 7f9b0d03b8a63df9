import type { Dialect } from '../settings.js';
import type { Job, JsonObject, RunTask } from './job.js';
import { isDownloadable } from './operations.js';
import { wordOf } from './words.js';

export interface ViewContext {
  /** `http://127.0.0.1:<port>`. */
  readonly origin: string;
  readonly dialect: Dialect;
  readonly now: number;
}

export function jobView(job: Job, context: ViewContext): JsonObject {
  return {
    id: job.id,
    tag: job.tag,
    status: job.otherWord && context.now < job.otherWord.until ? job.otherWord.word : wordOf(job.phase, context.dialect),
    ...(context.dialect === 'sdk' ? { credits: creditsOfJob(job) } : {}),
    created_at: stamp(job.createdAt),
    started_at: stamp(job.startedAt),
    ended_at: stamp(job.endedAt),
    tasks: job.tasks.map((task) => taskView(job, task, context)),
  };
}

export function taskView(job: Job, task: RunTask, context: ViewContext): JsonObject {
  return {
    id: task.id,
    job_id: task.jobId,
    name: task.name,
    operation: task.operation,
    status: wordOf(task.phase, context.dialect),
    code: task.code,
    message: task.message,
    percent: task.percent,
    credits: task.credits,
    result: resultOf(task, context),
    depends_on_task_ids: job.tasks.filter((one) => task.inputs.includes(one.name)).map((one) => one.id),
    created_at: stamp(task.createdAt),
    started_at: stamp(task.startedAt),
    ended_at: stamp(task.endedAt),
  };
}

/** What the tasks that are done have cost; null before any is. */
function creditsOfJob({ tasks }: Job): number | null {
  const told = tasks.flatMap(({ credits }) => credits ?? []);
  return told.length === 0 ? null : told.reduce((sum, credits) => sum + credits, 0);
}

function resultOf(task: RunTask, context: ViewContext): JsonObject | null {
  if (task.operation === 'import/upload' && task.phase === 'waiting') {
    return { form: { url: `${context.origin}/upload/${task.id}`, parameters: { signature: task.signature } } };
  }
  if (task.phase !== 'finished') return null;
  if (!isDownloadable(task.operation)) return { files: task.made };
  const files = task.made.map(({ filename, size }, at) => ({ filename, url: urlOf(task, filename, at, context), size }));
  const [first] = files;
  return first ? { files, url: first.url } : { files };
}

function urlOf(task: RunTask, filename: string, at: number, { origin }: ViewContext): string {
  return `${origin}/download/${task.id}/${at}/${encodeURIComponent(filename)}`;
}

/** With a zone, e.g. `2019-06-01T00:35:33+00:00`. */
export function stamp(at: Date | null): string | null {
  return at && `${at.toISOString().slice(0, 19)}+00:00`;
}
