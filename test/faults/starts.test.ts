import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { startGateway } from '../support/gateway.js';
import { MAIN } from '../support/main-process.js';
import { closedPort, tcpServer } from '../support/local-server.js';
import { ended, jobOf, sendFile, until, uploadJob } from '../e2e/support/rest.js';
import { setListening, startVendors } from '../e2e/support/vendors.js';

const SECRET = 'pa55word-of-the-database';

let database: TestDatabase;
let dataDir: string;

beforeAll(async () => {
  [database, dataDir] = await Promise.all([testDatabase(), mkdtemp(join(tmpdir(), 'gateway-start-'))]);
});

afterAll(async () => {
  await database.drop();
  await rm(dataDir, { recursive: true, force: true });
});

/** Starts the service with settings that it cannot start with: its exit code and all that it wrote to stderr. */
async function refusal(variables: Record<string, string>): Promise<{ code: number; said: string }> {
  const env = { PATH: process.env['PATH'], PORT: '0', DATA_DIR: dataDir, LOG_LEVEL: 'silent', ...variables };
  const child = spawn(process.execPath, [MAIN], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number];
  return { code, said };
}

const keys = { ADMIN_API_KEY: 'test-admin-key-0123456789', SECRETS_KEY: Buffer.alloc(32, 7).toString('base64') };
const vendor = { API2CONVERT_API_KEY: 'key', API2CONVERT_BASE_URL: 'http://127.0.0.1:9/v2' };

describe('a start that cannot be', () => {
  it('ends with 1 and one line that names the variable and the mend', async () => {
    const taken = await tcpServer(() => undefined);
    const closed = await closedPort();
    const cases: [Record<string, string>, RegExp][] = [
      [{ PORT: '80 80' }, /^PORT must be a whole number from 0 to 65535\.$/],
      [{ ROLE: 'worker' }, /^DATABASE_URL must be set when ROLE=worker/],
      [{ DATABASE_URL: database.url, ...vendor }, /^ADMIN_API_KEY must be set once DATABASE_URL is set/],
      [{ SECRETS_KEY: 'short' }, /^SECRETS_KEY must be 32 bytes in base64: make one with/],
      [{ NODE_ENV: 'production' }, /^API2CONVERT_API_KEY or RUNCONVERT_API_KEY .* must be set/],
      [{ EGRESS_ALLOW: '10.0.0.0/99' }, /^EGRESS_ALLOW: /],
      [{ DATABASE_URL: database.url, ...keys, ...vendor, PORT: String(taken.port) }, new RegExp(`^PORT: ${taken.port} on 127\\.0\\.0\\.1 is in use\\. .*set PORT`)],
      [{ DATABASE_URL: `postgresql://gateway:${SECRET}@127.0.0.1:${closed}/gateway`, ...keys, ...vendor }, /^DATABASE_URL: the database cannot be used \(.*ECONNREFUSED.*\)\. Start it/],
    ];
    const first = await startGateway({ DATABASE_URL: database.url, ...vendor });
    await first.stop();
    cases.push([{ DATABASE_URL: database.url, ...keys, SECRETS_KEY: Buffer.alloc(32, 8).toString('base64'), ...vendor }, /^SECRETS_KEY is not the key that this database's credentials are sealed with: set the one used before/]);
    // Two at a time: each is a whole process.
    for (let at = 0; at < cases.length; at += 2) {
      await Promise.all(
        cases.slice(at, at + 2).map(async ([variables, line]) => {
          const { code, said } = await refusal(variables);
          expect({ code, lines: said.split('\n').length }).toEqual({ code: 1, lines: 2 });
          expect(said.trimEnd()).toMatch(line);
          expect(said).not.toContain(SECRET);
        }),
      );
    }
    await taken.close();
  });
});

describe('a start in spite of trouble', () => {
  it('takes jobs with a wrong key at one vendor and the other one down, and completes them when that one is back', async () => {
    const vendors = await startVendors();
    await setListening(vendors, 'runconvert', false);
    const gateway = await startGateway({ DATABASE_URL: database.url, POLL_FLOOR_MS: '100', ...vendors.environment, API2CONVERT_API_KEY: 'bad-key' });
    try {
      const { id } = await sendFile(gateway, uploadJob('lighthouse.jpg', 'webp', { routing: { maxAttempts: 6 } }));
      await until('a try at each', async () => {
        const { attempts } = await jobOf(gateway, id);
        return attempts.filter(({ status }) => status === 'errored').length >= 2 ? attempts : null;
      });
      await setListening(vendors, 'runconvert', true);
      const job = await ended(gateway, id);
      expect(job).toMatchObject({ status: 'completed', steps: [{ provider: 'runconvert' }] });
      expect(job.attempts.slice(0, 2).map(({ provider, error }) => [provider, error?.kind])).toEqual([['api2convert', 'unauthorized'], ['runconvert', 'unavailable']]);
      expect(gateway.output()).not.toContain('bad-key');
    } finally {
      await gateway.stop();
      await vendors.stop();
    }
  });
});
