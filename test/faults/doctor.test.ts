import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkSecretsKey } from '../../src/platform/secrets-check.js';
import { testDatabase } from '../support/database.js';
import { closedPort } from '../support/local-server.js';
import { outcomes, run } from '../e2e/support/doctor.js';
import { ledgerOf, setListening, startVendors } from '../e2e/support/vendors.js';

const KEYS = { ADMIN_API_KEY: 'test-admin-key-0123456789', SECRETS_KEY: Buffer.alloc(32, 7).toString('base64') };

let vendors: Awaited<ReturnType<typeof startVendors>>;
let dataDir: string;
let environment: Record<string, string>;

beforeAll(async () => {
  [vendors, dataDir] = await Promise.all([startVendors(), mkdtemp(join(tmpdir(), 'gateway-doctor-test-'))]);
  environment = { ...vendors.environment, DATA_DIR: dataDir };
});

afterAll(async () => {
  await vendors.stop();
  await rm(dataDir, { recursive: true, force: true });
});

describe('npm run doctor', () => {
  it('passes where all is well, and leaves nothing behind', async () => {
    const { code, out } = await run(environment);
    expect(out).toMatch(/^ok {7}api2convert balance: 1000000 credits left\. \[\d+ ms\]$/m);
    expect(out).toMatch(/^ok {7}runconvert key: .*\[\d+ ms\]$/m);
    expect(out.trimEnd().split('\n').at(-1)).toMatch(/^\d+ checks: \d+ ok, \d+ warnings?, 0 FAILED\. Ready/);
    expect(code).toBe(0);
    // The first start is still the first: it makes the keys and shows one of them.
    expect(await readdir(dataDir)).toEqual([]);
    expect((await ledgerOf(vendors)).jobs).toEqual([]);
  });

  it('fails for a wrong key, names the variable, and never tells the key', async () => {
    const { code, of, checks, out } = await outcomes({ ...environment, API2CONVERT_API_KEY: 'bad-key' });
    expect(of).toMatchObject({ 'api2convert key': 'failed', 'runconvert key': 'ok' });
    expect(checks.find(({ area }) => area === 'api2convert')?.mend).toContain('API2CONVERT_API_KEY');
    expect(out).not.toContain('bad-key');
    expect(code).toBe(1);
  });

  it('fails for a vendor that is down', async () => {
    await setListening(vendors, 'runconvert', false);
    const { code, of, checks } = await outcomes(environment);
    await setListening(vendors, 'runconvert', true);
    expect(of).toMatchObject({ 'api2convert key': 'ok', 'runconvert key': 'failed' });
    expect(checks.find(({ area }) => area === 'runconvert')?.mend).toContain('RUNCONVERT_BASE_URL');
    expect(code).toBe(1);
  });

  it('looks at the database without changing it', async () => {
    const [current, empty] = await Promise.all([testDatabase(), testDatabase({ migrate: false })]);
    const notes = async (url: string) => (await outcomes({ ...environment, ...KEYS, DATABASE_URL: url })).checks.filter(({ area }) => area === 'database').map(({ what }) => what);
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
    const look = async (...flags: string[]) => (await outcomes({ ...environment, ...KEYS, DATABASE_URL: database.url }, ...flags)).checks.filter(({ name }) => name === 'catalogue kept').map(({ area, outcome, what }) => [area, outcome, what.replace(/\d+/g, 'N')]);
    expect([await look(), await database.query('SELECT 1 FROM catalogue_version')]).toEqual([[], []]);
    expect(await look('--sync')).toEqual([['api2convert', 'ok', 'N entries: N added, N gone, N with other options, N with another price'], ['runconvert', 'ok', 'N entries: N added, N gone, N with other options, N with another price']]);
    expect(await look('--sync')).toEqual([['api2convert', 'ok', 'N entries, unchanged'], ['runconvert', 'ok', 'N entries, unchanged']]);
    expect(await database.query('SELECT provider, version, status FROM catalogue_version ORDER BY provider')).toEqual(['api2convert', 'runconvert'].map((provider) => ({ provider, version: 1, status: 'active' })));
    await database.drop();
  }, 60_000);

  it('fails for what a start would refuse', async () => {
    const database = await outcomes({ ...environment, ...KEYS, DATABASE_URL: `postgresql://gateway:pa55word@127.0.0.1:${await closedPort()}/gateway` });
    expect([database.code, database.of['database connection'], database.out.includes('pa55word')]).toEqual([1, 'failed', false]);
    const wrongs: Record<string, string>[] = [{ EGRESS_ALLOW: '10.0.0.0/99' }, { PORT: '80 80' }, { PROVIDERS_FILE: '/no/such/file.json' }, { NODE_ENV: 'production', API2CONVERT_API_KEY: '', RUNCONVERT_API_KEY: '' }];
    const refused = await Promise.all(wrongs.map((wrong) => outcomes({ ...environment, ...wrong })));
    for (const { code, checks } of refused) expect([code, checks.filter(({ outcome }) => outcome === 'failed').map(({ area }) => area)]).toEqual([1, ['configuration']]);
    expect((await outcomes({ ...environment, STAGING_URL: 'file:///proc/nowhere' })).of['staging place']).toBe('failed');
  }, 60_000);

  it('only warns of a PUBLIC_URL that leads nowhere from here, and refuses what it does not know', async () => {
    const { code, of } = await outcomes({ ...environment, PUBLIC_URL: `http://127.0.0.1:${await closedPort()}` });
    expect([code, of['PUBLIC_URL address']]).toEqual([0, 'warning']);
    expect(await run(environment, '--alive')).toMatchObject({ code: 2, err: expect.stringContaining('Usage') as string });
  });
});
