import { readdir } from 'node:fs/promises';
import type { Call, Spoiling } from './support/spoiler.ts';
import { openSpoiltWorld, sendWorded, tries, type SpoiltWorld } from './support/spoilt-world.ts';

let world: SpoiltWorld;

beforeAll(async () => {
  world = await openSpoiltWorld();
  await world.gateway(world.ways);
});

afterAll(() => world.close());

const OTHER: Readonly<Record<string, string>> = { api2convert: 'runconvert', runconvert: 'api2convert' };
const SLOW = { hang: { do: 'hang' }, half: { do: 'half' }, head: { do: 'drip', from: 'head' }, body: { do: 'drip', from: 'body' }, endless: { do: 'endless' } } satisfies Record<string, Spoiling>;
/** A byte a second through a whole document is bound by the time of the whole call: it is thrown at reads, whose limit is the shorter. */
const CALLS: readonly (readonly [Call, readonly (keyof typeof SLOW)[]])[] = [['create', ['hang', 'half', 'head', 'endless']], ['read', ['hang', 'half', 'head', 'body', 'endless']], ['download', ['hang', 'half', 'head']]];
const CASES = Object.keys(OTHER).flatMap((vendor) => CALLS.flatMap(([call, all]) => all.map((slow) => ({ vendor, call, slow }))));
/** Sent for ever, and not one byte too few: only the job's own deadline ends that. */
const DEADLINE_SECONDS = 20;

const files = async (): Promise<string[]> => (await readdir(world.staging, { recursive: true })).filter((name) => name.endsWith('.part'));
const descriptors = async (): Promise<number> => (await readdir(`/proc/${world.gateways[0]?.process.pid ?? 0}/fd`)).length;
const open = (): number => Object.values(world.spoilers).reduce((sum, one) => sum + one.sockets(), 0);

function wayOf(vendor: string, call: Call, slow: keyof typeof SLOW): string[] {
  if (call !== 'create') return [`${vendor} succeeded`];
  // What starts as it is created is searched for; what is inert is left, and made anew.
  if (vendor === 'runconvert') return slow === 'hang' ? ['runconvert errored unavailable', 'runconvert succeeded'] : ['runconvert succeeded'];
  return slow === 'endless' ? ['api2convert errored malformed_response', 'runconvert succeeded'] : ['api2convert errored timeout', 'api2convert succeeded'];
}

test('FI-17: vendors that are silent, stop half-way, drip or never stop hold up nobody: jobs end, sockets and files are let go', async () => {
  // As many at once as will come: the pools are as large as they get.
  const warm = await Promise.all(CASES.map((_one, at) => sendWorded(world, `warm-up-${at}`, { routing: { prefer: [Object.keys(OTHER)[at % 2] ?? ''] } })));
  await Promise.all(warm.map(({ id }) => world.caller.ended(id)));
  const before = await descriptors();
  const sent = await Promise.all(CASES.map(async ({ vendor, call, slow }) => {
    const word = `${vendor}-${call}-${slow}${call === 'read' ? '-sandbox-no-callback' : ''}`;
    world.spoilers[vendor]?.spoil(word, call, SLOW[slow]);
    return { word, wanted: wayOf(vendor, call, slow), id: (await sendWorded(world, word, { routing: { prefer: [vendor] } })).id };
  }));
  const endless = await Promise.all(Object.keys(OTHER).map(async (vendor) => {
    world.spoilers[vendor]?.spoil(`${vendor}-download-endless`, 'download', { do: 'endless' });
    return (await sendWorded(world, `${vendor}-download-endless`, { routing: { only: [vendor], deadlineSeconds: DEADLINE_SECONDS } })).id;
  }));
  // Others are served meanwhile.
  const startedAt = Date.now();
  expect(await world.caller.ended((await sendWorded(world, 'bystander')).id, 10_000)).toMatchObject({ status: 'completed' });
  console.log(`a job beside ${CASES.length} slow ones took ${Date.now() - startedAt} ms; ${open()} sockets are open`);
  expect(open()).toBeGreaterThan(10);

  const late = await Promise.all(endless.map((id) => world.caller.ended(id, (DEADLINE_SECONDS + 10) * 1000)));
  expect(late.map(({ status, error }) => [status, error?.code])).toEqual(endless.map(() => ['failed', 'deadline_exceeded']));
  const ends = await Promise.all(sent.map(async ({ word, id }) => [word, ...tries(await world.caller.ended(id, 80_000))]));
  expect(ends).toEqual(sent.map(({ word, wanted }) => [word, ...wanted]));

  // Nothing is kept of it all but connections that idle out by themselves.
  for (const limit = Date.now() + 30_000; (open() > 0 || (await files()).length > 0) && Date.now() < limit; ) await new Promise((resolve) => setTimeout(resolve, 200));
  expect([open(), await files()]).toEqual([0, []]);
  const after = await descriptors();
  console.log(`descriptors: ${before} before, ${after} after`);
  expect(after).toBeLessThanOrEqual(before + 10);
  // The control: all of it was thrown.
  expect(Object.values(world.spoilers).flatMap(({ seen }) => seen.filter(({ spoilt }) => spoilt))).toHaveLength(CASES.length + endless.length);
  await world.settled();
  expect(await world.audit()).toEqual([]);
});
