import { Database } from '../../src/platform/database.js';
import { testDatabase, type TestDatabase } from '../support/database.js';

let test: TestDatabase;
let database: Database;

beforeAll(async () => {
  test = await testDatabase({ migrate: false });
  database = Database.open(test.url, { max: 2 });
  await test.query('CREATE TABLE note (text text PRIMARY KEY)');
});

beforeEach(() => test.query('TRUNCATE note'));

afterAll(async () => {
  await database.close();
  await test.drop();
});

const INSERT = 'INSERT INTO note VALUES ($1) RETURNING text';
const notes = async () => (await test.query<{ text: string }>('SELECT text FROM note ORDER BY 1')).map(({ text }) => text);

it('what nobody waits for is done in its order, before what is waited for and before the commit, and its rows are heard', async () => {
  const heard: unknown[] = [];
  const seen = await database.transaction(async (sql) => {
    sql.later(INSERT, ['one'], (rows) => heard.push(rows));
    const [count] = await sql.query<{ count: number }>('SELECT count(*)::int AS count FROM note');
    sql.later(INSERT, ['two'], (rows) => heard.push(rows));
    return count?.count;
  });
  expect([seen, heard, await notes()]).toEqual([1, [[{ text: 'one' }], [{ text: 'two' }]], ['one', 'two']]);
});

it.each([['by whoever waits for the next statement', true], ['by the commit', false]])('the first that fails is told %s, nothing of it stays, and the connection is as good as before', async (_by, waits) => {
  const failed = database.transaction(async (sql) => {
    sql.later(INSERT, ['one']);
    sql.later(INSERT, ['one']);
    sql.later(INSERT, ['two']);
    if (waits) await sql.query('SELECT 1');
  });
  await expect(failed).rejects.toMatchObject({ code: '23505' });
  expect(await notes()).toEqual([]);
  await Promise.all([1, 2, 3].map((nth) => database.transaction((sql) => sql.later(INSERT, [`after ${nth}`]))));
  expect(await notes()).toEqual(['after 1', 'after 2', 'after 3']);
});

it('work that throws leaves nothing, whether anything was sent or not', async () => {
  for (const sends of [true, false]) {
    const thrown = database.transaction(async (sql) => {
      sql.later(INSERT, ['one']);
      if (sends) await sql.query('SELECT 1');
      throw new Error('no');
    });
    await expect(thrown).rejects.toThrow('no');
    expect(await notes()).toEqual([]);
  }
});

it('what is to be done once it is committed is done then, and never where nothing was', async () => {
  const done: string[] = [];
  await database.transaction(async (sql) => {
    sql.later(INSERT, ['one']);
    sql.afterwards(() => done.push('one'));
    await sql.query('SELECT 1');
    expect(done).toEqual([]);
  });
  await expect(database.transaction((sql) => {
    sql.later(INSERT, ['one']);
    sql.afterwards(() => done.push('twice'));
  })).rejects.toThrow();
  expect([done, await notes()]).toEqual([['one'], ['one']]);
});
