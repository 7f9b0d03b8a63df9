import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface Peer {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts a server of `peers/` as a process. It says `{ url }` to its parent when it listens, and ends on SIGTERM. */
export async function startPeer(file: string, variables: Readonly<Record<string, string>>): Promise<Peer> {
  const child = spawn(process.execPath, [fileURLToPath(new URL(`peers/${file}`, import.meta.url))], {
    env: { PATH: process.env['PATH'], NODE_ENV: 'production', ...variables },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const ready = await Promise.race([new Promise<{ url: string }>((resolve) => child.once('message', (message) => resolve(message as { url: string }))), exited]);
  if (ready === undefined || child.pid === undefined) throw new Error(`the peer ${file} did not start`);
  return {
    url: ready.url,
    pid: child.pid,
    stop: async () => {
      child.kill('SIGTERM');
      await exited;
    },
  };
}
