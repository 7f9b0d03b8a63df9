import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Gateway } from '../../support/gateway.js';

export interface Vendors {
  readonly api2convert: string;
  readonly runconvert: string;
}

/** What the sandbox remembers, as far as the stories look at it. */
export interface LedgerView {
  readonly jobs: readonly { readonly vendor: string; readonly jobId: string; readonly outcome: string | null; readonly billable: boolean }[];
}

const MAIN = fileURLToPath(new URL('../../../dist/sandbox/main.js', import.meta.url));

/** Both vendors as a process of their own, which outlives a gateway. `variables`: the sandbox's own settings. */
export async function startVendors(variables: Readonly<Record<string, string>> = {}): Promise<Vendors & { readonly environment: Record<string, string>; stop(): Promise<void> }> {
  const env = { PATH: process.env['PATH'], SANDBOX_API2CONVERT_PORT: '0', SANDBOX_RUNCONVERT_PORT: '0', ...variables };
  const child = fork(MAIN, [], { env, execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const ended = once(child, 'exit');
  const [vendors] = (await once(child, 'message')) as [Vendors];
  return {
    ...vendors,
    environment: { API2CONVERT_API_KEY: 'sandbox-key', API2CONVERT_BASE_URL: vendors.api2convert, RUNCONVERT_API_KEY: 'sandbox-key', RUNCONVERT_BASE_URL: vendors.runconvert },
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** The sandbox that a gateway brought along. */
export function vendorsOf({ sandbox }: Gateway): Vendors {
  if (sandbox === null) throw new Error('the gateway has no sandbox');
  return sandbox;
}

/** Shuts a vendor's port, or opens it again, through the other's. */
export async function setListening(vendors: Vendors, vendor: 'api2convert' | 'runconvert', listening: boolean): Promise<void> {
  const door = vendor === 'api2convert' ? vendors.runconvert : vendors.api2convert;
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ listening }) };
  expect((await fetch(new URL(`/sandbox/vendors/${vendor}`, door), init)).status).toBe(200);
}

/** Queues a scenario for the next job that it fits. */
export async function play(vendors: Vendors, scenario: object): Promise<void> {
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(scenario) };
  expect((await fetch(new URL('/sandbox/scenarios', vendors.runconvert), init)).status).toBe(201);
}

export async function ledgerOf(vendors: Vendors): Promise<LedgerView> {
  return (await (await fetch(new URL('/sandbox/ledger', vendors.runconvert))).json()) as LedgerView;
}
