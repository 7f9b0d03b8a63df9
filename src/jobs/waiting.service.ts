import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Listener } from '../platform/listener.js';

/** Lets requests wait for a job's end, on whichever process it comes about. */
@Injectable()
export class WaitingService implements OnModuleInit {
  private readonly waiting = new Map<string, Set<() => void>>();

  constructor(private readonly listener: Listener) {}

  onModuleInit(): void {
    this.listener.on('conversion_ended', (jobId) => this.waiting.get(jobId)?.forEach((wake) => wake()));
  }

  /**
   * Asks `read` until it answers something, at most `ms`: when the job's end is told, and every second in case the word was lost.
   * The last answer, null when time ran out or the caller went away.
   */
  async until<T>(jobId: string, ms: number, read: () => Promise<T | null>, signal: AbortSignal): Promise<T | null> {
    const until = performance.now() + ms;
    for (;;) {
      const woken = this.next(jobId, Math.max(0, Math.min(1000, until - performance.now())), signal);
      const answer = await read();
      if (answer !== null || signal.aborted || performance.now() >= until) {
        woken.forget();
        return answer;
      }
      await woken.promise;
    }
  }

  private next(jobId: string, ms: number, signal: AbortSignal): { readonly promise: Promise<void>; forget(): void } {
    let wake: () => void = () => undefined;
    const promise = new Promise<void>((resolve) => (wake = resolve));
    const others = this.waiting.get(jobId) ?? new Set();
    this.waiting.set(jobId, others.add(wake));
    const timer = setTimeout(wake, ms);
    signal.addEventListener('abort', wake, { once: true });
    const forget = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', wake);
      others.delete(wake);
      if (others.size === 0) this.waiting.delete(jobId);
    };
    return { promise: promise.finally(forget), forget };
  }
}
