import type { Job, RunTask } from './job.js';

/** The jobs of all accounts, oldest first. */
export class JobStore {
  private readonly jobs = new Map<string, Job>();

  add(job: Job): void {
    this.jobs.set(job.id, job);
  }

  find(id: string): Job | null {
    return this.jobs.get(id) ?? null;
  }

  /** Newest first. */
  ofAccount(key: string): Job[] {
    return [...this.jobs.values()].filter((job) => job.key === key).reverse();
  }

  findTask(id: string): { job: Job; task: RunTask } | null {
    for (const job of this.jobs.values()) {
      const task = job.tasks.find((one) => one.id === id);
      if (task) return { job, task };
    }
    return null;
  }

  clear(): void {
    for (const job of this.jobs.values()) job.stop.abort();
    this.jobs.clear();
  }
}
