import { registerHooks } from 'node:module';
import pg from 'pg';

/*
 * Loaded into a gateway before its own code (NODE_OPTIONS=--import): sees every commit that it makes at `pg` itself, and kills the process at one of them.
 * What a test tells it comes over the process's own channel, and what it saw goes back there.
 */

/** A commit, by the place in the service that makes it. */
export interface Commit {
  /** "execution/attempt-store:AttemptStore.begin" */
  readonly place: string;
  /** What it wrote: "INSERT attempt, UPDATE job". */
  readonly wrote: string;
}

/** `before`: the statement is never sent. `after`: its answer has come, and nobody has seen it. */
export type Side = 'before' | 'after';

/** Counting begins with the statement that inserts the next job. `kill`: at the `nth` commit of that place. */
export type Order = { readonly do: 'watch' } | { readonly do: 'rest' } | { readonly do: 'kill'; readonly place: string; readonly nth: number; readonly side: Side };

export type Word = { readonly recorder: 'heard' } | { readonly recorder: 'commit'; readonly commit: Commit } | { readonly recorder: 'left out'; readonly commit: Commit };

/** What is no job's: each is done by timers for all jobs, or once for a database. */
const BACKGROUND = [/^execution\/sweeper/, /^execution\/history/, /^routing\//, /^platform\/periodic/, /^jobs\/idempotency-store:eraseExpiredKeys/, /\.renew$/, /^node_modules\//, /^webhooks\/callback-(registration|tokens)/];

interface Connection {
  open: boolean;
  wrote: string[];
  /** Who took it out of the pool. */
  takenAt: string | null;
}

type Query = (this: object, ...args: unknown[]) => unknown;

// A commit is told by the file that makes it: of the bundle nobody could tell.
registerHooks({ resolve: (specifier, context, next) => next(specifier === './gateway.js' ? './gateway.unbundled.js' : specifier, context) });

let order: Order = { do: 'rest' };
let begun = false;
const counts = new Map<string, number>();
const leftOut = new Set<string>();
const connections = new WeakMap<object, Connection>();
/** A pool sends its statements from a callback of its own, where nothing tells any more who asked. */
const askedAt = new WeakMap<object, string>();

const { Client, Pool } = pg as unknown as { Client: { prototype: { query: Query } }; Pool: { prototype: { query: Query; connect: Query } } };
const pooled = Pool.prototype.query;
const taken = Pool.prototype.connect;
const sent = Client.prototype.query;

Pool.prototype.query = function (...args) {
  if (order.do !== 'rest' && typeof args[0] === 'object' && args[0] !== null) askedAt.set(args[0], placeOf(stack()));
  return pooled.apply(this, args);
};

Pool.prototype.connect = function (...args) {
  const connecting = taken.apply(this, args);
  // A statement of the pool's own, which is told by who asked for it.
  if (args.length > 0) return connecting;
  const takenAt = order.do === 'rest' ? null : placeOf(stack());
  return (connecting as Promise<object>).then((client) => {
    connectionOf(client).takenAt = takenAt;
    return client;
  });
};

function connectionOf(client: object): Connection {
  const connection = connections.get(client) ?? { open: false, wrote: [], takenAt: null };
  connections.set(client, connection);
  return connection;
}

Client.prototype.query = function (...args) {
  const text = textOf(args[0]);
  const connection = connectionOf(this);
  if (text === null || /^\s*ROLLBACK/i.test(text)) Object.assign(connection, { open: false, wrote: [] });
  else if (/^\s*BEGIN/i.test(text)) Object.assign(connection, { open: true, wrote: [] });
  else if (/^\s*COMMIT/i.test(text)) {
    const { wrote } = connection;
    Object.assign(connection, { open: false, wrote: [] });
    if (wrote.length > 0) return committing(this, args, { place: connection.takenAt ?? placeOf(stack()), wrote }, false);
  } else if (connection.open) connection.wrote.push(...writesOf(text));
  else if (writesOf(text).length > 0) {
    const [asked] = args;
    const place = typeof asked === 'object' && asked !== null ? askedAt.get(asked) : undefined;
    return committing(this, args, { place: place ?? connection.takenAt ?? placeOf(stack()), wrote: writesOf(text) }, true);
  }
  return sent.apply(this, args);
};

/** `alone`: a statement without a transaction, which may turn out to have changed nothing. */
function committing(client: object, args: unknown[], { place, wrote }: { readonly place: string; readonly wrote: readonly string[] }, alone: boolean): unknown {
  if (order.do === 'rest' || !(begun || wrote.includes('INSERT job'))) return sent.apply(client, args);
  const commit: Commit = { place, wrote: [...new Set(wrote)].join(', ') };
  if (BACKGROUND.some((pattern) => pattern.test(place))) {
    if (!leftOut.has(place)) say({ recorder: 'left out', commit });
    leftOut.add(place);
    return sent.apply(client, args);
  }
  const mine = order.do === 'kill' && order.place === place ? order : null;
  if (mine?.side === 'before' && (counts.get(place) ?? 0) === mine.nth - 1) die();
  return then(client, args, (result) => {
    if (alone ? changedNothing(result) : wasRolledBack(result)) return;
    begun = true;
    const nth = (counts.get(place) ?? 0) + 1;
    counts.set(place, nth);
    if (mine?.side === 'after' && nth === mine.nth) die();
    if (order.do === 'watch') say({ recorder: 'commit', commit });
  });
}

/** Sends the statement; `seen` is called with its answer before anybody else. */
function then(client: object, args: unknown[], seen: (result: unknown) => void): unknown {
  const last = args.at(-1);
  if (typeof last === 'function') {
    const wrapped = (error: unknown, result: unknown): unknown => {
      if (error == null) seen(result);
      return (last as (error: unknown, result: unknown) => unknown)(error, result);
    };
    return sent.apply(client, [...args.slice(0, -1), wrapped]);
  }
  return (sent.apply(client, args) as Promise<unknown>).then((result) => {
    seen(result);
    return result;
  });
}

function changedNothing(result: unknown): boolean {
  const { command, rowCount } = result as { command?: string; rowCount?: number | null };
  return rowCount === 0 && (command === 'UPDATE' || command === 'DELETE' || command === 'INSERT');
}

/** What PostgreSQL answers to the commit of a transaction in which a statement failed. */
function wasRolledBack(result: unknown): boolean {
  return (result as { command?: string }).command === 'ROLLBACK';
}

function die(): never {
  process.kill(process.pid, 'SIGKILL');
  for (;;);
}

function textOf(asked: unknown): string | null {
  if (typeof asked === 'string') return asked;
  const text = typeof asked === 'object' && asked !== null && 'text' in asked ? asked.text : null;
  return typeof text === 'string' ? text : null;
}

function writesOf(text: string): string[] {
  return [...text.matchAll(/\b(INSERT INTO|DELETE FROM|(?<!FOR |NO KEY |DO )UPDATE)\s+(?!SKIP\b|OF\b)"?([a-z_.]+)/gi)].map(([, verb = '', table = '']) => `${verb.split(' ')[0]?.toUpperCase() ?? ''} ${table.toLowerCase()}`);
}

function stack(): string {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 50;
  const text = new Error().stack ?? '';
  Error.stackTraceLimit = limit;
  return text;
}

/** The service's one way to the database. */
const WAY = ['platform/database', 'platform/turns'];

/** The first function of the service that is not on that way; else the library that asked. */
function placeOf(trace: string): string {
  const lines = trace.split('\n').filter((line) => !line.includes('commit-recorder'));
  for (const line of lines.filter((one) => !one.includes('node_modules'))) {
    const [, name, file] = /at (?:async )?([\w$.<>]+) \(.*\/dist\/(.+?)\.js:/.exec(line) ?? [];
    if (name !== undefined && file !== undefined && !WAY.includes(file)) return `${file.replace(/\.(service|controller)$/, '')}:${name}`;
  }
  const library = lines.map((line) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(line)?.[1]).find((name) => name !== undefined && !/^pg/.test(name));
  return library === undefined ? 'unknown' : `node_modules/${library}`;
}

function say(word: Word): void {
  process.send?.(word);
}

process.on('message', (message: { readonly recorder?: Order }) => {
  if (message.recorder === undefined) return;
  order = message.recorder;
  begun = false;
  counts.clear();
  leftOut.clear();
  say({ recorder: 'heard' });
});
