import { setTimeout as pause } from 'node:timers/promises';
import { databaseTrouble } from '../../src/platform/database-trouble.js';
import { Database } from '../../src/platform/database.js';
import { forCaller } from '../../src/platform/turns.js';
import { testDatabase, type TestDatabase } from '../support/database.js';

let test: TestDatabase;
let database: Database;

beforeAll(async () => {
  test = await testDatabase();
  database = Database.open(test.url, { max: 2 });
});

afterAll(async () => {
  await database.close();
  await test.drop();
});

/** Both connections for so long. */
const held = (seconds: number): Promise<unknown> => Promise.all([1, 2].map(() => database.query(`SELECT pg_sleep(${seconds})`)));
const outcome = async (work: Promise<unknown>): Promise<{ ms: number; trouble: string | null }> => {
  const began = performance.now();
  const trouble = await work.then(() => null, (error: unknown) => databaseTrouble(error) ?? 'no trouble of the database');
  return { ms: performance.now() - began, trouble };
};
const ask = (isWaiting: () => boolean, what = () => database.query('SELECT 1')): Promise<{ ms: number; trouble: string | null }> => new Promise((resolve) => forCaller(isWaiting, () => void outcome(what()).then(resolve)));

it('where every connection is held, a caller is told within a second, and work of ours waits', async () => {
  const over = held(2);
  const [caller, transaction, ours, gone] = await Promise.all([
    ask(() => true),
    ask(() => true, () => database.transaction((sql) => sql.query('SELECT 1'))),
    outcome(database.query('SELECT 1')),
    // What a request began and nobody waits for any more.
    ask(() => false),
  ]);
  for (const told of [caller, transaction]) {
    expect(told.trouble).toBe('no connection became free within 800 ms');
    expect(told.ms).toBeLessThan(1500);
  }
  expect([ours.trouble, gone.trouble]).toEqual([null, null]);
  expect(Math.min(ours.ms, gone.ms)).toBeGreaterThan(1500);
  await over;
  // What came too late is given back.
  expect((await ask(() => true)).trouble).toBeNull();
  expect(database.pool.idleCount).toBe(2);
});

it('a caller waits for longer where they only take their turns', async () => {
  const line = Array.from({ length: 16 }, () => database.query('SELECT pg_sleep(0.25)'));
  await pause(10);
  const last = await ask(() => true);
  expect(last.trouble).toBeNull();
  expect(last.ms).toBeGreaterThan(1500);
  await Promise.all(line);
});
