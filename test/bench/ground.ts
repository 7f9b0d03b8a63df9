import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';

// The types of the sources, the code of the build: what is measured is what is shipped.
const dist = (path: string): string => new URL(`../../dist/${path}`, import.meta.url).href;
const { startEmbeddedPostgres } = (await import(dist('platform/embedded-postgres.js'))) as typeof import('../../src/platform/embedded-postgres.js');
const { applyMigrations } = (await import(dist('platform/migrations.js'))) as typeof import('../../src/platform/migrations.js');

/** A migrated database of one contender. */
export interface BenchDatabase {
  readonly url: string;
  query<T extends object>(text: string): Promise<T[]>;
  /** Nothing of an earlier round is left for the next one to pay: dirty pages, dead rows, stale statistics. */
  settle(): Promise<void>;
}

/** What a bench stands on: a PostgreSQL server of its own. What is opened on it is closed with it. */
export interface Ground {
  database(name: string): Promise<BenchDatabase>;
  /** Closed last in, first out. */
  closes(close: () => Promise<unknown>): void;
  /** Closes everything; whoever asks again waits for the same end. */
  end(): Promise<void>;
}

export async function openGround(): Promise<Ground> {
  const folder = await mkdtemp(join(tmpdir(), 'gateway-bench-'));
  // Root's database runs as another user, who must be able to enter.
  await chmod(folder, 0o755);
  const closing: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  const closeAll = async (): Promise<void> => {
    for (let close = closing.pop(); close !== undefined; close = closing.pop()) await close();
  };
  let ended: Promise<void> | undefined;
  const end = (): Promise<void> => (ended ??= closeAll());
  try {
    const postgres = await startEmbeddedPostgres(folder, () => undefined);
    closing.push(() => postgres.stop());
    return { end, closes: (close) => void closing.push(close), database: (name) => openDatabase(postgres.url, name, closing) };
  } catch (error) {
    await end();
    throw error;
  }
}

async function openDatabase(server: string, name: string, closing: (() => Promise<unknown>)[]): Promise<BenchDatabase> {
  const first = new pg.Client({ connectionString: server });
  await first.connect();
  await first.query(`CREATE DATABASE ${name}`);
  await first.end();
  const url = Object.assign(new URL(server), { pathname: `/${name}` }).href;
  await applyMigrations(url);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  closing.push(() => client.end());
  await requireDurable(client);
  return {
    url,
    query: async <T extends object>(text: string) => (await client.query<T>(text)).rows,
    settle: async () => {
      await client.query('VACUUM ANALYZE');
      await client.query('CHECKPOINT');
    },
  };
}

/** A commit that is not on disk costs nothing, and would hide what is measured beside it. */
async function requireDurable(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ name: string }>("SELECT name FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes') AND setting <> 'on'");
  if (rows.length > 0) throw new Error(`the bench needs ${rows.map(({ name }) => name).join(' and ')} on`);
}
