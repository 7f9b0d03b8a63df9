import { attempt, busy, due, ended, listed, numbers, plant, room, round, ask, setTheScene, soonest, stageOf, state, vendor } from './scene.js';

setTheScene();

it('where few run the list is never asked for', async () => {
  await plant(100);
  await round();
  expect(vendor.pages).toBe(0);
  expect(await soonest()).toBeLessThan(2);
});

it('where many run it stands for reading each: nobody is due for three rounds, and the next call comes a round later', async () => {
  await plant(300);
  await round();
  expect(vendor.pages).toBe(6);
  expect(await soonest()).toBeGreaterThan(39);
  expect(Math.max(...(await due()).values())).toBeLessThan(46);
  expect((await state())?.seconds).toBeGreaterThan(10);
  expect(await state()).toMatchObject({ failures: 0, covers: true });
  await ask();
  expect(vendor.pages).toBe(6);
});

it('what did not change is not written again', async () => {
  await plant(150);
  await round();
  await round();
  const versions = () => room.test.query<object>('SELECT a.xmin::text AS attempt, g.xmin::text AS stage, j.xmin::text AS job FROM attempt a JOIN stage g ON g.id = a.stage_id JOIN job j ON j.id = a.job_id ORDER BY a.id');
  const before = await versions();
  await round();
  expect(await versions()).toEqual(before);
  vendor.jobs = vendor.jobs.map((job, index) => (index === 7 ? busy(8, { word: 'busier' }) : job));
  await round();
  expect(await versions()).not.toEqual(before);
});

it('what it calls ended is read at once, and only once: reading alone settles', async () => {
  await plant(150, 20);
  vendor.jobs = numbers(150).map((number) => (number === 70 ? ended(70) : busy(number)));
  await round();
  const times = await due();
  expect(times.get(70)).toBeLessThanOrEqual(0);
  expect([...times].filter(([, seconds]) => seconds <= 0)).toHaveLength(1);
  expect(await room.test.query(`SELECT 1 FROM attempt WHERE status <> 'running'`)).toEqual([]);
  // The read said that it runs: the list lies, and the next one does not have it read again.
  await stageOf(70, `due_at = now() + interval '10 s'`);
  await round();
  expect((await due()).get(70)).toBeGreaterThan(5);
});

it('what it showed before and shows no more is read at once; what it never showed is left to its own time', async () => {
  await plant(150, 30);
  vendor.jobs = vendor.jobs.filter((_job, index) => index !== 3);
  await round();
  vendor.jobs = vendor.jobs.filter(({ providerJobId }) => providerJobId !== 'theirs-90');
  await round();
  const times = await due();
  expect(times.get(90)).toBeLessThanOrEqual(0);
  expect(times.get(4)).toBeGreaterThan(20);
  expect([...times].filter(([, seconds]) => seconds <= 0)).toHaveLength(1);
  expect([await listed(90), await listed(4), await listed(5)]).toEqual(['gone', null, 'running']);
});

it('all that ended at once are read at once', async () => {
  await plant(1200, 30);
  await round();
  vendor.jobs = [];
  await round();
  expect([...(await due()).values()].every((seconds) => seconds <= 0)).toBe(true);
  expect(await state()).toMatchObject({ failures: 0 });
});

it('news are written as a read would write them; less progress is an older page', async () => {
  await plant(150);
  vendor.jobs = numbers(150).map((number) => busy(number, { progress: 40 }));
  await round();
  vendor.jobs = numbers(150).map((number) => busy(number, { progress: number === 1 ? 60 : 20 }));
  await round();
  const [first] = await room.test.query<{ id: string }>(`SELECT job_id AS id FROM attempt WHERE provider_job_id = 'theirs-1'`);
  const events = await room.test.query(`SELECT sequence, cause, detail->>'status' AS status, (detail->>'progress')::int AS progress FROM event WHERE job_id = $1 ORDER BY sequence`, [first?.id]);
  expect(events).toEqual([{ sequence: 1, cause: 'poll', status: 'busy', progress: 40 }, { sequence: 2, cause: 'poll', status: 'busy', progress: 60 }]);
  expect(await room.find(first?.id ?? '')).toMatchObject({ progress: 60 });
  expect(await room.test.query(`SELECT count(*)::int AS count FROM event`)).toEqual([{ count: 151 }]);
});

