import type { Input, Job, Output } from './job.js';

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

  withToken(token: string): Job | null {
    return [...this.jobs.values()].find((job) => job.token === token) ?? null;
  }

  outputOf(key: string, outputId: string): Output | null {
    return this.ofAccount(key).flatMap((job) => job.outputs).find((output) => output.id === outputId) ?? null;
  }

  inputOf(key: string, inputId: string): Input | null {
    return this.ofAccount(key).flatMap((job) => job.inputs).find((input) => input.id === inputId) ?? null;
  }

  clear(): void {
    for (const job of this.jobs.values()) job.stop.abort();
    this.jobs.clear();
  }
}
