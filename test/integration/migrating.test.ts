import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { applyMigrations } from '../../src/platform/migrations.js';
import { testDatabase } from '../support/database.js';

const MIGRATIONS = new URL('../../dist/platform/migrations.js', import.meta.url).href;
const SCRIPT = `const { applyMigrations } = await import(process.argv[1]); console.log(JSON.stringify(await applyMigrations(process.argv[2])));`;

it('three processes at once migrate an empty database once', async () => {
  const test = await testDatabase({ migrate: false });
  const runs = await Promise.all(Array.from({ length: 3 }, () => promisify(execFile)(process.execPath, ['--input-type=module', '-e', SCRIPT, MIGRATIONS, test.url], { env: { PATH: process.env['PATH'] } })));
  const applied = runs.map(({ stdout }) => JSON.parse(stdout) as string[]).filter((names) => names.length > 0);
  expect(applied).toHaveLength(1);
  const rows = await test.query<{ migration_name: string }>('SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL ORDER BY 1');
  expect(rows.map(({ migration_name }) => migration_name)).toEqual(applied[0]);
  expect(await applyMigrations(test.url)).toEqual([]);
  expect(await test.query('SELECT count(*)::int AS count FROM job')).toEqual([{ count: 0 }]);
  await test.drop();
});
