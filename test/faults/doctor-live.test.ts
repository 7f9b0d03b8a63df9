import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { outcomes } from '../e2e/support/doctor.ts';
import { ledgerOf, startVendors } from '../e2e/support/vendors.ts';
import { closedPort, tcpServer } from '../support/local-server.ts';

let vendors: Awaited<ReturnType<typeof startVendors>>;
let dataDir: string;

beforeAll(async () => {
  [vendors, dataDir] = await Promise.all([startVendors(), mkdtemp(join(tmpdir(), 'gateway-doctor-test-'))]);
});

afterAll(async () => {
  await vendors.stop();
  await rm(dataDir, { recursive: true, force: true });
});

describe('npm run doctor -- --live', () => {
  it('runs one real job at each vendor, with a callback where PUBLIC_URL leads here, and tells what differed', async () => {
    const port = await closedPort();
    const before = (await ledgerOf(vendors)).jobs.length;
    const { code, err, of, checks } = await outcomes({ ...vendors.environment, DATA_DIR: dataDir, PORT: String(port), PUBLIC_URL: `http://127.0.0.1:${port}` }, '--live');
    expect(err).toContain('spends credits');
    expect(of).toMatchObject({ 'PUBLIC_URL address': 'ok', 'api2convert job': 'ok', 'api2convert cost': 'ok', 'api2convert callback': 'ok', 'runconvert job': 'ok', 'runconvert cost': 'ok' });
    expect(checks.filter(({ name }) => name === 'documents').map(({ what }) => what)).toEqual([expect.stringContaining('an object as `id`'), expect.stringContaining('upload is answered')]);
    expect((await ledgerOf(vendors)).jobs.slice(before).map(({ vendor, outcome }) => [vendor, outcome])).toEqual([['api2convert', 'completed'], ['runconvert', 'completed']]);
    expect([code, existsSync(join(dataDir, 'postgres'))]).toEqual([0, false]);
  }, 90_000);

  it('runs the jobs without callbacks where the gateway\'s port is taken, and fails at the vendor whose key is wrong', async () => {
    const taken = await tcpServer((socket) => socket.destroy());
    const { code, of } = await outcomes({ ...vendors.environment, DATA_DIR: dataDir, API2CONVERT_API_KEY: 'bad-key', PORT: String(taken.port), PUBLIC_URL: taken.origin }, '--live');
    await taken.close();
    expect(of).toMatchObject({ 'api2convert job': 'failed', 'runconvert job': 'ok', 'runconvert callback': 'warning' });
    expect(code).toBe(1);
  }, 90_000);
});
