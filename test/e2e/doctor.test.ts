import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Check } from '../../src/doctor-report.js';
import { checkSecretsKey } from '../../src/platform/secrets-check.js';
import { testDatabase } from '../support/database.js';
import { closedPort, tcpServer } from '../support/local-server.js';
import { ledgerOf, setListening, startVendors } from './support/vendors.js';

const DOCTOR = fileURLToPath(new URL('../../dist/doctor.js', import.meta.url));
const KEYS = { ADMIN_API_KEY: 'test-admin-key-0123456789', SECRETS_KEY: Buffer.alloc(32, 7).toString('base64') };

let vendors: Awaited<ReturnType<typeof startVendors>>;
let dataDir: string;

beforeAll(async () => {
  [vendors, dataDir] = await Promise.all([startVendors(), mkdtemp(join(tmpdir(), 'gateway-doctor-test-'))]);
});

afterAll(async () => {
  await vendors.stop();
  await rm(dataDir, { recursive: true, force: true });
});

async function run(variables: Record<string, string>, ...flags: string[]): Promise<{ code: number; out: string; err: string }> {
  const env = { PATH: process.env['PATH'], DATA_DIR: dataDir, ...variables };
  const child = spawn(process.execPath, [DOCTOR, ...flags], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number];
  return { code, out, err };
}

/** Outcomes by "area name". */
async function outcomes(variables: Record<string, string>, ...flags: string[]) {
  const { code, out, err } = await run(variables, '--json', ...flags);
  const { checks } = JSON.parse(out) as { checks: Check[] };
  return { code, out, err, checks, of: Object.fromEntries(checks.map(({ area, name, outcome }) => [`${area} ${name}`, outcome])) };
}

describe('npm run doctor', () => {
  it('passes where all is well, and leaves nothing behind', async () => {
    const { code, out } = await run(vendors.environment);
    expect(out).toMatch(/^ok {7}api2convert balance: 1000000 credits left\. \[\d+ ms\]$/m);
    expect(out).toMatch(/^ok {7}runconvert key: .*\[\d+ ms\]$/m);
    expect(out.trimEnd().split('\n').at(-1)).toMatch(/^\d+ checks: \d+ ok, \d+ warnings?, 0 FAILED\. Ready/);
    expect(code).toBe(0);
    // The first start is still the first: it makes the keys and shows one of them.
    expect(await readdir(dataDir)).toEqual([]);
    expect((await ledgerOf(vendors)).jobs).toEqual([]);
  });

  it('fails for a wrong key, names the variable, and never tells the key', async () => {
    const { code, of, checks, out } = await outcomes({ ...vendors.environment, API2CONVERT_API_KEY: 'bad-key' });
    expect(of).toMatchObject({ 'api2convert key': 'failed', 'runconvert key': 'ok' });
    expect(checks.find(({ area }) => area === 'api2convert')?.mend).toContain('API2CONVERT_API_KEY');
    expect(out).not.toContain('bad-key');
    expect(code).toBe(1);
  });

  it('fails for a vendor that is down', async () => {
    await setListening(vendors, 'runconvert', false);
    const { code, of, checks } = await outcomes(vendors.environment);
    await setListening(vendors, 'runconvert', true);
    expect(of).toMatchObject({ 'api2convert key': 'ok', 'runconvert key': 'failed' });
    expect(checks.find(({ area }) => area === 'runconvert')?.mend).toContain('RUNCONVERT_BASE_URL');
    expect(code).toBe(1);
  });

  it('looks at the database without changing it', async () => {
    const [current, empty] = await Promise.all([testDatabase(), testDatabase({ migrate: false })]);
    const notes = async (url: string) => (await outcomes({ ...vendors.environment, ...KEYS, DATABASE_URL: url })).checks.filter(({ area }) => area === 'database').map(({ what }) => what);
    const [ofCurrent, ofEmpty] = await Promise.all([notes(current.url), notes(empty.url)]);
    expect(ofCurrent).toEqual([expect.stringMatching(/^PostgreSQL \d+/), 'current', 'nothing is sealed there yet']);
    const sealedWith = async (key: Buffer) => {
      await current.query('DELETE FROM setting');
      await checkSecretsKey({ query: async (statement, values = []) => (await current.query(typeof statement === 'string' ? statement : statement.text, [...values])) as never }, key);
      return (await notes(current.url)).at(-1);
    };
    expect(await sealedWith(Buffer.from(KEYS.SECRETS_KEY, 'base64'))).toBe('is the one that its credentials are sealed with');
    expect(await sealedWith(Buffer.alloc(32, 9))).toBe('is not the key that its credentials are sealed with');
    expect(ofEmpty).toEqual([expect.stringMatching(/^PostgreSQL \d+/), expect.stringMatching(/^\d+ pending/)]);
    expect(await empty.query('SELECT 1 FROM pg_tables WHERE schemaname = current_schema()')).toEqual([]);
    await Promise.all([current.drop(), empty.drop()]);
  });

  it('keeps the catalogues as they are now, if it is told to', async () => {
    const database = await testDatabase();
    const look = async (...flags: string[]) => (await outcomes({ ...vendors.environment, ...KEYS, DATABASE_URL: database.url }, ...flags)).checks.filter(({ name }) => name === 'catalogue kept').map(({ area, outcome, what }) => [area, outcome, what.replace(/\d+/g, 'N')]);
    expect([await look(), await database.query('SELECT 1 FROM catalogue_version')]).toEqual([[], []]);
    expect(await look('--sync')).toEqual([['api2convert', 'ok', 'N entries: N added, N gone, N with other options, N with another price'], ['runconvert', 'ok', 'N entries: N added, N gone, N with other options, N with another price']]);
    expect(await look('--sync')).toEqual([['api2convert', 'ok', 'N entries, unchanged'], ['runconvert', 'ok', 'N entries, unchanged']]);
    expect(await database.query('SELECT provider, version, status FROM catalogue_version ORDER BY provider')).toEqual(['api2convert', 'runconvert'].map((provider) => ({ provider, version: 1, status: 'active' })));
    await database.drop();
  }, 60_000);

  it('fails for what a start would refuse', async () => {
    const database = await outcomes({ ...vendors.environment, ...KEYS, DATABASE_URL: `postgresql://gateway:pa55word@127.0.0.1:${await closedPort()}/gateway` });
    expect([database.code, database.of['database connection'], database.out.includes('pa55word')]).toEqual([1, 'failed', false]);
    const wrongs: Record<string, string>[] = [{ EGRESS_ALLOW: '10.0.0.0/99' }, { PORT: '80 80' }, { PROVIDERS_FILE: '/no/such/file.json' }, { NODE_ENV: 'production', API2CONVERT_API_KEY: '', RUNCONVERT_API_KEY: '' }];
    const refused = await Promise.all(wrongs.map((wrong) => outcomes({ ...vendors.environment, ...wrong })));
    for (const { code, checks } of refused) expect([code, checks.filter(({ outcome }) => outcome === 'failed').map(({ area }) => area)]).toEqual([1, ['configuration']]);
    expect((await outcomes({ ...vendors.environment, STAGING_URL: 'file:///proc/nowhere' })).of['staging place']).toBe('failed');
  }, 60_000);

  it('only warns of a PUBLIC_URL that leads nowhere from here, and refuses what it does not know', async () => {
    const { code, of } = await outcomes({ ...vendors.environment, PUBLIC_URL: `http://127.0.0.1:${await closedPort()}` });
    expect([code, of['PUBLIC_URL address']]).toEqual([0, 'warning']);
    expect(await run(vendors.environment, '--alive')).toMatchObject({ code: 2, err: expect.stringContaining('Usage') as string });
  });
});