it('of a job of several steps, one that may be done by now is read at once, so that its results are kept; news of any other put it off as ever', async () => {
  await plant(150, 20);
  for (const number of [1, 2, 3]) await attempt(number, `step_ids = ARRAY['a', 'b', 'c']`);
  const told = (progress: Readonly<Record<number, number>>) => (vendor.jobs = numbers(150).map((number) => busy(number, { progress: progress[number] ?? 10 })));
  const atOnce = async () => [...(await due())].filter(([, seconds]) => seconds <= 0).map(([number]) => number);
  told({});
  await round();
  expect(await atOnce()).toEqual([]);
  // A half of a step is a sixth of the job: 2 has not got so far, and 4 is one step alone.
  told({ 1: 40, 2: 16, 4: 90 });
  await round();
  expect(await atOnce()).toEqual([1]);
  await stageOf(1, `due_at = now() + interval '40 s'`);
  // It was read, and got no further.
  told({ 1: 45, 2: 34, 4: 95 });
  await round();
  expect(await atOnce()).toEqual([2]);
  expect((await due()).get(1)).toBeGreaterThan(35);
});

it('a worker\'s lease, a callback\'s hint and a read that failed are not disturbed', async () => {
  await plant(150, 0);
  await stageOf(1, `lease_owner = gen_random_uuid(), lease_until = now() + interval '10 s', lease_epoch = 5`);
  await stageOf(2, `hinted = true`);
  await attempt(3, 'read_failures = 1');
  const before = await due();
  await round();
  const after = await due();
  for (const number of [1, 2, 3]) expect(after.get(number)).toBeLessThan((before.get(number) ?? 0) + 0.1);
  expect(after.get(4)).toBeGreaterThan(39);
});

it('rows that somebody else holds are not waited for', async () => {
  await plant(150, 0);
  await room.database.transaction(async (sql) => {
    await sql.query(`SELECT 1 FROM job WHERE id IN (SELECT job_id FROM attempt WHERE provider_job_id IN ('theirs-1', 'theirs-2')) FOR UPDATE`);
    await sql.query(`SELECT 1 FROM stage WHERE id IN (SELECT stage_id FROM attempt WHERE provider_job_id = 'theirs-1') FOR UPDATE`);
    await round();
  });
  const times = await due();
  expect(times.get(1)).toBeLessThanOrEqual(0);
  expect(times.get(3)).toBeGreaterThan(39);
});

it('an attempt that stands still is read when its patience ends, whatever the list says', async () => {
  await plant(150);
  await room.test.query(`UPDATE attempt SET word = 'busy'`);
  await attempt(1, `moved_at = now() - interval '110 s'`);
  await attempt(2, `moved_at = now() - interval '130 s'`);
  await attempt(3, `moved_at = now() - interval '130 s', patience_ms = 600000`);
  await attempt(4, `moved_at = now() - interval '130 s', word = 'before'`);
  await room.test.query(`UPDATE job SET deadline_at = now() + interval '60 s' WHERE id = (SELECT job_id FROM attempt WHERE provider_job_id = 'theirs-5')`);
  await round();
  const times = await due();
  expect(times.get(1)).toBeGreaterThan(5);
  expect(times.get(1)).toBeLessThan(11);
  expect(times.get(2)).toBeLessThanOrEqual(0);
  expect(times.get(5)).toBeLessThan(31);
  for (const number of [3, 4, 6]) expect(times.get(number)).toBeGreaterThan(39);
});
