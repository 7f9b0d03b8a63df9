import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Leftovers } from '../../src/execution/leftovers.js';
import { Staging } from '../../src/files/staging.js';
import { engineRoom, type EngineRoom } from '../support/engine-room.js';
import { FakeProvider } from '../support/fake-provider.js';

let room: EngineRoom;
let root: string;
let staging: Staging;
let leftovers: Leftovers;

beforeAll(async () => void (room = await engineRoom([new FakeProvider('one', ['convert'])])));
beforeEach(async () => {
  await room.empty();
  root = await mkdtemp(join(tmpdir(), 'leftovers-'));
  staging = new Staging(root);
  leftovers = new Leftovers(room.database, staging);
});
afterEach(() => rm(root, { recursive: true, force: true }));
afterAll(() => room.close());

const remove = () => leftovers.remove(new AbortController().signal);
const there = async () => (await readdir(root, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name).slice(root.length + 1)).sort();

/** A file in the place, last written so long ago. */
async function lay(hoursAgo: number, path = named(), ending = ''): Promise<string> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path + ending), 'bytes');
  await age(path + ending, hoursAgo);
  return path + ending;
}

const named = (): string => ((id) => join(id.slice(0, 2), id))(randomUUID());
const age = (path: string, hoursAgo: number) => utimes(join(root, path), new Date(Date.now() - hoursAgo * 3_600_000), new Date(Date.now() - hoursAgo * 3_600_000));
const row = (path: string, erased = false) =>
  room.test.query(`INSERT INTO file (id, job_id, role, path, filename, content_type, size, erased_at) SELECT $1, id, 'result', $2, 'a', 'b', 5, CASE WHEN $3 THEN now() END FROM job`, [randomUUID(), path, erased]);

it('what no row names and nobody has written to for a day goes; what is named, young, or none of ours stays', async () => {
  await room.accept({});
  const kept = [await lay(1000), await lay(23), await lay(23, named(), '.part'), await lay(1000, 'notes.txt'), await lay(1000, 'ab/notes.txt'), await lay(1000, `ab/cd${randomUUID().slice(2)}`), await lay(1000, `lost+found/${randomUUID()}`)];
  await row(kept[0] ?? '');
  const erased = await lay(25);
  await row(erased, true);
  await lay(25);
  await lay(1000);
  await lay(25, named(), '.part');
  expect((await there()).length).toBe(kept.length + 4);
  expect(await remove()).toBe(4);
  expect(await there()).toEqual([...kept].sort());
  expect(await remove()).toBe(0);
});

it('thousands of them, a few at a time', async () => {
  await room.accept({});
  const kept: string[] = [];
  for (let n = 0; n < 1500; n += 1) {
    const path = await lay(48);
    if (n % 3 === 0) kept.push(path);
  }
  await room.test.query(`INSERT INTO file (id, job_id, role, path, filename, content_type, size) SELECT gen_random_uuid(), job.id, 'result', p, 'a', 'b', 5 FROM job, unnest($1::text[]) p`, [kept]);
  const sizes: number[] = [];
  for await (const some of staging.writtenBefore(new Date())) sizes.push(some.length);
  expect([Math.max(...sizes), sizes.reduce((sum, size) => sum + size, 0)]).toEqual([200, 1500]);
  expect(await remove()).toBe(1000);
  expect(await there()).toEqual(kept.sort());
});

it('the results of a job that has run for days are not named yet, and stay until it has ended', async () => {
  const job = await room.accept({ routing: { deadlineSeconds: 604_800 } });
  await room.test.query(`UPDATE job SET created_at = now() - interval '3 days'`);
  const [before, since] = [await lay(3 * 24 + 2), await lay(2 * 24)];
  expect(await remove()).toBe(1);
  expect(await there()).toEqual([since]);
  expect(before).not.toBe(since);
  await room.test.query('UPDATE job SET ended_at = now() WHERE id = $1', [job.id]);
  expect(await remove()).toBe(1);
});

it('another name for old bytes is as young as itself: the job that it is made for has not said yet that it has it', async () => {
  const old = await lay(48);
  const other = await staging.duplicate(old);
  expect(await remove()).toBe(0);
  expect(await there()).toEqual([old, other].sort());
  await age(old, 48);
  expect(await remove()).toBe(2);
});

it('nothing goes where the database cannot be asked, and a place that is not there yet is empty', async () => {
  const old = await lay(48);
  const away = new Leftovers({ query: async () => Promise.reject(new Error('away')) } as unknown as typeof room.database, staging);
  await expect(away.remove(new AbortController().signal)).rejects.toThrow('away');
  expect(await there()).toEqual([old]);
  expect(await new Leftovers(room.database, new Staging(join(root, 'nowhere'))).remove(new AbortController().signal)).toBe(0);
});

it('whether a path is named is looked up, not searched for', async () => {
  await room.accept({});
  await room.test.query(`INSERT INTO file (id, job_id, role, path, filename, content_type, size) SELECT gen_random_uuid(), job.id, 'result', gen_random_uuid()::text, 'a', 'b', 5 FROM job, generate_series(1, 20000)`);
  await room.test.query('ANALYZE file');
  const plan = await room.test.query<{ 'QUERY PLAN': string }>('EXPLAIN SELECT path FROM file WHERE path = ANY($1) AND erased_at IS NULL', [Array.from({ length: 200 }, named)]);
  expect(plan.map((line) => line['QUERY PLAN']).join('\n')).toMatch(/file_named/);
});
