import { setTimeout as pause } from 'node:timers/promises';
import type { PretendCloud } from '../cloud/pretend-cloud.js';
import { Unconvertible } from '../engine/engine.js';
import { SourceUnreachable } from '../fetching.js';
import { began, ended, type Ledger } from '../ledger.js';
import { scenarioNumber, scenarioText, type Scenario } from '../scenario.js';
import { scenarioOf } from '../scenarios.js';
import { Storage } from '../storage.js';
import type { Job, RunTask, TaskFile } from './job.js';
import { creditsOf, isDownloadable, kindOf } from './operations.js';
import { perform } from './perform.js';
import { TaskFailed } from './task-failed.js';
import type { Uploads } from './uploads.js';
import type { WebhookNotifier } from './webhook-notifier.js';

export interface RunnerSettings {
  readonly fixtures: string | null;
  readonly speedMs: number;
}

/** The document's text for `processing_failed`. */
const INTERNAL = 'Task failed due to internal process failure.';

/** Runs a job's tasks as the graph they are: each once all it waits for is done, independent ones side by side. */
export class Runner {
  private readonly storage = new Storage();

  constructor(
    private readonly notifier: WebhookNotifier,
    private readonly uploads: Uploads,
    private readonly ledger: Ledger,
    private readonly cloud: PretendCloud,
    private readonly settings: RunnerSettings,
  ) {}

  start(job: Job): void {
    this.notifier.job(job, 'created');
    for (const task of job.tasks) this.notifier.task(job, task, 'created');
    const running = new Map<string, Promise<void>>();
    const turn = (task: RunTask): Promise<void> => {
      const known = running.get(task.name);
      if (known) return known;
      const before = job.tasks.filter((one) => task.inputs.includes(one.name));
      const mine = Promise.all(before.map(turn)).then(() => this.runOne(job, task, before));
      running.set(task.name, mine);
      return mine;
    };
    Promise.all(job.tasks.map(turn)).then(
      () => this.end(job),
      () => undefined,
    );
  }

  private async runOne(job: Job, task: RunTask, before: readonly RunTask[]): Promise<void> {
    try {
      if (before.some((one) => one.phase === 'failed')) throw new TaskFailed('INPUT_TASK_FAILED', 'Input task has failed');
      if (task.operation !== 'import/upload') this.begin(job, task);
      const files = await this.work(job, task, filesFor(task, before));
      if (task.operation === 'import/upload') this.begin(job, task);
      task.files = spoilt(job, task, files);
      task.made = task.files.map(({ filename, bytes }) => ({ filename, size: bytes.length }));
      task.credits = creditsOf(task.operation, task.fields.output_format);
      this.ledger.charge(job.ledger, task.credits);
      this.finish(job, task, 'finished');
    } catch (error) {
      job.stop.signal.throwIfAborted();
      const known = error instanceof TaskFailed || error instanceof SourceUnreachable || error instanceof Unconvertible;
      task.code = error instanceof TaskFailed ? error.code : 'processing_failed';
      task.message = known ? error.message : INTERNAL;
      this.finish(job, task, 'failed');
    }
  }

  private async work(job: Job, task: RunTask, before: readonly TaskFile[]): Promise<readonly TaskFile[]> {
    const { signal } = job.stop;
    if (isWork(task)) await this.misbehave(job);
    const [files] = await Promise.all([
      perform(task, before, {
        ...{ fixtures: this.settings.fixtures, cloud: this.cloud, uploads: this.uploads, signal },
        delivered: (object) => this.ledger.delivered('runconvert', job.id, object),
      }),
      pause(this.settings.speedMs * (isWork(task) ? 0.8 : 0.1), undefined, { signal }),
    ]);
    signal.throwIfAborted();
    return files;
  }

  private async misbehave(job: Job): Promise<void> {
    const { signal } = job.stop;
    if (scenarioOf(job, 'vanish')) await forever(signal);
    began(job.ledger);
    this.notifier.forge(job);
    const begun = job.tasks.filter((task) => isWork(task) && task.startedAt !== null).length;
    const due = (one: Scenario | undefined): Scenario | undefined => (one !== undefined && begun > scenarioNumber(one, 'after', 0) ? one : undefined);
    if (due(scenarioOf(job, 'hang'))) await forever(signal);
    const word = scenarioOf(job, 'unknown-status');
    if (word) {
      const ms = scenarioNumber(word, 'ms', 500);
      job.otherWord = { word: scenarioText(word, 'word', 'defragmenting'), until: Date.now() + ms };
      await pause(ms, undefined, { signal });
    }
    const told = due(scenarioOf(job, 'fail'));
    if (!told) return;
    const { code } = told.options;
    throw new TaskFailed(typeof code === 'string' || typeof code === 'number' ? `${code}` : 'processing_failed', scenarioText(told, 'message', INTERNAL));
  }

  /** Only exports can be downloaded; what led to them goes at once. */
  private keepFiles(job: Job): void {
    const exported = job.tasks.filter((task) => isDownloadable(task.operation));
    for (const task of job.tasks) if (!exported.includes(task)) task.files = [];
    const size = exported.flatMap((task) => task.files).reduce((sum, file) => sum + file.bytes.length, 0);
    this.storage.keep(size, () => exported.forEach((task) => (task.files = [])));
  }

  private begin(job: Job, task: RunTask): void {
    task.startedAt = new Date();
    task.phase = 'processing';
    job.startedAt ??= task.startedAt;
    job.phase = 'processing';
  }

  private finish(job: Job, task: RunTask, phase: 'finished' | 'failed'): void {
    task.phase = phase;
    task.percent = phase === 'finished' ? 100 : task.percent;
    task.endedAt = new Date();
    this.notifier.task(job, task, phase);
  }

  private end(job: Job): void {
    job.phase = job.tasks.some((task) => task.phase === 'failed') ? 'failed' : 'finished';
    job.endedAt = new Date();
    this.keepFiles(job);
    ended(job.ledger, job.phase === 'failed' ? 'failed' : 'completed');
    this.notifier.job(job, job.phase);
  }
}

function isWork({ operation }: RunTask): boolean {
  const kind = kindOf(operation);
  return kind === 'process' || kind === 'capture';
}

/** In the order in which the task names its inputs. */
function filesFor(task: RunTask, before: readonly RunTask[]): TaskFile[] {
  return task.inputs.flatMap((name) => before.filter((one) => one.name === name).flatMap((one) => [...one.files]));
}

function spoilt(job: Job, task: RunTask, files: readonly TaskFile[]): readonly TaskFile[] {
  if (!isDownloadable(task.operation)) return files;
  if (scenarioOf(job, 'success-without-file')) return [];
  if (!scenarioOf(job, 'wrong-file')) return files;
  return files.map((file) => ({ ...file, bytes: Buffer.from('<!doctype html><html><body>Not the file you asked for</body></html>') }));
}

async function forever(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('The job was stopped.')), { once: true }));
}
