import type { View } from './support/caller.ts';
import { preloaded } from './support/preloads.ts';
import { CANARIES, openWorld, type World } from './support/world.ts';

const WORD = 'poisonous';
/** What dies is started again, as by a supervisor, and its work is free at once: as if the lease's 15 s had gone by. */
const RESTARTS = 4;

let world: World;

beforeAll(async () => {
  world = await openWorld({ variables: { ...preloaded('deadly-word.mjs'), DEADLY_WORD: WORD } });
});

afterAll(() => world.close());

const poison = (vendor: string) => world.job({ inputs: [{ id: 'file', type: 'url', url: `https://files.example.com/${WORD}.jpg` }], routing: { only: [vendor] } });
const leasesRunOut = () => Promise.all(['stage', 'delivery'].map((table) => world.postgres.query(`UPDATE ${table} SET lease_until = now() - interval '1 ms' WHERE lease_owner IS NOT NULL`)));

/** Starts gateways until `deaths` of them have died of what they found to do, and one ends all jobs, and all deliveries if those are waited for. */
async function outlive(deaths: number, jobs: readonly View[], variables = {}, allTold = () => Promise.resolve()): Promise<number> {
  let died = 0;
  for (const late = Date.now() + 90_000; Date.now() < late; ) {
    await leasesRunOut();
    const gateway = await world.gateway(variables);
    const exit = new Promise<'died'>((resolve) => gateway.process.once('exit', () => resolve('died')));
    const well = Promise.all(jobs.map(({ id }) => world.caller.ended(id, 60_000))).then(allTold).then(() => 'well' as const, () => 'died' as const);
    if ((await Promise.race([exit, well])) === 'well') return died;
    died += 1;
    if (died > deaths) throw new Error(`${died} gateways died`);
  }
  throw new Error('there was no end to it');
}

test.each(['api2convert', 'runconvert'])('FI-34: a job of %s that kills whoever works on it is failed after four of them, and the jobs beside it are done', async (vendor) => {
  // Taken in by a process that does no work, so that all of it is there at once for the first worker.
  const desk = await world.gateway({ ROLE: 'api', NODE_OPTIONS: undefined });
  const poisoned = await world.caller.send(poison(vendor));
  const others = await Promise.all(Array.from({ length: 12 }, (_, index) => world.caller.send(world.job({ routing: { only: [index % 2 === 0 ? 'api2convert' : 'runconvert'] } }))));
  await desk.stop();
  const died = await outlive(RESTARTS, [poisoned, ...others]);
  const end = await world.caller.ended(poisoned.id);
  expect([died, end.status, end.error]).toEqual([4, 'failed', { code: 'conversion_failed', message: expect.stringContaining('4 times in a row') as string, retryable: false }]);
  for (const { id } of others) expect((await world.caller.ended(id)).status).toBe('completed');
  const events = await world.postgres.query<{ type: string; detail: object }>('SELECT type, detail FROM event WHERE job_id = $1 ORDER BY sequence', [poisoned.id]);
  expect(events.find(({ type }) => type === 'stage.given_up')?.detail).toMatchObject({ lostLeases: 4 });
  await world.settled();
  expect(await world.audit()).toEqual([]);
  await Promise.all([...world.gateways].map((gateway) => gateway.stop()));
});

test('FI-34: a webhook delivery that kills whoever makes it is given up after four of them, what comes after it is told, and so is all that lies beside it', async () => {
  const desk = await world.gateway({ ROLE: 'api', NODE_OPTIONS: undefined });
  const poisoned = await world.caller.send(world.job({ webhook: { url: `${world.receiver.origin}/deadly`, secret: CANARIES.webhook } }));
  const others = await Promise.all(Array.from({ length: 12 }, () => world.caller.send(world.job())));
  await desk.stop();
  const open = async () => (await world.postgres.query<{ open: string }>(`SELECT count(*) AS open FROM delivery WHERE status = 'scheduled'`))[0]?.open;
  const allTold = async () => {
    for (const late = Date.now() + 60_000; (await open()) !== '0' && Date.now() < late; ) await new Promise((resolve) => setTimeout(resolve, 50));
  };
  expect(await outlive(RESTARTS, [poisoned, ...others], { DEADLY_HOOK: '/deadly', DEADLY_WORD: '"type":"job.processing"' }, allTold)).toBe(4);
  const log = (id: string) => world.postgres.query<{ type: string; status: string; error: string | null }>(
    `SELECT e.type, d.status, t.error FROM delivery d JOIN outbox_event e ON e.id = d.event_id JOIN delivery_try t ON t.delivery_id = d.id WHERE d.job_id = $1 ORDER BY d.sequence, t.number`, [id]);
  expect(await log(poisoned.id)).toEqual([
    { type: 'job.queued', status: 'sent', error: null },
    { type: 'job.processing', status: 'exhausted', error: expect.stringContaining('4 times in a row') as string },
    { type: 'job.completed', status: 'sent', error: null },
  ]);
  // The control: the same event of others, made by the same processes, is no poison.
  for (const { id } of others) expect((await log(id)).map(({ type, status }) => [type, status])).toEqual([['job.queued', 'sent'], ['job.processing', 'sent'], ['job.completed', 'sent']]);
  expect((await world.caller.ended(poisoned.id)).status).toBe('completed');
  expect(await world.audit()).toEqual([]);
  await Promise.all([...world.gateways].map((gateway) => gateway.stop()));
});

test('FI-34: a worker that is killed for other reasons, and a database that goes away, speak against no job', async () => {
  const kept = (id: string) => world.postgres.query<{ lost: number }>('SELECT lost_leases AS lost FROM stage WHERE job_id = $1', [id]).then(([row]) => row?.lost);
  await world.play({ name: 'hang', vendor: 'api2convert', match: { filename: 'lighthouse' } });
  const first = await world.gateway();
  const { id } = await world.caller.send(world.job({ routing: { only: ['api2convert'], deadlineSeconds: 3600 } }));
  const running = async () => (await world.caller.read(id))?.attempts[0]?.status === 'running';
  for (const late = Date.now() + 10_000; !(await running()) && Date.now() < late; ) await new Promise((resolve) => setTimeout(resolve, 50));
  // Killed in the middle, as seen by the row; the next one polls it, which goes well, and it is as if nothing had been.
  await world.postgres.query(`UPDATE stage SET lease_owner = gen_random_uuid(), lease_until = now() + interval '1 hour', lease_epoch = lease_epoch + 1, lost_leases = 1 WHERE job_id = $1`, [id]);
  await first.kill();
  await leasesRunOut();
  await world.gateway();
  for (const late = Date.now() + 10_000; (await kept(id)) !== 0 && Date.now() < late; ) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(await kept(id)).toBe(0);
  for (let cut = 0; cut < 5; cut += 1) {
    await world.postgres.cutConnections();
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  await world.caller.send(world.job()).then((job) => world.caller.ended(job.id));
  expect(Math.max(...(await world.postgres.query<{ lost: number }>(`SELECT lost_leases AS lost FROM stage WHERE status = 'active'`)).map(({ lost }) => lost))).toBeLessThan(2);
  await fetch(`${world.gateways[0]?.url}/v1/jobs/${id}/cancel`, { method: 'POST', headers: { authorization: `Bearer ${world.gateways[0]?.key}` } });
  await world.settled();
  expect(await world.audit()).toEqual([]);
});
