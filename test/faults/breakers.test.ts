import { setListening } from '../e2e/support/vendors.ts';
import type { View } from './support/caller.ts';
import { tries } from './support/spoilt-world.ts';
import { openWorld, type World } from './support/world.ts';

/* FI-35, of breakers: a vendor that comes and goes, none that works, and none that an operator leaves. */

const FLAPS = 3;
const MAX = 3;
type Vendor = 'api2convert' | 'runconvert';
const VENDORS: readonly Vendor[] = ['api2convert', 'runconvert'];

let world: World;

beforeAll(async () => {
  world = await openWorld({ variables: { BREAKER_OPEN_MS: '800' } });
  await world.gateway();
});

afterAll(() => world.close());

const stateOf = async (vendor: Vendor): Promise<string> => (await world.postgres.query<{ state: string }>(`SELECT state FROM breaker WHERE provider = $1 AND operation = '*'`, [vendor]))[0]?.state ?? 'closed';
const send = (routing: object): Promise<View> => world.caller.send(world.job({ routing }));
const all = async (count: number, routing: object): Promise<View[]> => Promise.all((await Promise.all(Array.from({ length: count }, () => send(routing)))).map(({ id }) => world.caller.ended(id, 60_000)));
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const moves = (vendor: Vendor) => world.postgres.query<{ to: string; at: number }>(`SELECT detail->>'to' AS to, extract(epoch FROM at)::float8 * 1000 AS at FROM provider_event WHERE provider = $1 AND type LIKE 'breaker%' AND detail->>'operation' IS NULL ORDER BY id`, [vendor]);
const patch = async (vendor: Vendor, state: string): Promise<void> => {
  expect((await world.gateways[0]?.call(`/v1/providers/${vendor}`, { method: 'PATCH', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ state }) }))?.status).toBe(200);
};

test('FI-35: a vendor that flaps is left alone while its breaker is open, but for one probe at a time, and nobody\'s job fails for it', async () => {
  const jobs: View[] = [];
  for (let flap = 0; flap < FLAPS; flap += 1) {
    await setListening(world.vendors, 'api2convert', false);
    for (let batch = 0; batch < 6 && (await stateOf('api2convert')) === 'closed'; batch += 1) jobs.push(...(await all(8, { prefer: ['api2convert'] })));
    expect(await stateOf('api2convert')).not.toBe('closed');
    // It stays away for some probes, and jobs keep coming.
    for (const until = Date.now() + 2500; Date.now() < until; await pause(50)) jobs.push(...(await all(3, { prefer: ['api2convert'] })));
    await setListening(world.vendors, 'api2convert', true);
    for (const late = Date.now() + 30_000; (await stateOf('api2convert')) !== 'closed' && Date.now() < late; await pause(50)) jobs.push(...(await all(1, { prefer: ['api2convert'] })));
    expect(await stateOf('api2convert')).toBe('closed');
  }
  // The control: once it is back, it is asked again.
  const back = await all(2, { prefer: ['api2convert'] });
  expect(back.map(tries)).toEqual([['api2convert succeeded'], ['api2convert succeeded']]);
  expect(jobs.map(({ status }) => status).filter((status) => status !== 'completed')).toEqual([]);
  // Never there, elsewhere, and there again.
  expect(Math.max(...jobs.map(({ attempts }) => attempts.length))).toBeLessThanOrEqual(3);
  const seen = await moves('api2convert');
  const begun = await world.postgres.query<{ at: number }>(`SELECT extract(epoch FROM started_at)::float8 * 1000 AS at FROM attempt WHERE provider = 'api2convert'`);
  const told: string[] = [];
  for (const [nth, { to, at }] of seen.entries()) {
    const until = seen[nth + 1]?.at;
    if (to === 'closed' || until === undefined) continue;
    // Those that began together with the failure that opened it are none that it let through.
    const inside = begun.filter((one) => one.at > at + (to === 'open' ? 250 : -250) && one.at < until - (to === 'open' ? 250 : 0)).length;
    told.push(`${to} for ${Math.round(until - at)} ms: ${inside} attempts`);
    expect([to, inside <= (to === 'open' ? 0 : 1)]).toEqual([to, true]);
  }
  const probes = seen.filter(({ to }) => to === 'half_open').length;
  process.stdout.write(`FI-35: ${jobs.length} jobs, ${begun.length} attempts at the flapping vendor, ${probes} probes\n  ${told.join('\n  ')}\n`);
  expect(seen.filter(({ to }) => to === 'closed')).toHaveLength(FLAPS);
  expect(probes).toBeGreaterThan(FLAPS);
  expect(jobs.length).toBeGreaterThan(begun.length);
  await world.settled();
  expect(await world.audit()).toEqual([]);
}, 150_000);

