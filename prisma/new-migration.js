/**
 * Writes the SQL that leads from the committed schema.prisma to the one in the working tree into a new migration folder:
 * `npm run migration -- add-exports`. Read what it wrote; partial indexes are added by hand, for the schema language has none.
 */
import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import { PrismaPg } from '@prisma/adapter-pg';
import { startEmbeddedPostgres } from '../dist/platform/embedded-postgres.js';
import { PRISMA_DIR, readSchema, schemaEngine } from '../dist/platform/schema-engine.js';

const name = process.argv[2];
if (name === undefined || !/^[a-z][a-z0-9-]*$/.test(name)) throw new Error('Name the migration: npm run migration -- add-exports');

const [path, content] = await readSchema();
const before = committed();
// Comparing two schemas asks nothing of a database, but the engine wants to see one.
const database = await startEmbeddedPostgres(join(PRISMA_DIR, '..', '.data', 'scratch'), () => undefined);
const engine = await schemaEngine(bindMigrationAwareSqlAdapterFactory(new PrismaPg({ connectionString: database.url })));
const { stdout } = await engine.diff({
  from: before === null ? { tag: 'empty' } : { tag: 'schemaDatamodel', files: [{ path, content: before }] },
  to: { tag: 'schemaDatamodel', files: [{ path, content }] },
  script: true,
  exitCode: null,
  filters: { externalTables: [], externalEnums: [] },
});
await database.stop();
const stamp = new Date().toISOString().replace(/\D/g, '').slice(0, 14);
const folder = join(PRISMA_DIR, 'migrations', `${stamp}_${name.replaceAll('-', '_')}`);
await mkdir(folder, { recursive: true });
await writeFile(join(folder, 'migration.sql'), stdout ?? '');
console.log(`wrote ${join(folder, 'migration.sql')}`);

function committed() {
  try {
    return execFileSync('git', ['show', 'HEAD:prisma/schema.prisma'], { cwd: join(PRISMA_DIR, '..'), encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return null;
  }
}
