import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { startEmbeddedPostgres } from '../../dist/platform/embedded-postgres.js';

const MIGRATIONS = new URL('../../dist/platform/migrations.js', import.meta.url).href;

/**
 * One PostgreSQL for the whole run; every test file makes a database of its own in it (`database.ts`), as a copy of one that is migrated here.
 * The machine does not lose its power in these tests, so nothing waits for the disk; those that break databases have servers of their own.
 */
export default async function setup() {
  const folder = await mkdtemp(join(tmpdir(), 'gateway-test-'));
  await chmod(folder, 0o755);
  const server = await startEmbeddedPostgres(folder, () => undefined);
  process.env.TEST_POSTGRES_URL = server.url;
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  await client.query('ALTER SYSTEM SET fsync = off');
  await client.query('SELECT pg_reload_conf()');
  await client.query('CREATE DATABASE migrated');
  await client.end();
  // In a process of its own: the engine that applies them keeps a timer of 10 s.
  const migrating = `import { applyMigrations } from '${MIGRATIONS}'; await applyMigrations(process.argv[1]); process.exit();`;
  await promisify(execFile)(process.execPath, ['--input-type=module', '-e', migrating, Object.assign(new URL(server.url), { pathname: '/migrated' }).href]);
  globalThis.stopTestPostgres = async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  };
}
