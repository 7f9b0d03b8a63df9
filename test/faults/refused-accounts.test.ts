import type { Body } from './support/caller.ts';
import { tries } from './support/spoilt-world.ts';
import { openWorld, type World } from './support/world.ts';

let world: World;

beforeAll(async () => {
  world = await openWorld({ variables: { BREAKER_OPEN_MS: '1000' } });
  await Promise.all([world.gateway(), world.gateway()]);
});

afterAll(() => world.close());

const send = (routing: Body) => world.caller.send(world.job({ routing }));
const first = { prefer: ['api2convert'] };
const alone = { only: ['api2convert'], maxAttempts: 1 };
const provider = async () => (await (await world.gateways[0]?.call('/v1/providers/api2convert'))?.json()) as { breaker: { state: string; reason: string | null } };
const metric = async (reason: string) => new RegExp(`^conversion_account_refused\\{provider="api2convert",reason="${reason}"\\} (\\d)$`, 'm').exec(await (await fetch(`${world.gateways[0]?.url ?? ''}/metrics`)).text())?.[1];
const isOpenAt = async ({ url }: { readonly url: string }) => /^conversion_breaker_state\{provider="api2convert"\} 2$/m.test(await (await fetch(`${url}/metrics`)).text());
const refuse = (status: number) => world.play({ name: 'create-status', vendor: 'api2convert', times: 1000, options: { status, body: { message: 'no' } } });
const forgive = async () => void (await fetch(new URL('/sandbox/scenarios', world.vendors.runconvert), { method: 'DELETE' }));
const pauseOver = () => world.postgres.query(`UPDATE breaker SET open_until = now() WHERE operation = '*' AND state = 'open'`);
const asked = async () => Number((await world.postgres.query<{ count: string }>(`SELECT count(*) FROM attempt WHERE provider = 'api2convert'`))[0]?.count);

async function until(what: string, is: () => Promise<boolean>): Promise<void> {
  for (const late = Date.now() + 20_000; !(await is()); await new Promise((resolve) => setTimeout(resolve, 50))) if (Date.now() > late) throw new Error(`not so: ${what}`);
}

test('the control: with an account that works, the preferred vendor is asked each time', async () => {
  const job = await world.caller.ended((await send(first)).id);
  expect(tries(job)).toEqual(['api2convert succeeded']);
  expect([(await provider()).breaker.state, await metric('unfunded')]).toEqual(['closed', '0']);
});

test('FI-15: 402, twice, takes the vendor out for all processes; one probe in five minutes, and back when it succeeds', async () => {
  const before = await asked();
  await refuse(402);
  for (const _time of [1, 2]) expect(tries(await world.caller.ended((await send(first)).id))).toEqual(['api2convert errored quota_exhausted', 'runconvert succeeded']);
  await until('it is unfunded, as both processes know', async () => (await metric('unfunded')) === '1' && (await Promise.all(world.gateways.map(isOpenAt))).every((open) => open));
  expect((await provider()).breaker.reason).toMatch(/^unfunded: .* after 300 s\.$/);
  for (const { id } of await Promise.all(Array.from({ length: 10 }, () => send(first)))) expect(tries(await world.caller.ended(id))).toEqual(['runconvert succeeded']);
  expect(await asked()).toBe(before + 2);
  // Whoever has nobody else is tried there all the same, and fails as it would have.
  expect(tries(await world.caller.ended((await send(alone)).id))).toEqual(['api2convert errored quota_exhausted']);
  expect(await asked()).toBe(before + 3);
  // The pause is over for many that come at once, to two processes: one of them asks, and it is five minutes again.
  await pauseOver();
  await until('one probe', async () => {
    const more = await Promise.all(Array.from({ length: 10 }, () => send(first)));
    for (const { id } of more) expect((await world.caller.ended(id)).status).toBe('completed');
    return (await asked()) > before + 3;
  });
  expect(await asked()).toBe(before + 4);
  const [row] = await world.postgres.query<{ seconds: number }>(`SELECT extract(epoch FROM open_until - now())::float8 AS seconds FROM breaker WHERE provider = 'api2convert' AND operation = '*'`);
  expect(row?.seconds).toBeGreaterThan(280);
  await forgive();
  await pauseOver();
  await until('it is back', async () => {
    await world.caller.ended((await send(first)).id);
    return (await provider()).breaker.state === 'closed';
  });
  await world.settled();
  expect(await world.audit()).toEqual([]);
}, 80_000);
