import type { Logger } from '@nestjs/common';
import { databaseTrouble } from './database-trouble.js';

/** Looks at what other processes change: as soon as there is news of it, and after a pause in any case, for a word of news may be lost. One look at a time. */
export class LookOut {
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> = Promise.resolve();
  private again = false;
  private stopped = false;

  /** `pauseMs`: until the next look, as it is after this one. */
  constructor(
    private readonly look: () => Promise<void>,
    private readonly pauseMs: () => number,
    private readonly log: Logger,
  ) {}

  /** The first look is waited for. One that fails is told in the log. */
  async start(): Promise<void> {
    this.now();
    await this.looking;
  }

  /** Behind the look that runs, which may have come too early for what is told now; one is enough for all that is told meanwhile. */
  now(): void {
    if (this.again) return;
    this.again = true;
    this.looking = this.looking.then(() => this.turn());
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.looking;
  }

  private async turn(): Promise<void> {
    this.again = false;
    clearTimeout(this.timer);
    if (this.stopped) return;
    await this.look().catch((error: unknown) => this.log.warn(databaseTrouble(error) ?? (error as Error).message));
    clearTimeout(this.timer);
    if (!this.stopped) this.timer = setTimeout(() => this.now(), this.pauseMs());
  }
}
