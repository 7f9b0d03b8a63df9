import type pg from 'pg';

/**
 * Says words to whoever listens, after what they tell of was committed. Words that come together are said in one statement: PostgreSQL lets
 * only one commit at a time carry a NOTIFY, so that one in each transaction would make them all queue. Nobody's work waits for it, and the disk
 * is not waited for either. A word that is lost costs one turn of the listeners' own look-out.
 */
export class News {
  private readonly waiting = new Map<string, readonly [channel: string, payload: string]>();
  private speaking = false;

  constructor(private readonly pool: pg.Pool) {}

  say(channel: string, payload: string): void {
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
    }
    this.speaking = false;
  }
}

/** The setting holds for this statement's own commit. */
const SAY = `SELECT set_config('synchronous_commit', 'off', true), pg_notify(channel, payload) FROM unnest($1::text[], $2::text[]) AS word (channel, payload)`;
