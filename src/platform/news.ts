import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';

export type Hear = (channel: string, payload: string) => void;

/** Between two statements: what is said meanwhile goes together. */
const REST_MS = 10;

/**
 * Says words to whoever listens, after what they tell of was committed. Words that come together are said in one statement: PostgreSQL lets
 * only one commit at a time carry a NOTIFY, so that one in each transaction would make them all queue. Nobody's work waits for it, and the disk
 * is not waited for either. A word that is lost costs one turn of the listeners' own look-out. Who listens in this process hears it at once, and not
 * again when it comes back.
 */
export class News {
  private readonly waiting = new Map<string, readonly [channel: string, payload: string]>();
  private readonly channels = new Set<string>();
  private readonly hearers = new Set<Hear>();
  /** The server's numbers of this process's connections. */
  private readonly own = new Set<unknown>();
  private speaking = false;

  constructor(private readonly pool: pg.Pool) {
    const numberOf = (client: pg.PoolClient): unknown => (client as { readonly processID?: unknown }).processID;
    pool.on('connect', (client) => this.own.add(numberOf(client)));
    pool.on('remove', (client) => this.own.delete(numberOf(client)));
  }

  /** Returns how to stop. */
  hear(hearer: Hear): () => void {
    this.hearers.add(hearer);
    return () => this.hearers.delete(hearer);
  }

  /** Whether a word that comes from the database was said here. */
  isEcho(channel: string, processId: number): boolean {
    return this.channels.has(channel) && this.own.has(processId);
  }

  say(channel: string, payload: string): void {
    this.channels.add(channel);
    for (const hearer of this.hearers) hearer(channel, payload);
    this.waiting.set(`${channel} ${payload}`, [channel, payload]);
    if (this.speaking) return;
    this.speaking = true;
    // After this turn, so that all words of one transaction are said at once.
    queueMicrotask(() => void this.speak());
  }

  private async speak(): Promise<void> {
    while (this.waiting.size > 0) {
      const words = [...this.waiting.values()];
      this.waiting.clear();
      await this.pool.query({ name: 'news', text: SAY, values: [words.map(([channel]) => channel), words.map(([, payload]) => payload)] }).catch(() => undefined);
      await pause(REST_MS, undefined, { ref: false });
    }
    this.speaking = false;
  }
}

/** The setting holds for this statement's own commit. */
const SAY = `SELECT set_config('synchronous_commit', 'off', true), pg_notify(channel, payload) FROM unnest($1::text[], $2::text[]) AS word (channel, payload)`;
