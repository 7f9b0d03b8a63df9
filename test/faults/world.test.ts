import { openWorld, type World } from './support/world.ts';

let world: World;

beforeAll(async () => {
  world = await openWorld();
  await world.gateway();
});

afterAll(() => world.close());

test('on a calm day every job ends, is paid once and is told of, and the auditor has nothing to say', async () => {
  const jobs = await Promise.all(['api2convert', 'runconvert'].map((vendor) => world.caller.send(world.job({ routing: { only: [vendor] } }))));
  await world.settled();
  const ends = await Promise.all(jobs.map(({ id }) => world.caller.ended(id)));
  expect(ends.map(({ status }) => status)).toEqual(['completed', 'completed']);
  expect(await world.audit()).toEqual([]);
  // The control: something was there to be looked at.
  expect(world.receiver.received.map(({ body }) => body.type).sort()).toEqual(['job.completed', 'job.completed', 'job.processing', 'job.processing', 'job.queued', 'job.queued']);
});

test('a database that is stopped as in a crash comes back at its address, with all that was committed', async () => {
  const { id } = await world.caller.send(world.job());
  await world.caller.ended(id);
  await world.postgres.stop('immediate');
  await expect(world.postgres.query('SELECT 1')).rejects.toThrow();
  await world.postgres.start();
  expect(await world.postgres.query('SELECT id FROM job WHERE id = $1', [id])).toEqual([{ id }]);
  await world.caller.ended((await world.caller.send(world.job())).id);
  await world.settled();
  expect(await world.audit()).toEqual([]);
});
