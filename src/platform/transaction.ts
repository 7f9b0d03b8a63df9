import type pg from 'pg';
import type { Row, Sql, Statement } from './sql.js';

interface Sent {
  readonly statement: Statement;
  readonly values: readonly unknown[];
  readonly heard: (rows: readonly Row[]) => void;
  /** Must be answered before the commit is sent. */
  readonly decides?: boolean;
}

const BEGIN: Sent = { statement: 'BEGIN', values: [], heard: () => undefined };
const COMMIT: Sent = { ...BEGIN, statement: 'COMMIT' };

/**
 * One transaction on a connection of its own. What need not be answered before the next statement is sent with it, in one write: a statement costs less than
 * the way there and back. The first that fails fails the transaction, and those sent behind it do nothing.
 */
export class Transaction implements Sql {
  private waiting: Sent[] = [BEGIN];
  private isOpen = false;
  private readonly words: (readonly [channel: string, payload: string])[] = [];

  private readonly acts: (() => void)[] = [];

  constructor(private readonly client: pg.PoolClient) {}

  async query<T extends object>(statement: Statement, values: readonly unknown[] = []): Promise<T[]> {
    return (await this.send({ statement, values, heard: () => undefined })) as T[];
  }

  /** Sent with the next statement, or with the commit. `heard` gets its rows; that it failed, whoever sends next is told. */
  later<T extends object = Row>(statement: Statement, values: readonly unknown[], heard: (rows: readonly T[]) => void = () => undefined): void {
    this.waiting.push({ statement, values, heard: heard as Sent['heard'] });
  }

  /** The same of a statement whose answer may forbid the whole: what `heard` throws, whoever sends next is thrown. It never goes out with the commit. */
  guard<T extends object = Row>(statement: Statement, values: readonly unknown[], heard: (rows: readonly T[]) => void): void {
    this.waiting.push({ statement, values, heard: heard as Sent['heard'], decides: true });
  }

  tell(channel: string, payload: string): void {
    this.words.push([channel, payload]);
  }

  /** Done in this process once it is committed. Must not throw. */
  afterwards(act: () => void): void {
    this.acts.push(act);
  }

  committed(): void {
    for (const act of this.acts) act();
  }

  /** The words that were to be said once it is so. */
  async commit(): Promise<readonly (readonly [channel: string, payload: string])[]> {
    const last = this.waiting.at(-1);
    if (last !== undefined && this.waiting.some(({ decides }) => decides === true)) {
      this.waiting.pop();
      await this.send(last);
    }
    if (this.isOpen || this.waiting.length > 1) await this.send(COMMIT);
    return this.words;
  }

  async rollback(): Promise<void> {
    if (this.isOpen) await this.client.query('ROLLBACK');
  }

  /** All that waits, and `last`: its rows. */
  private async send(last: Sent): Promise<Row[]> {
    const all = [...this.waiting, last];
    this.waiting = [];
    this.isOpen = true;
    const { stream } = this.client.connection;
    stream.cork();
    const answers = all.map(async ({ statement, values, heard }) => {
      const { rows } = await this.client.query<Row>(values.length === 0 && typeof statement === 'string' ? statement : { ...prepared(statement), values: [...values] });
      heard(rows);
      return rows;
    });
    // After this turn: what is asked beside it goes out with it.
    process.nextTick(() => stream.uncork());
    // All are waited for, so that the connection is not given back with answers under way.
    let rows: Row[] = [];
    for (const answer of await Promise.allSettled(answers)) {
      if (answer.status === 'rejected') throw answer.reason;
      rows = answer.value;
    }
    return rows;
  }
}

/** So many texts are known by name: in transactions they are few, and constant. */
const MOST_NAMES = 500;
const names = new Map<string, string>();

/** Read and planned once for each connection. */
function prepared(statement: Statement): { readonly name?: string; readonly text: string } {
  if (typeof statement !== 'string') return statement;
  const known = names.get(statement);
  if (known !== undefined) return { name: known, text: statement };
  if (names.size >= MOST_NAMES) return { text: statement };
  const name = `transaction_${names.size + 1}`;
  names.set(statement, name);
  return { name, text: statement };
}
