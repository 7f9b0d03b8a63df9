import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../../dist/platform/embedded-postgres.js';

/** One PostgreSQL for the whole run; every test file makes a database of its own in it (`database.ts`). */
export default async function setup() {
  const folder = await mkdtemp(join(tmpdir(), 'gateway-test-'));
  const { chmod } = await import('node:fs/promises');
  await chmod(folder, 0o755);
  const server = await startEmbeddedPostgres(folder, () => undefined);
  process.env.TEST_POSTGRES_URL = server.url;
  globalThis.stopTestPostgres = async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  };
}
