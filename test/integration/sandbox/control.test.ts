import { once } from 'node:events';
import { connect } from 'node:net';
import { seededRandom } from '../../../src/sandbox/random.js';
import type { Sandbox } from '../../../src/sandbox/sandbox.js';
import { Api2convertClient, remote } from './api2convert-client.js';
import { bytesAt, call, sandboxOnFreePorts, textOf, until, type Json } from './support.js';

const photo = { input: [remote('harbour.jpg')], conversion: [{ category: 'image', target: 'png' }] };

let sandbox: Sandbox;
let client: Api2convertClient;
beforeAll(async () => {
  sandbox = await sandboxOnFreePorts();
  client = new Api2convertClient(sandbox.api2convertUrl);
});
afterEach(() => sandbox.control.reset());
afterAll(() => sandbox.close());

/** How a fresh connection fares. */
async function connecting(url: string): Promise<unknown> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  const outcome = await once(socket, 'connect').then(
    () => 'connected',
    (error: unknown) => (error as { code: unknown }).code,
  );
  socket.destroy();
  return outcome;
}

describe('the control plane', () => {
  const control = (): string => sandbox.runconvertUrl.replace('/v2', '/sandbox');

  it('queues, lists and forgets scenarios, and refuses what cannot be meant', async () => {
    const queued = await call(`${control()}/scenarios`, { json: { name: 'fail', match: { operation: 'image/png' } } });
    expect([queued.status, queued.json.times]).toEqual([201, 1]);
    expect((await call(`${control()}/scenarios`, { json: { name: 'wat' } })).status).toBe(400);
    expect((await client.run({ ...photo, conversion: [{ target: 'webp' }] })).status!.code).toBe('completed');
    expect((await client.run(photo)).status!.code).toBe('failed');
    expect((await call(`${control()}/scenarios`)).json.data).toEqual([]);
  });

  it('lets something happen by chance, the same for the same seed', async () => {
    expect((await call(`${control()}/scenarios`, { json: { name: 'status', chance: 1.5 } })).status).toBe(400);
    await call(`${control()}/scenarios`, { json: { name: 'status', chance: 0.5, times: 1000, options: { call: 'list' } } });
    const statuses: number[] = [];
    for (let turn = 0; turn < 40; turn += 1) statuses.push((await client.request('/jobs')).status);
    await call(`${control()}/scenarios`, { method: 'DELETE' });
    const refused = statuses.filter((status) => status === 503).length;
    expect(refused).toBeGreaterThan(8);
    expect(refused).toBeLessThan(32);
    expect(seededRandom(7)()).toBe(seededRandom(7)());
    expect(seededRandom(7)()).not.toBe(seededRandom(8)());
  });

  it('shows the ledger, and the requests without a key in them', async () => {
    const job = await client.run(photo);
    await bytesAt(job.output![0]!.uri);
    const ledger = (await call(`${control()}/ledger`)).json;
    expect(ledger.jobs![0]).toMatchObject({ vendor: 'api2convert', jobId: job.id, key: 'test-key', billable: true, credits: 1, downloads: 1, outcome: 'completed' });
    const requests = await call(`${control()}/requests`);
    expect(requests.text).not.toContain('test-key');
    expect(requests.json.data![0]).toMatchObject({ vendor: 'api2convert', method: 'POST', path: '/v2/jobs', accountKey: true });
    expect((requests.json.data as unknown as Json[]).at(-1)).toMatchObject({ method: 'GET', accountKey: false });
    await call(`${control()}/reset`, { method: 'POST' });
    expect((await call(`${control()}/ledger`)).json).toEqual({ creates: [], jobs: [], callbacks: [], deliveries: [] });
    expect((await client.request(`/jobs/${textOf(job.id)}`)).status).toBe(404);
  });

  it('shuts a vendor\'s port and opens it again, its own too', async () => {
    const own = sandbox.api2convertUrl.replace('/v2', '/sandbox');
    expect((await call(`${own}/vendors/api2convert`, { json: { listening: false } })).status).toBe(200);
    await until(() => sandbox.control.isListening('api2convert'), (open) => !open);
    expect(await connecting(sandbox.api2convertUrl)).toBe('ECONNREFUSED');
    expect(await connecting(sandbox.runconvertUrl)).toBe('connected');
    expect((await call(`${control()}/vendors/runconvert`, { json: { listening: false } })).status).toBe(409);
    expect((await call(`${control()}/vendors/api2convert`, { json: { listening: true } })).status).toBe(200);
    expect((await client.request('/jobs')).status).toBe(204);
  });
});
