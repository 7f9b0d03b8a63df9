import { Injectable, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Database } from '../platform/database.js';
import { Listener } from '../platform/listener.js';
import { EVENTS_CHANNEL } from './event-store.js';

/** How often the jobs that somebody watches are looked at in case a word was lost: one question for all of them. */
const LOOK_MS = 2000;

/** Somebody who wants to know when a job's timeline grows. */
export class Watch {
  /** The last event that was read. */
  seen = 0;
  closed = false;
  private news = false;
  private wakeUp: () => void = () => undefined;

  constructor(
    readonly jobId: string,
    private readonly forget: (watch: Watch) => void,
  ) {}

  /** True once there may be news, those since the last call included; false after `ms` without, and when it was closed. */
  async next(ms: number): Promise<boolean> {
    if (!this.news && !this.closed) {
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.wakeUp = resolve;
        timer = setTimeout(resolve, ms);
      });
      clearTimeout(timer);
    }
    const heard = this.news && !this.closed;
    this.news = false;
    return heard;
  }

  tell(): void {
    this.news = true;
    this.wakeUp();
  }

  close(): void {
    this.closed = true;
    this.forget(this);
    this.wakeUp();
  }
}

/** Tells watches when timelines grow, on whichever process that comes about: any number of them share one `LISTEN` and one look-out. */
@Injectable()
export class EventFeed implements OnModuleInit, BeforeApplicationShutdown {
  private readonly watches = new Map<string, Set<Watch>>();
  private timer: NodeJS.Timeout | undefined;
  private stopping = false;

  constructor(
    private readonly database: Database,
    private readonly listener: Listener,
  ) {}

  onModuleInit(): void {
    this.listener.on(EVENTS_CHANNEL, (jobId) => this.watches.get(jobId)?.forEach((watch) => watch.tell()));
  }

  /** A watch on a job, to be closed by its owner; closed from the first when the process is about to stop. */
  watch(jobId: string): Watch {
    const watch = new Watch(jobId, (closed) => this.forget(closed));
    if (this.stopping) watch.close();
    else {
      this.watches.set(jobId, (this.watches.get(jobId) ?? new Set()).add(watch));
      this.timer ??= setInterval(() => void this.look(), LOOK_MS);
    }
    return watch;
  }

  /** How many watches there are. */
  get size(): number {
    return [...this.watches.values()].reduce((sum, { size }) => sum + size, 0);
  }

  beforeApplicationShutdown(): void {
    this.stopping = true;
    for (const watches of this.watches.values()) for (const watch of watches) watch.close();
  }

  private async look(): Promise<void> {
    const rows = await this.database
      .query<{ id: string; last: number }>({ name: 'look_at_timelines', text: 'SELECT id, last_sequence AS last FROM job WHERE id = ANY($1::uuid[])' }, [[...this.watches.keys()]])
      .catch(() => []);
    for (const { id, last } of rows) for (const watch of this.watches.get(id) ?? []) if (watch.seen < last) watch.tell();
  }

  private forget(watch: Watch): void {
    const others = this.watches.get(watch.jobId);
    others?.delete(watch);
    if (others?.size === 0) this.watches.delete(watch.jobId);
    if (this.watches.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }
}
