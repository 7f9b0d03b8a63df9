import { spawn } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';

// The code of the build, so that tests and commands without a compiler use the same.
const dist = (path: string): string => new URL(`../../../dist/${path}`, import.meta.url).href;
const { startEmbeddedPostgres } = (await import(dist('platform/embedded-postgres.js'))) as typeof import('../../../src/platform/embedded-postgres.js');
const { applyMigrations } = (await import(dist('platform/migrations.js'))) as typeof import('../../../src/platform/migrations.js');

/** `fast`: connections are cut, what runs is rolled back. `immediate`: as in a crash, recovered at the next start. */
export type StopMode = 'fast' | 'immediate';

/** A PostgreSQL server of a test's own, which can be taken away and brought back at the same address. */
export interface FaultPostgres {
  /** Of a migrated database. */
  readonly url: string;
  /** On a connection of its own, made anew after a stop. */
  readonly query: <T extends object>(text: string, values?: unknown[]) => Promise<T[]>;
  stop(mode: StopMode): Promise<void>;
  start(): Promise<void>;
  /** Sends everybody else's connections away: returns how many. */
  cutConnections(): Promise<number>;
  close(): Promise<void>;
}

const SIGNALS = { fast: 'SIGINT', immediate: 'SIGQUIT' } as const;

export async function faultPostgres(): Promise<FaultPostgres> {
  const folder = await mkdtemp(join(tmpdir(), 'gateway-faults-'));
  await chmod(folder, 0o755);
  const server = await startEmbeddedPostgres(folder, () => undefined);
  const url = server.url;
  await applyMigrations(url);
  const data = await dataFolder(url);
  let pid: number | null = server.pid;
  let pool: pg.Pool | null = null;
  const query = async <T extends object>(text: string, values: unknown[] = []): Promise<T[]> => {
    if (pool === null) {
      pool = new pg.Pool({ connectionString: url, max: 3 });
      pool.on('error', () => undefined);
    }
    return (await pool.query<T>(text, values)).rows;
  };
  const stop = async (mode: StopMode): Promise<void> => {
    if (pid === null) return;
    const stopped = pid;
    pid = null;
    const own = pool;
    pool = null;
    process.kill(stopped, SIGNALS[mode]);
    await gone(stopped);
    await own?.end().catch(() => undefined);
  };
  return {
    url,
    query,
    stop,
    start: async () => {
      if (pid === null) pid = await relaunch(data);
      await answering(url);
    },
    cutConnections: async () => (await query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()')).length,
    close: async () => {
      await stop('fast');
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function dataFolder(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ data_directory: string }>('SHOW data_directory');
  await client.end();
  return rows[0]?.data_directory ?? '';
}

/** By the very command line of its first start, which PostgreSQL keeps beside its data. */
async function relaunch(data: string): Promise<number> {
  const [program = '', ...quoted] = (await readFile(join(data, 'postmaster.opts'), 'utf8')).trim().split(/ (?=")/);
  const { uid, gid } = await stat(data);
  const flags = quoted.map((word) => word.slice(1, -1));
  const child = spawn(program, flags, { ...(process.getuid?.() === 0 ? { uid, gid } : {}), env: { PATH: process.env['PATH'], LC_ALL: 'C.UTF-8' }, cwd: '/', detached: true, stdio: 'ignore' });
  child.unref();
  return child.pid as number;
}

async function gone(pid: number): Promise<void> {
  for (const late = Date.now() + 20_000; Date.now() < late; await pause(10)) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    // A child of ours that ended and was not yet waited for still has its number.
    if (/^State:\s+Z/m.test(await readFile(`/proc/${pid}/status`, 'utf8').catch(() => 'State: Z'))) return;
  }
  throw new Error('PostgreSQL did not stop within 20 s');
}

async function answering(url: string): Promise<void> {
  for (const late = Date.now() + 30_000; ; await pause(20)) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.query('SELECT 1');
      return await client.end();
    } catch (error) {
      await client.end().catch(() => undefined);
      if (Date.now() > late) throw error;
    }
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
