import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import pg from 'pg';
import { databaseUser, homeFor, type DatabaseUser } from './embedded-postgres-home.js';
import { readPostmaster } from './postmaster.js';
import { SettingsError } from './env.js';

export interface EmbeddedPostgres {
  readonly url: string;
  readonly pid: number;
  /** Asks the server to stop at once but cleanly, and waits until it has. */
  stop(): Promise<void>;
}

type Say = (line: string) => void;

/** Held for as long as a gateway uses the embedded server, so that a second one on the same folder is refused. */
const OWNER_LOCK = 7_203_410;
const PASSWORD_FILE = 'postgres-password';
const DATABASE = 'gateway';

/**
 * A PostgreSQL server of our own in `dataDir`, on a free port of 127.0.0.1. A server that a killed gateway left running there is taken over;
 * what it left on disk is recovered by PostgreSQL itself.
 */
export async function startEmbeddedPostgres(dataDir: string, say: Say): Promise<EmbeddedPostgres> {
  await mkdir(dataDir, { recursive: true });
  const user = await databaseUser();
  const home = await homeFor(dataDir, user, say);
  const password = await passwordOf(dataDir);
  if (!existsSync(join(home.data, 'PG_VERSION'))) await initialise(home.bin, home.data, password, user);
  const running = await readPostmaster(home.data);
  const { port, pid } = running ?? (await launch(home.bin, home.data, user));
  if (running !== null) say(`Taking over the embedded database that runs already (process ${pid}).`);
  const url = `postgresql://postgres:${password}@127.0.0.1:${port}/${DATABASE}`;
  await prepare(url, port, password);
  const owner = await own(url, dataDir);
  return {
    url,
    pid,
    stop: async () => {
      await owner.end().catch(() => undefined);
      await stopProcess(pid);
    },
  };
}

async function passwordOf(dataDir: string): Promise<string> {
  const path = join(dataDir, PASSWORD_FILE);
  if (existsSync(path)) return (await readFile(path, 'utf8')).trim();
  const password = randomBytes(18).toString('base64url');
  await writeFile(path, `${password}\n`, { mode: 0o600 });
  return password;
}

async function initialise(bin: string, data: string, password: string, user: DatabaseUser): Promise<void> {
  // Made under another name: what a killed initdb left half made must never be taken for a database.
  const half = `${data}.new`;
  await rm(half, { recursive: true, force: true });
  await mkdir(half, { recursive: true, mode: 0o700 });
  const passwordFile = `${data}.password`;
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  if (user.uid !== undefined && user.gid !== undefined) await Promise.all([half, passwordFile].map((path) => chown(path, user.uid ?? 0, user.gid ?? 0)));
  const args = ['-D', half, '-U', 'postgres', '--auth=scram-sha-256', `--pwfile=${passwordFile}`, '--encoding=UTF8', '--locale=C.UTF-8', '--no-instructions'];
  const child = spawn(join(bin, 'initdb'), args, { ...user, env: { PATH: process.env['PATH'], LC_ALL: 'C.UTF-8' }, cwd: '/', stdio: ['ignore', 'ignore', 'pipe'] });
  const output = collect(child.stderr);
  const code = await new Promise<number | null>((resolve) => child.once('error', () => resolve(null)).once('close', resolve));
  await rm(passwordFile, { force: true });
  if (code !== 0) throw new SettingsError(`DATA_DIR: the embedded database could not be made in ${data}: ${output().trim() || 'initdb could not be run'}. Set DATABASE_URL to use a PostgreSQL of your own.`);
  await rename(half, data);
}

async function launch(bin: string, data: string, user: DatabaseUser): Promise<{ port: number; pid: number }> {
  await rm(join(data, 'postmaster.pid'), { force: true });
  const port = await freePort();
  const flags = ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', '', '-c', 'max_connections=200', '-c', 'shared_buffers=64MB'];
  // Its own session: Ctrl-C in a terminal must reach the gateway, which then drains and stops the server itself.
  const child = spawn(join(bin, 'postgres'), flags, { ...user, env: { PATH: process.env['PATH'], LC_ALL: 'C.UTF-8' }, cwd: '/', detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
  const output = collect(child.stderr);
  await new Promise<void>((resolve, reject) => {
    const failed = () => reject(new SettingsError(`DATA_DIR: the embedded database did not start in ${data}: ${output().trim().slice(-600)}`));
    child.once('error', failed).once('close', failed);
    child.stderr.on('data', () => {
      if (output().includes('ready to accept connections')) resolve();
    });
  });
  child.removeAllListeners('close');
  child.unref();
  child.stderr.destroy();
  return { port, pid: child.pid as number };
}

/** The last 20 kB of what a stream says. */
function collect(stream: NodeJS.ReadableStream): () => string {
  let text = '';
  stream.on('data', (chunk: Buffer) => (text = (text + chunk.toString('utf8')).slice(-20_000)));
  return () => text;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no free port on 127.0.0.1');
  return address.port;
}

async function prepare(url: string, port: number, password: string): Promise<void> {
  const client = await connectPatiently(`postgresql://postgres:${password}@127.0.0.1:${port}/postgres`);
  try {
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`);
  } finally {
    await client.end();
  }
}

/** A server in recovery refuses for a while ("the database system is starting up"). */
async function connectPatiently(connectionString: string): Promise<pg.Client> {
  const until = Date.now() + 60_000;
  for (;;) {
    const client = new pg.Client({ connectionString });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return client;
    } catch (error) {
      if (Date.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

async function own(url: string, dataDir: string): Promise<pg.Client> {
  const client = await connectPatiently(url);
  const { rows } = await client.query<{ mine: boolean }>('SELECT pg_try_advisory_lock($1) AS mine', [OWNER_LOCK]);
  if (rows[0]?.mine === true) return client;
  await client.end();
  throw new SettingsError(`DATA_DIR: another gateway is running on ${dataDir}. Stop it, or give this one another DATA_DIR.`);
}

async function stopProcess(pid: number): Promise<void> {
  try {
    process.kill(pid, 'SIGINT');
    const until = Date.now() + 10_000;
    while (Date.now() < until) {
      process.kill(pid, 0);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  } catch {
    // No such process: it has stopped.
  }
}
