import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import pg from 'pg';
import { Database } from './database.js';

type Heard = (payload: string) => void;
/** And up to as much more, so that not all processes come back in the same moment. */
const RECONNECT_MS = 500;

/**
 * Hears `NOTIFY` on a connection of its own, and finds its way back after the database was away. Word may be lost meanwhile:
 * whoever listens looks from time to time as well.
 */
@Injectable()
export class Listener implements OnApplicationShutdown {
  private readonly log = new Logger('listener');
  private readonly heard = new Map<string, Set<Heard>>();
  private client: pg.Client | null = null;
  private timer: NodeJS.Timeout | undefined;
  private closed = false;
  private saying: Promise<unknown> = Promise.resolve();
  private deafen: () => void = () => undefined;

  constructor(private readonly database: Database) {}

  async start(): Promise<void> {
    const client = new pg.Client({ connectionString: this.database.connectionString, keepAlive: true });
    this.deafen();
    this.deafen = this.database.news.hear((channel, payload) => this.hear(channel, payload));
    client.on('notification', ({ channel, payload, processId }) => {
      if (!this.database.news.isEcho(channel, processId)) this.hear(channel, payload ?? '');
    });
    client.on('error', () => this.reconnect(client));
    client.on('end', () => this.reconnect(client));
    try {
      this.client = client;
      await client.connect();
      for (const channel of this.heard.keys()) await client.query(`LISTEN ${channel}`);
    } catch {
      this.reconnect(client);
    }
  }

  /** `channel` is a name of ours, never input. Returns how to stop. */
  on(channel: string, listener: Heard): () => void {
    const listeners = this.heard.get(channel);
    if (listeners === undefined) {
      this.heard.set(channel, new Set([listener]));
      // Before the connection stands this fails, and is made good when it does. One at a time: the driver takes no second statement meanwhile.
      this.saying = this.saying.then(() => this.client?.query(`LISTEN ${channel}`)).catch(() => undefined);
    } else listeners.add(listener);
    return () => this.heard.get(channel)?.delete(listener);
  }

  async onApplicationShutdown(): Promise<void> {
    this.closed = true;
    this.deafen();
    clearTimeout(this.timer);
    await this.client?.end().catch(() => undefined);
  }

  private hear(channel: string, payload: string): void {
    this.heard.get(channel)?.forEach((listener) => listener(payload));
  }

  private reconnect(failed: pg.Client): void {
    if (this.closed || this.client !== failed) return;
    this.client = null;
    void failed.end().catch(() => undefined);
    this.log.warn('The connection that listens for news was lost; connecting again.');
    this.timer = setTimeout(() => void this.start(), RECONNECT_MS * (1 + Math.random()));
  }
}