describe('npm run doctor -- --live', () => {
  it('runs one real job at each vendor, with a callback where PUBLIC_URL leads here, and tells what differed', async () => {
    const port = await closedPort();
    const before = (await ledgerOf(vendors)).jobs.length;
    const { code, err, of, checks } = await outcomes({ ...vendors.environment, PORT: String(port), PUBLIC_URL: `http://127.0.0.1:${port}` }, '--live');
    expect(err).toContain('spends credits');
    expect(of).toMatchObject({ 'PUBLIC_URL address': 'ok', 'api2convert job': 'ok', 'api2convert cost': 'ok', 'api2convert callback': 'ok', 'runconvert job': 'ok', 'runconvert cost': 'ok' });
    expect(checks.filter(({ name }) => name === 'documents').map(({ what }) => what)).toEqual([expect.stringContaining('an object as `id`'), expect.stringContaining('upload is answered')]);
    expect((await ledgerOf(vendors)).jobs.slice(before).map(({ vendor, outcome }) => [vendor, outcome])).toEqual([['api2convert', 'completed'], ['runconvert', 'completed']]);
    expect([code, existsSync(join(dataDir, 'postgres'))]).toEqual([0, false]);
  }, 90_000);

  it('runs the jobs without callbacks where the gateway\'s port is taken, and fails at the vendor whose key is wrong', async () => {
    const taken = await tcpServer((socket) => socket.destroy());
    const { code, of } = await outcomes({ ...vendors.environment, API2CONVERT_API_KEY: 'bad-key', PORT: String(taken.port), PUBLIC_URL: taken.origin }, '--live');
    await taken.close();
    expect(of).toMatchObject({ 'api2convert job': 'failed', 'runconvert job': 'ok', 'runconvert callback': 'warning' });
    expect(code).toBe(1);
  }, 90_000);
});
