import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { MAIN, NODE_OPTIONS } from '../support/main-process.ts';

/** What the built service tells the process that started it. */
interface Ready {
  readonly url: string;
  readonly key: string;
  readonly sandbox: { readonly api2convert: string; readonly runconvert: string } | null;
}

export interface GatewayProcess extends Ready {
  /** Resolves when it ends; with what it wrote, should it end by itself. */
  readonly ended: Promise<string>;
}

const STOP_MS = 8000;

/** One gateway with its database and sandbox, in a folder of its own. `stop` leaves neither a process nor a file of it. */
export class DemoGateway {
  private child: ChildProcess | null = null;
  private dataDir: string | null = null;
  private output = '';

  /** Rejects with what the gateway wrote when it does not come up. */
  async start(): Promise<GatewayProcess> {
    this.dataDir = await mkdtemp(join(tmpdir(), 'conversion-gateway-demo-'));
    // Started by root, the database runs as another user, who must be able to enter.
    await chmod(this.dataDir, 0o755);
    // No vendor key at all: that is what makes it bring the sandbox along. Its own group: Ctrl-C is for the demo, which then stops it.
    const env = { PATH: process.env['PATH'], PORT: '0', DATA_DIR: this.dataDir, LOG_LEVEL: 'warn' };
    const child = fork(MAIN, [], { env, execArgv: [...NODE_OPTIONS], stdio: ['ignore', 'pipe', 'pipe', 'ipc'], detached: true });
    this.child = child;
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (this.output = (this.output + chunk.toString()).slice(-20_000)));
    const ended = once(child, 'close').then(() => this.output.trim());
    const first = await Promise.race([once(child, 'message').then(([message]) => message as Ready), ended]);
    if (typeof first === 'string') throw new Error(`The gateway did not start: ${first || 'it said nothing'}`);
    return { ...first, ended };
  }

  async stop(): Promise<void> {
    const { child, dataDir } = this;
    if (child !== null && child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      const late = new AbortController();
      const killing = pause(STOP_MS, null, { signal: late.signal }).then(() => child.kill('SIGKILL')).catch(() => undefined);
      await ended;
      late.abort();
      await killing;
    }
    if (dataDir === null) return;
    const moved = /its data lives in (\S+) instead/.exec(this.output)?.[1];
    for (const folder of [dataDir, ...(moved === undefined ? [] : [moved])]) {
      await stopPostgres(join(folder, 'postgres'));
      await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
    }
  }
}

/** A gateway that was killed, or ended before it was up, may leave its database running. */
async function stopPostgres(data: string): Promise<void> {
  const pid = Number((await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n')[0]);
  if (!Number.isInteger(pid) || pid <= 1) return;
  try {
    process.kill(pid, 'SIGQUIT');
    for (const until = Date.now() + 3000; Date.now() < until; process.kill(pid, 0)) await pause(20);
  } catch {
    // There is no such process any more.
  }
}
