import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { PrismaClient } from '../generated/prisma/client.js';
import { databaseTrouble } from './database-trouble.js';
import { News } from './news.js';
import type { Sql, Statement } from './sql.js';
import { Transaction } from './transaction.js';
import { PATIENCE_MS, Turns } from './turns.js';

/** Of a process. More of them take turns at the database's processors and make everybody slower, as was measured on two; what waits for one is sent in company. */
const CONNECTIONS = 10;

/**
 * One pool for the process. Hot statements are SQL through `query` and `transaction`; administration goes through `prisma`.
 * Times are the database's: nothing here passes the process's clock to it.
 */
export class Database implements Sql {
  readonly prisma: PrismaClient;
  readonly news: News;
  private readonly turns: Turns;

  private constructor(
    readonly pool: pg.Pool,
    readonly connectionString: string,
    max: number,
  ) {
    this.prisma = new PrismaClient({ adapter: new PrismaPg(pool) });
    this.news = new News(pool);
    this.turns = new Turns(pool, max);
  }

  static open(connectionString: string, options: { readonly max?: number; readonly onError?: (error: Error) => void } = {}): Database {
    const max = options.max ?? CONNECTIONS;
    const pool = new pg.Pool({ connectionString, max, connectionTimeoutMillis: PATIENCE_MS, idleTimeoutMillis: 60_000, statement_timeout: 30_000, pipeline: true });
    // Without a listener a server that restarts takes the process with it.
    pool.on('error', (error) => options.onError?.(error));
    // Nor may one that breaks between two statements of a transaction: whoever has it learns it from the next.
    pool.on('connect', (client) => void client.on('error', () => undefined));
    return new Database(pool, connectionString, max);
  }

  async query<T extends object>(statement: Statement, values: readonly unknown[] = []): Promise<T[]> {
    const turn = await this.turns.next();
    let broken: Error | undefined;
    try {
      const { rows } = await turn.client.query<T>({ ...(typeof statement === 'string' ? { text: statement } : statement), values: [...values] });
      return rows;
    } catch (error) {
      broken = ifTroubled(error);
      throw error;
    } finally {
      turn.over(broken);
    }
  }

  /** Those who wait for a connection. */
  get waiting(): number {
    return this.turns.waiting;
  }

  tell(channel: string, payload: string): void {
    this.news.say(channel, payload);
  }

  /** Runs `work` in one transaction; anything it throws rolls back. */
  async transaction<T>(work: (sql: Transaction) => Promise<T> | T): Promise<T> {
    const turn = await this.turns.next();
    const transaction = new Transaction(turn.client);
    let broken: Error | undefined;
    try {
      const result = await work(transaction);
      for (const [channel, payload] of await transaction.commit()) this.news.say(channel, payload);
      transaction.committed();
      return result;
    } catch (error) {
      broken = ifTroubled(error);
      await transaction.rollback().catch((failure: unknown) => (broken = failure as Error));
      throw error;
    } finally {
      turn.over(broken);
    }
  }

  async close(): Promise<void> {
    await this.prisma.$disconnect();
    if (!this.pool.ended) await this.pool.end();
  }
}

/** A connection that told of trouble is not used again: it may be about to end, or lead to a server that takes no writes since it lost its part. */
function ifTroubled(error: unknown): Error | undefined {
  return databaseTrouble(error) === null ? undefined : (error as Error);
}
