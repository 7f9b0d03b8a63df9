import type { Spoiling } from './support/spoiler.ts';
import { openSpoiltWorld, sendWorded, tries, vendorJobsOf, type SpoiltWorld } from './support/spoilt-world.ts';
import type { View } from './support/caller.ts';

let world: SpoiltWorld;

beforeAll(async () => {
  world = await openSpoiltWorld();
  await world.gateway(world.ways);
});

afterAll(() => world.close());

const VENDORS = ['api2convert', 'runconvert'];
const other = (vendor: string): string => VENDORS.find((one) => one !== vendor) ?? '';
const say = (body: (truth: string) => string): Spoiling => ({ do: 'say', body });

/** The scenario happens to the first vendor job of that word alone. */
async function once(vendor: string, word: string, name: string, routing: object): Promise<View> {
  await world.play({ name, vendor, match: { filename: word }, times: 1 });
  return sendWorded(world, word, { routing });
}

const paidOf = async (id: string): Promise<string[]> => (await vendorJobsOf(world, id)).filter(({ billable }) => billable).map(({ vendor, outcome }) => `${vendor} ${outcome}`);

test('FI-19: vendor jobs that vanish or hang for ever are given up in time, left behind in order, and done again', async () => {
  // A job that is not there any more is believed to be gone after a minute; one that stands still, at the latest after half of the time it has.
  const SECONDS: Readonly<Record<string, number>> = { vanish: 180, hang: 40 };
  const stories = VENDORS.flatMap((vendor) => [['vanish', 'vanished'], ['hang', 'timeout']].map(([name = '', kind = '']) => ({ vendor, name, kind })));
  const forever = VENDORS.map((vendor) => ({ vendor, word: `forever-${vendor}-sandbox-hang` }));
  const [done, late] = await Promise.all([
    Promise.all(stories.map(async ({ vendor, name }) => world.caller.ended((await once(vendor, `${vendor}-${name}`, name, { only: [vendor], deadlineSeconds: SECONDS[name] })).id, 110_000))),
    Promise.all(forever.map(async ({ vendor, word }) => world.caller.ended((await sendWorded(world, word, { routing: { only: [vendor], deadlineSeconds: 10 } })).id, 40_000))),
  ]);
  expect(done.map((job) => [job.status, ...tries(job)])).toEqual(stories.map(({ vendor, kind }) => ['completed', `${vendor} errored ${kind}`, `${vendor} succeeded`]));
  // With nothing but vendors that hang, the deadline is the end.
  expect(late.map(({ status, error }) => [status, error?.code])).toEqual(forever.map(() => ['failed', 'deadline_exceeded']));
  await world.settled();
  // Where a vendor knows how to cancel, what was left behind does not run on.
  for (const [index, { vendor, name }] of stories.entries()) {
    const paid = await paidOf(done[index]?.id ?? '');
    expect(paid.length).toBeLessThanOrEqual(2);
    if (vendor === 'api2convert' && name === 'hang') expect(paid.sort()).toEqual(['api2convert canceled', 'api2convert completed']);
  }
  expect(await world.audit()).toEqual([]);
});

test('FI-19: a success without files, with wrong ones, or with files that are gone by now is no success: another provider does it, and if that is no better it is the end', async () => {
  const broken = VENDORS.flatMap((vendor) => ['success-without-file', 'wrong-file'].map((name) => ({ vendor, name })));
  const gone = ['disabled', 'expired', 'overuse'];
  for (const status of gone) world.spoilers['api2convert']?.spoil(`gone-${status}`, 'read', say((truth) => truth.replaceAll('"status":"enabled"', `"status":"${status}"`)), 1000);
  for (const vendor of VENDORS) await world.play({ name: 'success-without-file', vendor, match: { filename: 'nobody-has-it' }, times: 1 });
  const [one, lost, nobody] = await Promise.all([
    Promise.all(broken.map(async ({ vendor, name }) => world.caller.ended((await once(vendor, `${vendor}-${name}`, name, { prefer: [vendor] })).id))),
    Promise.all(gone.map(async (status) => world.caller.ended((await sendWorded(world, `gone-${status}`, { routing: { prefer: ['api2convert'] } })).id))),
    sendWorded(world, 'nobody-has-it').then(({ id }) => world.caller.ended(id)),
  ]);
  expect(one.map((job) => [job.status, ...tries(job)])).toEqual(broken.map(({ vendor }) => ['completed', `${vendor} errored output_invalid`, `${other(vendor)} succeeded`]));
  expect(lost.map((job) => [job.status, ...tries(job)])).toEqual(gone.map(() => ['completed', 'api2convert errored output_invalid', 'runconvert succeeded']));
  expect([nobody.status, nobody.error?.code, nobody.attempts.length, nobody.outputs]).toEqual(['failed', 'output_invalid', 2, []]);
  // The control on money: both that ran are paid, and no third one.
  for (const { id } of [...one, ...lost, nobody]) expect(await paidOf(id)).toHaveLength(2);
  // What the vendor took for nothing is written down beside what it failed for.
  expect(await world.postgres.query(`SELECT count(*)::int AS count FROM attempt WHERE status = 'errored' AND provider = 'api2convert' AND job_id = ANY($1::uuid[]) AND credits IS NULL`, [lost.map(({ id }) => id)])).toEqual([{ count: 0 }]);
  await world.settled();
  expect(await world.audit()).toEqual([]);
});

