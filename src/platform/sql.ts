export type Row = Record<string, unknown>;

/** SQL. With a name, the server reads and plans it once for each connection: for statements that every request or every claim runs. */
export type Statement = string | { readonly name: string; readonly text: string };

/** Runs SQL: the pool, or one transaction of it. */
export interface Sql {
  query<T extends object>(statement: Statement, values?: readonly unknown[]): Promise<T[]>;
  /** Says a word on a channel of ours once everything is committed, never if it is not, and once however often it was asked for. It may get lost. */
  tell(channel: string, payload: string): void;
}
