import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { PRISMA_DIR, schemaEngine, type MigrationList } from './schema-engine.js';

/** Any number: every process of the service takes this same lock while it migrates. */
const MIGRATION_LOCK = 7_203_411;

/**
 * Brings the database to the newest migration; any number of processes may call this at once.
 * Prisma's own engine applies them (and keeps its `_prisma_migrations` table), as WebAssembly: nothing is downloaded.
 * Returns the names of those applied now.
 */
export async function applyMigrations(connectionString: string): Promise<readonly string[]> {
  const client = new pg.Client({ connectionString });
  client.on('error', () => undefined);
  await client.connect();
  const pool = new pg.Pool({ connectionString });
  pool.on('error', () => undefined);
  try {
    const folders = await migrationFolders();
    if ((await pendingOf(client, folders)).length === 0) return [];
    await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    if ((await pendingOf(client, folders)).length === 0) return [];
    const engine = await schemaEngine(bindMigrationAwareSqlAdapterFactory(new PrismaPg(pool)));
    const { appliedMigrationNames } = await engine.applyMigrations({
      migrationsList: await migrationList(folders),
      filters: { externalTables: [], externalEnums: [] },
    });
    return appliedMigrationNames;
  } finally {
    await Promise.all([client.end(), pool.end()]);
  }
}

async function migrationFolders(): Promise<readonly string[]> {
  const entries = await readdir(join(PRISMA_DIR, 'migrations'), { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name).sort();
}

/** The names of the migrations that a start would apply, by asking alone. */
export async function pendingMigrations(client: pg.Client): Promise<readonly string[]> {
  return pendingOf(client, await migrationFolders());
}

/** Loading the engine costs more than asking: a start that has nothing to migrate does not load it. */
async function pendingOf(client: pg.Client, folders: readonly string[]): Promise<readonly string[]> {
  const { rows } = await client.query<{ present: boolean }>(`SELECT to_regclass('_prisma_migrations') IS NOT NULL AS present`);
  if (rows[0]?.present !== true) return folders;
  const applied = await client.query<{ migration_name: string }>('SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL');
  const names = new Set(applied.rows.map((row) => row.migration_name));
  return folders.filter((folder) => !names.has(folder));
}

export async function migrationList(folders?: readonly string[]): Promise<MigrationList> {
  const baseDir = join(PRISMA_DIR, 'migrations');
  const names = folders ?? (await migrationFolders());
  return {
    baseDir,
    lockfile: { path: 'migration_lock.toml', content: await readFile(join(baseDir, 'migration_lock.toml'), 'utf8') },
    shadowDbInitScript: '',
    migrationDirectories: await Promise.all(
      names.map(async (name) => ({
        path: name,
        migrationFile: { path: 'migration.sql', content: { tag: 'ok' as const, value: await readFile(join(baseDir, name, 'migration.sql'), 'utf8') } },
      })),
    ),
  };
}
