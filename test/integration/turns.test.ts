import { setTimeout as pause } from 'node:timers/promises';
import { databaseTrouble } from '../../src/platform/database-trouble.js';
import { Database } from '../../src/platform/database.js';
import { forCaller } from '../../src/platform/turns.js';
import { testDatabase, type TestDatabase } from '../support/database.js';

let test: TestDatabase;
let database: Database;

beforeAll(async () => {
  test = await testDatabase();
  database = Database.open(test.url, { max: 4 });
});

afterAll(async () => {
  await database.close();
  await test.drop();
});

interface Outcome {
  readonly ms: number;
  readonly trouble: string | null;
}

const outcome = async (work: Promise<unknown>): Promise<Outcome> => {
  const began = performance.now();
  const trouble = await work.then(() => null, (error: unknown) => databaseTrouble(error) ?? 'no trouble of the database');
  return { ms: performance.now() - began, trouble };
};
const ask = (isWaiting = () => true, what = () => database.query('SELECT 1')): Promise<Outcome> => new Promise((resolve) => forCaller(isWaiting, () => void outcome(what()).then(resolve)));
/** Callers that hold so many connections for so long. */
const held = (count: number, seconds: number): Promise<unknown> => Promise.all(Array.from({ length: count }, () => ask(undefined, () => database.query(`SELECT pg_sleep(${seconds})`))));

it('where every connection is held, a caller is told within a second, and work of ours waits', async () => {
  const over = held(4, 2);
  await pause(10);
  const [caller, transaction, ours, gone] = await Promise.all([
    ask(),
    ask(undefined, () => database.transaction((sql) => sql.query('SELECT 1'))),
    outcome(database.query('SELECT 1')),
    // What a request began and nobody waits for any more.
    ask(() => false),
  ]);
  for (const told of [caller, transaction]) {
    expect(told.trouble).toBe('no connection became free within 800 ms');
    expect(told.ms).toBeLessThan(Math.min(ours.ms, gone.ms));
  }
  expect([ours.trouble, gone.trouble]).toEqual([null, null]);
  expect(Math.min(ours.ms, gone.ms)).toBeGreaterThan(1500);
  await over;
  // What came too late is given back.
  expect((await ask()).trouble).toBeNull();
  expect(database.pool.idleCount).toBe(4);
});

it('a caller waits for longer where they only take their turns', async () => {
  const line = Array.from({ length: 32 }, () => held(1, 0.25));
  await pause(10);
  const last = await ask();
  expect(last.trouble).toBeNull();
  expect(last.ms).toBeGreaterThan(1500);
  await Promise.all(line);
});

it('work of ours has not all of them, takes them in its order, and a caller does not wait behind it', async () => {
  const order: number[] = [];
  const works = Array.from({ length: 9 }, (_, nth) => database.query('SELECT pg_sleep(0.5)').then(() => order.push(nth)));
  await pause(50);
  expect(database.waiting).toBe(6);
  expect((await ask()).trouble).toBeNull();
  expect(database.waiting).toBeGreaterThan(0);
  // Transactions and what fails give their places back as well.
  await expect(database.transaction(async (sql) => sql.query('SELECT 1 / 0'))).rejects.toMatchObject({ code: '22012' });
  await Promise.all(works);
  expect(order.every((nth, position) => Math.abs(nth - position) <= 2)).toBe(true);
  expect(database.waiting).toBe(0);
  const again = [1, 2, 3].map(() => database.query('SELECT pg_sleep(0.2)'));
  expect(database.waiting).toBe(database.pool.waitingCount);
  await Promise.all(again);
});

it('work that waits in vain for its place hears so, and those behind it move up', async () => {
  const over = [1, 2, 3].map(() => database.query('SELECT pg_sleep(6)'));
  await pause(10);
  const early = outcome(database.query('SELECT 1'));
  await pause(2000);
  const late = outcome(database.query('SELECT 1'));
  expect(await early).toMatchObject({ trouble: 'no connection became free within 5000 ms' });
  expect(await late).toMatchObject({ trouble: null });
  await Promise.all(over);
});
