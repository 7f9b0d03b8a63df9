import { Database } from '../../src/platform/database.js';
import { Periodic } from '../../src/platform/periodic.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { until } from '../support/engine-room.js';

let test: TestDatabase;
let database: Database;
let periodic: Periodic;

beforeEach(async () => {
  test = await testDatabase();
  database = Database.open(test.url);
  periodic = new Periodic(database);
});

afterEach(async () => {
  await periodic.beforeApplicationShutdown();
  await database.close();
  await test.drop();
});

const table = () => test.query<{ key: string }>(`SELECT key FROM graphile_worker._private_jobs WHERE key <> 'forget' ORDER BY key`);

it('what failed for good does not pile up; what is still to be tried again stays', async () => {
  let tries = 0;
  const failing = { name: 'failing', cron: null, run: async () => Promise.reject(new Error(`no ${(tries += 1)}`)) };
  await new Promise<void>((resolve) => periodic.start([failing], resolve));
  for (const key of ['for-good', 'for-now']) await periodic.ask({ name: 'failing', payload: {}, key, afterMs: 0 });
  await until(async () => tries === 2 && (await test.query('SELECT 1 FROM graphile_worker._private_jobs WHERE locked_at IS NULL')).length === 2);
  await test.query(`UPDATE graphile_worker._private_jobs SET attempts = max_attempts WHERE key = 'for-good'`);
  expect(await table()).toEqual([{ key: 'for-good' }, { key: 'for-now' }]);
  await periodic.ask({ name: 'forget-failed', payload: {}, key: 'forget', afterMs: 0 });
  await until(async () => (await table()).length === 1);
  expect(await table()).toEqual([{ key: 'for-now' }]);
  expect(await test.query(`SELECT identifier FROM graphile_worker._private_known_crontabs WHERE identifier = 'forget-failed'`)).toHaveLength(1);
});
