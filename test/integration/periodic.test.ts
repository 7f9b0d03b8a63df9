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

it('work of one key is done by one process at a time, and a process that is gone in the middle of it holds nobody up', async () => {
  let at = 0;
  let most = 0;
  let done = 0;
  const slow = {
    name: 'slow', cron: null,
    run: async () => {
      most = Math.max(most, (at += 1));
      await new Promise((resolve) => setTimeout(resolve, 300));
      at -= 1;
      done += 1;
    },
  };
  const other = new Periodic(database);
  await Promise.all([periodic, other].map((one) => new Promise<void>((resolve) => one.start([slow], resolve))));
  // As a killed process leaves it: its piece of work is locked, with nobody who works on it.
  await periodic.ask({ name: 'slow', payload: {}, key: 'one', afterMs: 60_000 });
  await test.query(`UPDATE graphile_worker._private_jobs SET locked_at = now(), locked_by = 'a dead one', run_at = now()`);
  for (const at of [0, 1, 2]) {
    await (at % 2 === 0 ? periodic : other).ask({ name: 'slow', payload: {}, key: 'one', afterMs: 0 });
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await until(() => done >= 2, 15_000);
  expect(most).toBe(1);
  await other.beforeApplicationShutdown();
});
