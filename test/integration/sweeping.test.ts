import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { Lease } from '../../src/execution/stage-store.js';
import { engineRoom, keptFile, type EngineRoom } from '../support/engine-room.js';
import { FakeProvider } from '../support/fake-provider.js';

const one = new FakeProvider('one', ['convert']);
let room: EngineRoom;

beforeAll(async () => {
  room = await engineRoom([one]);
});

beforeEach(async () => {
  one.canceled.length = 0;
  one.cancelTakes = Promise.resolve();
  await room.empty();
});

afterAll(() => room.close());

const overdue = (...ids: string[]) => room.test.query(`UPDATE job SET deadline_at = now() - interval '1 second' WHERE id = ANY($1::uuid[])`, [ids]);

it('a job past its deadline fails, its attempt is left and canceled; one before it goes on', async () => {
  const [late, early] = [await room.accept({}), await room.accept({})];
  const running = await Promise.all((await room.claim()).map((lease) => room.running(lease)));
  await overdue(late.id);
  await room.deadlines.failOverdue();
  expect(await room.find(late.id)).toMatchObject({ status: 'failed', error: { code: 'deadline_exceeded' }, attempts: [{ status: 'abandoned' }], steps: [{ status: 'skipped' }] });
  expect((await room.find(early.id)).status).toBe('processing');
  expect(one.canceled).toEqual([running.find(({ scene }) => scene.job.id === late.id)?.attempt.providerJobId]);
  expect(await room.deadlines.failOverdue()).toBe(0);
});

it('an upload that never came fails the job in its own words', async () => {
  const job = await room.accept({ inputs: [{ type: 'upload' }] });
  await overdue(job.id);
  await room.deadlines.failOverdue();
  expect(await room.find(job.id)).toMatchObject({ status: 'failed', error: { code: 'input_expired' } });
});

it('several sweepers at once fail each job once', async () => {
  const jobs = await Promise.all(Array.from({ length: 20 }, () => room.accept({})));
  await overdue(...jobs.map(({ id }) => id));
  await Promise.all(Array.from({ length: 5 }, () => room.deadlines.failOverdue()));
  for (const { id } of jobs) expect((await room.events(id)).filter((type) => type === 'job.failed')).toHaveLength(1);
});

it('a provider that does not answer to a cancel holds up nobody else\'s deadline', async () => {
  const jobs = await Promise.all(Array.from({ length: 3 }, () => room.accept({})));
  for (const lease of await room.claim()) await room.running(lease);
  await overdue(...jobs.map(({ id }) => id));
  let answer: () => void = () => undefined;
  one.cancelTakes = new Promise((resolve) => (answer = resolve));
  const sweep = room.deadlines.failOverdue();
  await Promise.race([sweep, new Promise((resolve) => setTimeout(resolve, 1000))]);
  const ended = await Promise.all(jobs.map(async ({ id }) => (await room.find(id)).status));
  answer();
  await sweep;
  expect(ended).toEqual(['failed', 'failed', 'failed']);
});

it('files past their time are erased with their bytes, others are not', async () => {
  const job = await room.accept({ retention: 'PT1M' });
  const [lease] = await room.claim();
  const { scene, attempt } = await room.running(lease as Lease);
  const [old, fresh] = await Promise.all(['old', 'fresh'].map((text) => room.staging.write(Readable.from([Buffer.from(text)]), 100)));
  await room.settle.succeeded(scene, attempt, { files: [keptFile('step-1', { path: old?.path ?? '' }), keptFile('step-1', { path: fresh?.path ?? '' })], deliveries: [], cost: { credits: null } }, 'poll');
  const [kept] = await room.test.query<{ seconds: number }>('SELECT extract(epoch FROM expires_at - now())::float8 AS seconds FROM file WHERE job_id = $1', [job.id]);
  expect(kept?.seconds).toBeGreaterThan(50);
  expect(kept?.seconds).toBeLessThanOrEqual(60);
  expect(await room.sweeper.eraseExpired()).toBe(0);
  await room.test.query(`UPDATE file SET expires_at = now() - interval '1 second' WHERE path = $1`, [old?.path]);
  expect(await room.sweeper.eraseExpired()).toBe(1);
  expect(await room.sweeper.eraseExpired()).toBe(0);
  await expect(buffer(room.staging.open(old?.path ?? ''))).rejects.toMatchObject({ code: 'ENOENT' });
  expect((await buffer(room.staging.open(fresh?.path ?? ''))).toString()).toBe('fresh');
  expect((await room.find(job.id)).files.map(({ erased_at }) => erased_at !== null)).toEqual([true, false]);
});

it('a file that cannot be erased does not keep the others', async () => {
  await room.accept({});
  await room.test.query(`INSERT INTO file (id, job_id, role, path, filename, content_type, size, expires_at) SELECT gen_random_uuid(), id, 'result', p, 'a', 'image/png', 1, now() - interval '1 hour' FROM job, unnest(ARRAY['stuck', 'free']) p`);
  const remove = room.staging.remove.bind(room.staging);
  room.staging.remove = async (path) => (path === 'stuck' ? Promise.reject(Object.assign(new Error('busy'), { code: 'EBUSY' })) : remove(path));
  await room.sweeper.eraseExpired().catch(() => undefined);
  room.staging.remove = remove;
  expect(await room.test.query('SELECT path FROM file WHERE erased_at IS NOT NULL')).toEqual([{ path: 'free' }]);
  expect(await room.test.query('SELECT path FROM file WHERE erased_at IS NULL')).toEqual([{ path: 'stuck' }]);
});

it('a whole batch of files that cannot be erased holds up none behind it, and is tried again', async () => {
  await room.accept({});
  const plant = (role: string, count: number, hours: number) =>
    room.test.query(`INSERT INTO file (id, job_id, role, path, filename, content_type, size, expires_at) SELECT gen_random_uuid(), id, 'result', $1 || n, 'a', 'image/png', 1, now() - make_interval(hours => $3) FROM job, generate_series(1, $2::int) n`, [role, count, hours]);
  await plant('stuck', 500, 2);
  await plant('behind', 3, 1);
  let stuck = true;
  const asked: string[] = [];
  const remove = room.staging.remove.bind(room.staging);
  room.staging.remove = async (path) => {
    asked.push(path);
    if (stuck && path.startsWith('stuck')) throw Object.assign(new Error('busy'), { code: 'EBUSY' });
  };
  const erased = () => room.test.query<{ kind: string; count: number }>(`SELECT rtrim(path, '0123456789') AS kind, count(*)::int AS count FROM file WHERE erased_at IS NOT NULL GROUP BY 1 ORDER BY 1`);
  expect(await room.sweeper.eraseExpired()).toBe(0);
  expect([asked.length, await erased()]).toEqual([500, []]);
  expect(await room.sweeper.eraseExpired()).toBe(3);
  expect([asked.length, await erased()]).toEqual([503, [{ kind: 'behind', count: 3 }]]);
  // The control: those that stood before are still looked at first, and go as soon as they can.
  expect(await room.sweeper.eraseExpired()).toBe(0);
  expect(asked).toHaveLength(1003);
  stuck = false;
  expect(await room.sweeper.eraseExpired()).toBe(0);
  expect(await room.sweeper.eraseExpired()).toBe(500);
  expect(await erased()).toEqual([{ kind: 'behind', count: 3 }, { kind: 'stuck', count: 500 }]);
  room.staging.remove = remove;
});