const refuse = async (): Promise<void> => {
  for (const vendor of VENDORS) await world.play({ name: 'create-status', vendor, times: 100_000, options: { status: 503 } });
};
const mend = async (): Promise<void> => void (await fetch(new URL('/sandbox/scenarios', world.vendors.runconvert), { method: 'DELETE' }));
const creates = async (): Promise<number> => ((await (await fetch(new URL('/sandbox/ledger', world.vendors.runconvert))).json()) as { creates: readonly object[] }).creates.length;

test('FI-35: with every breaker open a job is taken all the same, goes to the least bad, and back and forth no more often than it may', async () => {
  await refuse();
  const before = await creates();
  const jobs: View[] = [];
  for (let batch = 0; batch < 6 && ((await stateOf('api2convert')) === 'closed' || (await stateOf('runconvert')) === 'closed'); batch += 1) jobs.push(...(await all(8, { maxAttempts: MAX, deadlineSeconds: 60 })));
  expect([await stateOf('api2convert') === 'closed', await stateOf('runconvert') === 'closed']).toEqual([false, false]);
  const taken = await all(4, { maxAttempts: MAX, deadlineSeconds: 60 });
  for (const { id } of taken) {
    const decision = (await (await world.gateways[0]?.call(`/v1/jobs/${id}/decision`))?.json()) as { readonly winner: string | null; readonly summary: string };
    expect(VENDORS).toContain(decision.winner);
  }
  jobs.push(...taken);
  for (const job of jobs) expect([job.status, job.error?.code, job.attempts.length]).toEqual(['failed', 'providers_exhausted', MAX]);
  // The control: both were tried, and each request is a try that is written down.
  expect(new Set(jobs.flatMap(({ attempts }) => attempts.map(({ provider }) => provider)))).toEqual(new Set(VENDORS));
  expect((await creates()) - before).toBe(jobs.length * MAX);
  await mend();
  const healed = await all(3, { maxAttempts: 20, deadlineSeconds: 60 });
  expect(healed.map(({ status }) => status)).toEqual(['completed', 'completed', 'completed']);
  await world.settled();
  expect(await world.audit()).toEqual([]);
}, 150_000);

test('FI-35: where an operator leaves nobody, a job that was taken waits with the reason shown, until its deadline', async () => {
  const upload = world.job({ inputs: [{ id: 'file', type: 'upload', filename: 'photo.jpg' }], routing: { deadlineSeconds: 6 } });
  const jobs = await Promise.all([world.caller.send(upload), world.caller.send({ ...upload, routing: { deadlineSeconds: 60 } })]);
  for (const vendor of VENDORS) await patch(vendor, 'disabled');
  const bytes = await (await fetch(new URL(`data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==`))).arrayBuffer();
  for (const { id } of jobs) expect((await world.gateways[0]?.call(`/v1/jobs/${id}/inputs/file/content`, { method: 'PUT', body: bytes }))?.status).toBe(200);
  const [late, held] = [await world.caller.ended(jobs[0]?.id ?? '', 40_000), await world.caller.read(jobs[1]?.id ?? '')];
  expect([late.status, late.error?.code, late.attempts]).toEqual(['failed', 'deadline_exceeded', []]);
  const waits = await world.postgres.query<{ detail: object }>(`SELECT detail FROM event WHERE job_id = $1 AND type = 'stage.waiting'`, [late.id]);
  expect(waits).toMatchObject([{ detail: { reason: 'state', message: expect.stringContaining('is disabled by an operator') as string } }]);
  // The control: one that has longer waits still, and runs once somebody is back.
  expect([held?.status, held?.attempts]).toEqual(['queued', []]);
  await patch('runconvert', 'enabled');
  expect(tries(await world.caller.ended(held?.id ?? '', 40_000)).at(-1)).toBe('runconvert succeeded');
  await patch('api2convert', 'enabled');
  await world.settled();
  expect(await world.audit()).toEqual([]);
}, 120_000);
