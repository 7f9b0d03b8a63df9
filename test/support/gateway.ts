import { spawn, type ChildProcess } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MAIN, NODE_OPTIONS } from './main-process.ts';

export interface Gateway {
  readonly url: string;
  readonly key: string;
  /** The sandbox that `npm start` brings along, when no vendor was configured. */
  readonly sandbox: { readonly api2convert: string; readonly runconvert: string } | null;
  readonly process: ChildProcess;
  readonly dataDir: string;
  /** All that it wrote so far. */
  output(): string;
  /** A request with the key. `path` from "/v1". */
  call(path: string, init?: RequestInit): Promise<Response>;
  /** SIGTERM; the exit code. */
  stop(): Promise<number | null>;
  /** kill -9. */
  kill(): Promise<void>;
}

/** A machine that does much else at the same time takes long; one that is refused says so at once. */
const READY_MS = 60_000;

/** Starts the built service as a process, on a free port. What `variables` leaves out is unset. Rejects with its output when it does not come up. */
export async function startGateway(variables: Readonly<Record<string, string | undefined>>): Promise<Gateway> {
  const dataDir = variables['DATA_DIR'] ?? (await mkdtemp(join(tmpdir(), 'gateway-data-')));
  // Root's embedded database runs as another user, who has to get in.
  if (variables['DATA_DIR'] === undefined) await chmod(dataDir, 0o755);
  const env = {
    PATH: process.env['PATH'],
    PORT: '0',
    DATA_DIR: dataDir,
    LOG_LEVEL: 'warn',
    ...(variables['DATABASE_URL'] === undefined ? {} : { ADMIN_API_KEY: 'test-admin-key-0123456789', SECRETS_KEY: Buffer.alloc(32, 7).toString('base64') }),
    ...variables,
  };
  const child = spawn(process.execPath, [...NODE_OPTIONS, MAIN], { env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  const ready = await Promise.race([
    new Promise<{ url: string; key: string; sandbox: Gateway['sandbox'] }>((resolve) => child.once('message', (message) => resolve(message as never))),
    exited.then(() => null),
    new Promise<null>((resolve) => setTimeout(resolve, READY_MS, null).unref()),
  ]);
  if (ready === null) {
    child.kill('SIGKILL');
    throw new Error(`the gateway did not start:\n${output}`);
  }
  const clean = async () => {
    if (variables['DATA_DIR'] === undefined) await rm(dataDir, { recursive: true, force: true });
  };
  return {
    ...ready,
    process: child,
    dataDir,
    output: () => output,
    call: (path, init = {}) => fetch(`${ready.url}${path}`, { ...init, headers: { authorization: `Bearer ${ready.key}`, ...(init.headers as Record<string, string> | undefined) } }),
    stop: async () => {
      child.kill('SIGTERM');
      const code = await exited;
      await clean();
      return code;
    },
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
