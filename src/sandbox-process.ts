import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface SandboxProcess {
  /** Base URLs by vendor. */
  readonly urls: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** Starts the sandbox as a process of its own, on free ports: to the gateway it is two vendors behind two base URLs, and nothing more. */
export async function startSandboxProcess(): Promise<SandboxProcess> {
  const child = fork(fileURLToPath(new URL('./sandbox/main.js', import.meta.url)), [], {
    env: { ...process.env, SANDBOX_API2CONVERT_PORT: process.env['SANDBOX_API2CONVERT_PORT'] ?? '0', SANDBOX_RUNCONVERT_PORT: process.env['SANDBOX_RUNCONVERT_PORT'] ?? '0' },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    // A group of its own: Ctrl-C is for the gateway, which stops it when its work is done.
    detached: true,
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const urls = await new Promise<SandboxProcess['urls']>((resolve, reject) => {
    child.once('message', (message) => {
      const { type: _type, ...bases } = message as Record<string, string>;
      resolve(bases);
    });
    child.once('error', reject);
    void ended.then(() => reject(new Error('the sandbox did not start')));
  });
  return {
    urls,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
