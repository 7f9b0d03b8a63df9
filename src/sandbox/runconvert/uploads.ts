import { setTimeout as pause } from 'node:timers/promises';
import type { TaskFile } from './job.js';
import { TaskFailed } from './task-failed.js';

/** Where `import/upload` tasks wait for their files. */
export class Uploads {
  private readonly waiting = new Map<string, (file: TaskFile) => void>();

  constructor(private readonly timeoutMs: number) {}

  /** The task's file once it is in; TaskFailed `upload_timeout` if it does not come. */
  async wait(taskId: string, signal: AbortSignal): Promise<TaskFile> {
    const done = new AbortController();
    const arrived = new Promise<TaskFile>((resolve) => this.waiting.set(taskId, resolve));
    const timeout = pause(this.timeoutMs, undefined, { signal: AbortSignal.any([signal, done.signal]), ref: false }).then(() => {
      throw new TaskFailed('upload_timeout', 'File upload timeout exceeded.');
    });
    try {
      return await Promise.race([arrived, timeout]);
    } finally {
      done.abort();
      this.waiting.delete(taskId);
    }
  }

  /** False where nobody waits: the file is there already, or its time is over. */
  arrive(taskId: string, file: TaskFile): boolean {
    const resolve = this.waiting.get(taskId);
    this.waiting.delete(taskId);
    resolve?.(file);
    return resolve !== undefined;
  }
}
