import type { Spoiling } from './support/spoiler.ts';
import { openSpoiltWorld, sendWorded, tries, vendorJobsOf, type SpoiltWorld } from './support/spoilt-world.ts';

let world: SpoiltWorld;

beforeAll(async () => {
  world = await openSpoiltWorld();
  await world.gateway(world.ways);
});

afterAll(() => world.close());

const VENDORS = ['api2convert', 'runconvert'];
const throttled = (retryAfter?: string): Spoiling => ({ do: 'refuse', status: 429, ...(retryAfter === undefined ? {} : { headers: { 'retry-after': retryAfter } }) });
/** When this vendor got the creates of this job, in ms. */
const createsOf = (vendor: string, word: string): number[] => (world.spoilers[vendor]?.seen ?? []).filter((one) => one.call === 'create' && one.word === word).map(({ at }) => at);

test('FI-36: with every answer a 5xx, a vendor gets one request for each try that is allowed, and not one more', async () => {
  const MAX = 4;
  const words = VENDORS.flatMap((vendor) => [500, 503, 502].map((status) => ({ vendor, status, word: `always-${vendor}-${status}` })));
  const ends = await Promise.all(words.map(async ({ vendor, status, word }) => {
    for (const each of VENDORS) world.spoilers[each]?.spoil(word, 'create', { do: 'refuse', status }, 1000);
    return world.caller.ended((await sendWorded(world, word, { routing: { prefer: [vendor], maxAttempts: MAX } })).id, 60_000);
  }));
  for (const [index, job] of ends.entries()) {
    const word = words[index]?.word ?? '';
    const asked = VENDORS.flatMap((vendor) => createsOf(vendor, word)).length;
    console.log(`${word}: ${tries(job).length} tries, ${asked} requests`);
    expect(job).toMatchObject({ status: 'failed', error: { code: 'providers_exhausted' } });
    expect(job.attempts).toHaveLength(MAX);
    expect(asked).toBeLessThanOrEqual(1.2 * MAX);
    // One layer of retries: each request is a try that is written down.
    expect(asked).toBe(MAX);
    expect(await vendorJobsOf(world, job.id)).toEqual([]);
  }
  // The control: without the fault one request is enough.
  world.spoilers['api2convert']?.spoil('never-refused', 'create', { do: 'reset' }, 0);
  await world.caller.ended((await sendWorded(world, 'never-refused', { routing: { only: ['api2convert'] } })).id);
  expect(createsOf('api2convert', 'never-refused')).toHaveLength(1);
  await world.settled();
  expect(await world.audit()).toEqual([]);
});

test('429 with a Retry-After, in seconds or as a date: elsewhere at once if there is an elsewhere, else not before the time that was told', async () => {
  const SECONDS = 6;
  const date = (): string => new Date(Date.now() + SECONDS * 1000).toUTCString();
  const forms: readonly (readonly [string, () => string | undefined, number])[] = [['seconds', () => String(SECONDS), SECONDS * 1000], ['date', date, 0], ['none', () => undefined, 1000], ['negative', () => '-7', 1000], ['words', () => 'soon', 1000], ['past', () => new Date(0).toUTCString(), 1000]];
  const alone = forms.flatMap(([form, value, least]) => VENDORS.map((vendor) => ({ vendor, word: `alone-${vendor}-${form}`, value: value(), least })));
  const both = `both-throttled`;
  for (const { vendor, word, value } of alone) world.spoilers[vendor]?.spoil(word, 'create', throttled(value));
  for (const vendor of VENDORS) world.spoilers[vendor]?.spoil(both, 'create', throttled(String(SECONDS)));
  world.spoilers['api2convert']?.spoil('other-is-free', 'create', throttled('3600'));
  const [free, two, ...ends] = await Promise.all([
    sendWorded(world, 'other-is-free', { routing: { prefer: ['api2convert'] } }).then(({ id }) => world.caller.ended(id)),
    sendWorded(world, both, { routing: { prefer: ['api2convert'] } }).then(({ id }) => world.caller.ended(id)),
    ...alone.map(async ({ vendor, word }) => world.caller.ended((await sendWorded(world, word, { routing: { only: [vendor] } })).id)),
  ]);
  expect(tries(free)).toEqual(['api2convert errored rate_limited', 'runconvert succeeded']);
  for (const [index, job] of ends.entries()) {
    const { vendor = '', word = '', value = '', least = 0 } = alone[index] ?? {};
    const [first = 0, second = 0] = createsOf(vendor, word);
    expect([word, ...tries(job)]).toEqual([word, `${vendor} errored rate_limited`, `${vendor} succeeded`]);
    const told = word.endsWith('-date') ? Date.parse(value) : first + least * 0.95;
    expect([word, second >= told]).toEqual([word, true]);
    expect(createsOf(vendor, word)).toHaveLength(2);
  }
  // Two that both want to be left alone are: going from the one to the other and back is no way round it.
  expect(tries(two)).toEqual(['api2convert errored rate_limited', 'runconvert errored rate_limited', 'api2convert succeeded']);
  const [first = 0, second = 0] = createsOf('api2convert', both);
  expect(second - first).toBeGreaterThanOrEqual(SECONDS * 950);
  expect(createsOf('runconvert', both)).toHaveLength(1);
  await world.settled();
  expect(await world.audit()).toEqual([]);
});

