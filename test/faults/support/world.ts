import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { webhookReceiver, type Receiver } from '../../doubles/webhook-receiver.ts';
import { startVendors, type Vendors } from '../../e2e/support/vendors.ts';
import { startGateway, type Gateway } from '../../support/gateway.ts';
import { audit, type Breach } from '../auditor/audit.ts';
import type { VendorLedger } from '../auditor/evidence.ts';
import { watchHistory } from '../auditor/history.ts';
import { accountsFile, type Money } from './accounts.ts';
import { Caller, type Body } from './caller.ts';
import { faultPostgres, type FaultPostgres } from './postgres.ts';

/** Everything around the service that a fault needs: a database that can go away, both vendors with their ledgers, a receiver, and as many gateways as wanted. */
export interface World {
  readonly postgres: FaultPostgres;
  readonly vendors: Vendors;
  readonly receiver: Receiver;
  /** Sends jobs to any gateway that answers, and remembers what was accepted. */
  readonly caller: Caller;
  /** The folder that all gateways stage files in. */
  readonly staging: string;
  readonly gateways: readonly Gateway[];
  /** Starts one more gateway; what `variables` says goes over what all have. */
  gateway(variables?: Readonly<Record<string, string | undefined>>): Promise<Gateway>;
  /** A small conversion whose events go to the receiver; `more` goes over it. `uploads`: with its own bytes, else vendors fetch a fixture. */
  job(more?: Body): Body;
  /** Waits until every accepted job has ended and every event has arrived, as far as that comes true in time. */
  settled(ms?: number): Promise<void>;
  /** What does not hold, of all the invariants. Empty is well. */
  audit(): Promise<readonly Breach[]>;
  /** Puts a scenario before the vendors. */
  play(scenario: object): Promise<void>;
  close(): Promise<void>;
}

export interface WorldOptions {
  /** Of every gateway. */
  readonly variables?: Readonly<Record<string, string | undefined>>;
  /** Of the sandbox. */
  readonly sandbox?: Readonly<Record<string, string>>;
  /** In place of the usual receiver, by which each test can be misbehaved to. */
  readonly receiver?: Receiver;
  /** Without it nothing has a price. */
  readonly money?: Money;
}

/** Secrets that must be found nowhere but where they belong. */
export const CANARIES = { api2convert: 'canary-a2c-key-7f3a91', runconvert: 'canary-rc-key-55d0c2', webhook: `whsec_${Buffer.from('canary-webhook-secret-01').toString('base64')}`, admin: 'canary-admin-key-0123456789' } as const;

const SAMPLES = new URL('../../samples/', import.meta.url).pathname;

export async function openWorld({ variables = {}, sandbox = {}, receiver: own, money }: WorldOptions = {}): Promise<World> {
  const staging = await mkdtemp(join(tmpdir(), 'gateway-fault-files-'));
  await chmod(staging, 0o755);
  const [postgres, vendors, receiver] = await Promise.all([faultPostgres(), startVendors({ SANDBOX_SPEED_MS: '50', SANDBOX_FIXTURES: SAMPLES, ...sandbox }), own ?? webhookReceiver()]);
  const accounts = money === undefined ? null : await accountsFile(money);
  await watchHistory(postgres.query);
  const gateways: Gateway[] = [];
  const caller = new Caller(() => gateways);
  const common = {
    DATABASE_URL: postgres.url,
    STAGING_URL: `file://${staging}`,
    ADMIN_API_KEY: CANARIES.admin,
    EGRESS_ALLOW: '127.0.0.0/8',
    POLL_FLOOR_MS: '100',
    POLL_CEILING_MS: '400',
    API2CONVERT_API_KEY: CANARIES.api2convert,
    API2CONVERT_BASE_URL: vendors.api2convert,
    RUNCONVERT_API_KEY: CANARIES.runconvert,
    RUNCONVERT_BASE_URL: vendors.runconvert,
    PROVIDERS_FILE: accounts?.path,
    ...variables,
  };
  const control = (path: string, init?: RequestInit): Promise<Response> => fetch(new URL(`/sandbox/${path}`, vendors.runconvert), init);
  const settled = async (ms = 30_000): Promise<void> => {
    const open = `SELECT (SELECT count(*) FROM job WHERE ended_at IS NULL AND status <> 'awaiting_input') + (SELECT count(*) FROM delivery WHERE status = 'scheduled') AS open`;
    for (const late = Date.now() + ms; Date.now() < late; await new Promise((resolve) => setTimeout(resolve, 50))) {
      const [row] = await postgres.query<{ open: string }>(open).catch(() => []);
      if (row !== undefined && Number(row.open) === 0) return;
    }
  };
  return {
    postgres,
    vendors,
    receiver,
    caller,
    staging,
    gateways,
    gateway: async (own = {}) => {
      const gateway = await startGateway({ ...common, ...own });
      gateways.push(gateway);
      gateway.process.once('exit', () => {
        gateways.splice(gateways.indexOf(gateway), 1);
        caller.logs.push(gateway.output());
      });
      return gateway;
    },
    job: (more = {}) => ({
      inputs: [{ id: 'file', type: 'url', url: 'https://files.example.com/lighthouse.jpg' }],
      steps: [{ id: 'made', operation: 'convert', to: 'png' }],
      webhook: { url: `${receiver.origin}/hook`, secret: CANARIES.webhook },
      ...more,
    }),
    settled,
    audit: async () => {
      const metrics = await Promise.all(gateways.map(async ({ url }) => (await fetch(`${url}/metrics`)).text()));
      return audit({
        query: postgres.query,
        ledger: (await (await control('ledger')).json()) as VendorLedger,
        received: receiver.received.map(({ id, body }) => ({ id, type: body.type, sequence: body.sequence, jobId: body.data.id, status: body.data.status })),
        accepted: caller.accepted,
        staging,
        texts: [...caller.logs, ...gateways.map((gateway) => gateway.output()), ...metrics],
        canaries: Object.values(CANARIES),
        ...(money === undefined ? {} : { prices: money.prices }),
      });
    },
    play: async (scenario) => {
      const answer = await control('scenarios', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(scenario) });
      if (answer.status !== 201) throw new Error(await answer.text());
    },
    close: async () => {
      await Promise.all([...gateways].map((gateway) => gateway.stop()));
      await Promise.all([vendors.stop(), receiver.close()]);
      await postgres.close();
      await accounts?.remove();
      await rm(staging, { recursive: true, force: true });
    },
  };
}
