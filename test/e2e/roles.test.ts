import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { startGateway, type Gateway } from '../support/gateway.js';
import { bytesOf, ended, jobOf, sendFile, uploadJob } from './support/rest.js';
import { startVendors } from './support/vendors.js';

const started: Gateway[] = [];
let vendors: Awaited<ReturnType<typeof startVendors>>;
let database: TestDatabase;
let files: string;

/** Each brings its own DATA_DIR: they share the database and the place for files. */
async function start(role: 'api' | 'worker'): Promise<Gateway> {
  const gateway = await startGateway({ DATABASE_URL: database.url, ROLE: role, STAGING_URL: `file://${files}`, POLL_FLOOR_MS: '100', ...vendors.environment });
  started.push(gateway);
  return gateway;
}

beforeAll(async () => {
  // Nothing is migrated yet: both processes find an empty database at once.
  [vendors, database, files] = await Promise.all([startVendors(), testDatabase({ migrate: false }), mkdtemp(join(tmpdir(), 'gateway-files-'))]);
});

afterAll(async () => {
  await Promise.all(started.map((gateway) => gateway.stop()));
  await vendors.stop();
  await database.drop();
  await rm(files, { recursive: true, force: true });
});

describe('ROLE=api and ROLE=worker on one database', () => {
  it('start together on an empty one, and complete a job between them', async () => {
    const [api, worker] = await Promise.all([start('api'), start('worker')]);
    expect((await worker.call('/v1/jobs')).status).toBe(404);
    expect((await worker.call('/health/ready')).status).toBe(200);
    const job = await ended(api, (await sendFile(api, uploadJob('lighthouse.jpg', 'webp'))).id);
    expect(job).toMatchObject({ status: 'completed', attempts: [{ status: 'succeeded' }] });
    expect((await bytesOf(api, job.outputs[0])).subarray(8, 12).toString()).toBe('WEBP');
    // The control: it was the worker who worked.
    expect(await worker.stop()).toBe(0);
    const { id } = await sendFile(api, uploadJob('lighthouse.jpg', 'webp'));
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect((await jobOf(api, id)).status).toBe('queued');
  });
});
