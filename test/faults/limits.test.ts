import type { Spoiling } from './support/spoiler.ts';
import { openSpoiltWorld, sendWorded, tries, type SpoiltWorld } from './support/spoilt-world.ts';

let world: SpoiltWorld;

beforeAll(async () => {
  world = await openSpoiltWorld({ learns: true });
  // What one is told, the other has to heed.
  await Promise.all([world.gateway(world.ways), world.gateway(world.ways)]);
});

afterAll(() => world.close());

afterEach(() => world.postgres.query('TRUNCATE provider_throttle'));

const VENDOR = 'api2convert';
const throttled = (retryAfter?: string): Spoiling => ({ do: 'refuse', status: 429, ...(retryAfter === undefined ? {} : { headers: { 'retry-after': retryAfter } }) });
/** When the vendor got creates, by its own log, in ms. */
const creates = (since = 0): readonly number[] => (world.spoilers[VENDOR]?.seen ?? []).filter(({ call, at }) => call === 'create' && at >= since).map(({ at }) => at);
const alone = { routing: { only: [VENDOR] } };
const pause = (ms: number): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, ms));
const pausedSeconds = async (): Promise<number> => (await world.postgres.query<{ s: number }>(`SELECT extract(epoch FROM paused_until - now())::float8 AS s FROM provider_throttle WHERE provider = '${VENDOR}'`))[0]?.s ?? 0;

/** The vendor has said 429 to one job, and that is known by now. */
async function told(word: string, retryAfter: string | undefined, more: Record<string, unknown> = alone): Promise<{ readonly id: string; readonly at: number }> {
  world.spoilers[VENDOR]?.spoil(word, 'create', throttled(retryAfter));
  const { id } = await sendWorded(world, word, more);
  for (const late = Date.now() + 20_000; (await pausedSeconds()) === 0 && Date.now() < late; ) await pause(20);
  const [at = 0] = (world.spoilers[VENDOR]?.seen ?? []).filter((one) => one.word === word).map((one) => one.at);
  return { id, at };
}

const SECONDS = 5;
const forms: readonly (readonly [form: string, value: () => string | undefined, leastMs: number])[] = [
  ['seconds', () => String(SECONDS), SECONDS * 1000],
  // A date has whole seconds.
  ['a date', () => new Date(Date.now() + (SECONDS + 1) * 1000).toUTCString(), SECONDS * 1000],
  ['less than nothing', () => '-7', 1000],
  ['nothing', () => undefined, 1000],
];

test.each(forms)('FI-14: 429 with a Retry-After of %s: no process and no job asks the vendor earlier', async (form, value, leastMs) => {
  const word = `told-${form.replaceAll(' ', '-')}`;
  const first = await told(word, value());
  const others = await Promise.all(Array.from({ length: 8 }, (_, nth) => sendWorded(world, `${word}-other-${nth}`, alone)));
  for (const { id } of [first, ...others]) expect(await world.caller.ended(id, 60_000)).toMatchObject({ status: 'completed' });
  const later = creates(first.at + 1);
  const least = Math.min(...later) - first.at;
  console.log(`${form}: ${later.length} creates after it, the first ${least} ms later`);
  expect(later).toHaveLength(9);
  expect(least).toBeGreaterThanOrEqual(leastMs);
  // The control: they did wait for that, and were not merely slow.
  expect(least).toBeLessThan(leastMs + 8000);
  await world.settled();
  expect(await world.audit()).toEqual([]);
}, 90_000);

test('FI-14: a Retry-After of years counts as an hour for all jobs; others that may go elsewhere do, at once', async () => {
  const first = await told('years', '99999999999', { routing: { prefer: [VENDOR] } });
  expect(tries(await world.caller.ended(first.id))).toEqual([`${VENDOR} errored rate_limited`, 'runconvert succeeded']);
  const seconds = await pausedSeconds();
  expect([seconds > 3500, seconds <= 3600]).toEqual([true, true]);
  const [bound, free] = await Promise.all([sendWorded(world, 'years-bound', alone), sendWorded(world, 'years-free', { routing: { prefer: [VENDOR] } })]);
  expect(tries(await world.caller.ended(free.id))).toEqual(['runconvert succeeded']);
  const [limits] = await Promise.all(world.gateways.slice(0, 1).map(async (gateway) => (await (await gateway.call(`/v1/providers/${VENDOR}`)).json()) as { limits: { learnedCeiling: number; pausedUntil: string; waiting: number } }));
  expect(limits?.limits).toMatchObject({ learnedCeiling: 1, waiting: 1 });
  expect(Date.parse(limits?.limits.pausedUntil ?? '')).toBeGreaterThan(Date.now() + 3_400_000);
  expect(creates(first.at + 1)).toEqual([]);
  expect((await world.caller.read(bound.id))?.status).toBe('queued');
  // The control: it is that pause alone that it waits for.
  await world.postgres.query('TRUNCATE provider_throttle');
  expect(await world.caller.ended(bound.id, 60_000)).toMatchObject({ status: 'completed' });
  await world.settled();
  expect(await world.audit()).toEqual([]);
}, 90_000);
