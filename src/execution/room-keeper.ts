import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { Database } from '../platform/database.js';
import { databaseTrouble } from '../platform/database-trouble.js';
import type { Sql } from '../platform/sql.js';
import { Registry } from '../providers/registry.js';
import { LimitBoard } from '../routing/limit-board.js';
import { LIMITS_CHANNEL, ThrottleStore } from '../routing/throttle-store.js';
import { countRoom, freeRoom, GIVE_ROOM } from './room.js';

/** An end at another process is heard of by looking; so is the end of a pause. */
const LOOK_MS = 500;
/** So many are let in by one statement. */
const MOST = 50;

/** Gives the room at providers to the stages that wait for it, as attempts end and pauses do. Any number of processes do so; where nothing waits it costs nothing. */
@Injectable()
export class RoomKeeper implements BeforeApplicationShutdown {
  private readonly log = new Logger('limits');
  private readonly giving = new Map<string, Promise<void>>();
  private readonly wanted = new Set<string>();
  /** Whose turn it was last, by provider. */
  private readonly served = new Map<string, string>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly database: Database,
    private readonly registry: Registry,
    private readonly board: LimitBoard,
    private readonly throttle: ThrottleStore,
  ) {}

  start(): void {
    this.timer = setInterval(() => this.registry.ids().forEach((id) => this.freed(id)), LOOK_MS);
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await Promise.all(this.giving.values());
  }

  /** For how long a provider wants to be left alone, in ms. */
  pausedMs(provider: string): number {
    return this.board.pausedMs(provider);
  }

  /** The provider said 429 to an attempt, whose end the transaction writes. */
  async tooMany(sql: Sql, provider: string, attempt: string, retryAfterMs: number | null): Promise<void> {
    await this.throttle.tooMany(sql, provider, attempt, retryAfterMs);
  }

  /** An attempt ended there, or may have: who waits is let in. */
  freed(provider: string): void {
    if (this.board.of(provider).waiting === 0 || this.board.pausedMs(provider) > 0) return;
    this.wanted.add(provider);
    if (this.giving.has(provider)) return;
    this.giving.set(provider, this.giveAll(provider).catch((error: unknown) => this.trouble(error)).finally(() => this.giving.delete(provider)));
  }

  /** A stage waits there from now on: all processes look for room. */
  waits(provider: string): void {
    const { waiting } = this.board.of(provider);
    this.board.note(provider, { waiting: waiting + 1 });
    if (waiting === 0) this.database.tell(LIMITS_CHANNEL, provider);
    this.freed(provider);
  }

  /** How many were let in. */
  async give(provider: string): Promise<number> {
    const maxConcurrent = this.registry.find(provider)?.config.maxConcurrent ?? null;
    const given = await this.database.transaction(async (sql) => {
      const counted = await countRoom(sql, provider, null);
      const free = freeRoom(counted, maxConcurrent, MOST);
      if (free === 0) return [];
      const tenants = await sql.query<{ tenant: string }>(GIVE_ROOM, [provider, free, this.served.get(provider) ?? '']);
      if (tenants.length > 0) sql.tell('conversion_due', '');
      return tenants;
    });
    const last = given.map(({ tenant }) => tenant).sort().at(-1);
    if (last !== undefined) this.served.set(provider, last);
    return given.length;
  }

  private async giveAll(provider: string): Promise<void> {
    while (this.wanted.delete(provider)) {
      const given = await this.give(provider);
      if (given === 0) continue;
      this.board.note(provider, { waiting: Math.max(0, this.board.of(provider).waiting - given) });
      if (given === MOST) this.wanted.add(provider);
    }
  }

  private trouble(error: unknown): void {
    this.log.warn(databaseTrouble(error) ?? (error as Error).message);
  }
}