test('a Retry-After of years counts as an hour; the job waits for its deadline and not for ever', async () => {
  world.spoilers['api2convert']?.spoil('years', 'create', throttled('99999999999'), 1000);
  const { id } = await sendWorded(world, 'years', { routing: { only: ['api2convert'], deadlineSeconds: 7200 } });
  const [waiting] = await dueOf(id);
  console.log(`it is due again in ${waiting?.seconds ?? 'never'} s`);
  expect(waiting?.seconds).toBeGreaterThan(3500);
  expect(waiting?.seconds).toBeLessThanOrEqual(3600);
  expect(createsOf('api2convert', 'years')).toHaveLength(1);
  expect((await world.gateways[0]?.call(`/v1/jobs/${id}/cancel`, { method: 'POST' }))?.status).toBe(202);
  await world.settled();
  expect(await world.audit()).toEqual([]);
});

test('402 and 401 in the middle of a job lead to the next provider at once; with nobody left, to turns with pauses and then the end', async () => {
  const cases = VENDORS.flatMap((vendor) => [[402, 'quota_exhausted'], [401, 'unauthorized']].map(([status, kind]) => ({ vendor, status: Number(status), kind: String(kind) })));
  const ends = await Promise.all(cases.map(async ({ vendor, status }) => {
    const [word, lone] = [`refused-${vendor}-${status}`, `lone-${vendor}-${status}`];
    for (const each of [word, lone]) world.spoilers[vendor]?.spoil(each, 'create', { do: 'refuse', status }, 1000);
    const jobs = await Promise.all([sendWorded(world, word, { routing: { prefer: [vendor] } }), sendWorded(world, lone, { routing: { only: [vendor], maxAttempts: 3 } })]);
    return Promise.all(jobs.map(({ id }) => world.caller.ended(id)));
  }));
  for (const [index, [moved, lone]] of ends.entries()) {
    const { vendor = '', kind = '', status = 0 } = cases[index] ?? {};
    const other = VENDORS.find((each) => each !== vendor) ?? '';
    expect(moved && tries(moved)).toEqual([`${vendor} errored ${kind}`, `${other} succeeded`]);
    expect(lone).toMatchObject({ status: 'failed', error: { code: 'providers_exhausted' } });
    expect(createsOf(vendor, `lone-${vendor}-${status}`)).toHaveLength(3);
  }
  await world.settled();
  expect(await world.audit()).toEqual([]);
});

async function dueOf(jobId: string): Promise<{ seconds: number }[]> {
  for (const late = Date.now() + 20_000; Date.now() < late; await new Promise((resolve) => setTimeout(resolve, 50))) {
    const rows = await world.postgres.query<{ seconds: number }>(`SELECT extract(epoch FROM due_at - now())::float8 AS seconds FROM stage WHERE job_id = $1 AND status = 'active' AND lease_until IS NULL AND due_at > now() + interval '10 s'`, [jobId]);
    if (rows.length > 0) return rows;
  }
  return [];
}