test('FI-19: words that go back and ids that are given twice mislead nobody', async () => {
  const first = await world.caller.ended((await sendWorded(world, 'has-the-id', { routing: { prefer: ['api2convert'] } })).id);
  const earlier: Record<string, string> = { api2convert: first.attempts[0]?.providerJobId ?? '' };
  earlier['runconvert'] = (await world.caller.ended((await sendWorded(world, 'has-the-other-id', { routing: { prefer: ['runconvert'] } })).id)).attempts[0]?.providerJobId ?? '';
  const jobs = await Promise.all(VENDORS.map(async (vendor) => {
    world.spoilers[vendor]?.spoil(`reused-${vendor}`, 'create', say((truth) => truth.replace(/"id":\s*"[^"]+"/, `"id":"${earlier[vendor] ?? ''}"`)));
    return world.caller.ended((await sendWorded(world, `reused-${vendor}`, { routing: { prefer: [vendor] } })).id);
  }));
  // Where what was created also runs, its true id is found; where it is inert, it is left.
  expect(jobs.map(tries)).toEqual([['api2convert errored malformed_response', 'runconvert succeeded'], ['runconvert succeeded']]);
  for (const { id } of jobs) expect(await paidOf(id)).toHaveLength(1);

  world.spoilers['api2convert']?.spoil('back-sandbox-no-callback', 'read', say((truth) => truth.replace('"code":"completed"', '"code":"ready"').replace('"code":"processing"', '"code":"incomplete"')), 4);
  const back = await world.caller.ended((await sendWorded(world, 'back-sandbox-no-callback', { routing: { only: ['api2convert'] } })).id);
  expect(tries(back)).toEqual(['api2convert succeeded']);
  expect(await world.caller.read(first.id)).toEqual(first);
  await world.settled();
  expect(await world.audit()).toEqual([]);
});

test('FI-20: a vendor that completes what was canceled changes nothing: the first end stands, and is the only one that is told', async () => {
  const canceled = await Promise.all(VENDORS.map(async (vendor) => {
    const word = `late-${vendor}-sandbox-late-callback-1500`;
    const { id } = await sendWorded(world, word, { routing: { only: [vendor] } });
    for (const late = Date.now() + 20_000; (await world.caller.read(id))?.attempts[0]?.status !== 'running' && Date.now() < late; ) await new Promise((resolve) => setTimeout(resolve, 5));
    return { id, status: (await world.gateways[0]?.call(`/v1/jobs/${id}/cancel`, { method: 'POST' }))?.status };
  }));
  await new Promise((resolve) => setTimeout(resolve, 3000));
  await world.settled();
  for (const { id, status } of canceled) {
    const job = await world.caller.ended(id);
    // Who was too late to cancel was told so, and the job is done.
    expect([status, job.status]).toEqual(status === 202 ? [202, 'canceled'] : [409, 'completed']);
    expect(world.receiver.received.filter(({ body }) => body.data.id === id && /^job\.(completed|failed|canceled)$/.test(body.type))).toHaveLength(1);
    expect(await vendorJobsOf(world, id)).toHaveLength(1);
  }
  expect(await world.audit()).toEqual([]);
});
