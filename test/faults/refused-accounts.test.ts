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
const alone = { only: ['api2convert'], deadlineSeconds: 600 };
const provider = async () => (await (await world.gateways[0]?.call('/v1/providers/api2convert'))?.json()) as { breaker: { state: string; reason: string | null } };
const metric = async (reason: string) => new RegExp(`^conversion_account_refused\\{provider="api2convert",reason="${reason}"\\} (\\d)$`, 'm').exec(await (await fetch(`${world.gateways[0]?.url ?? ''}/metrics`)).text())?.[1];
const refuse = (status: number) => world.play({ name: 'create-status', vendor: 'api2convert', times: 1000, options: { status, body: { message: 'no' } } });
const forgive = async () => void (await fetch(new URL('/sandbox/scenarios', world.vendors.runconvert), { method: 'DELETE' }));
const pauseOver = () => world.postgres.query(`UPDATE breaker SET open_until = now() WHERE operation = '*' AND state = 'open'`);
const asked = async () => Number((await world.postgres.query<{ count: string }>(`SELECT count(*) FROM attempt WHERE provider = 'api2convert'`))[0]?.count);

async function until(what: string, is: () => Promise<boolean>): Promise<void> {
  for (const late = Date.now() + 20_000; !(await is()); await new Promise((resolve) => setTimeout(resolve, 50))) if (Date.now() > late) throw new Error(`not so: ${what}`);
}

const waits = async (id: string, reason: string) =>
  (await world.postgres.query<{ reason: string }>(`SELECT detail->>'reason' AS reason FROM event WHERE job_id = $1 AND type = 'stage.waiting'`, [id])).some((row) => row.reason === reason);

test('the control: with an account that works, the preferred vendor is asked each time', async () => {
  const job = await world.caller.ended((await send(first)).id);
  expect(tries(job)).toEqual(['api2convert succeeded']);
  expect([(await provider()).breaker.state, await metric('unfunded')]).toEqual(['closed', '0']);
});

test('FI-15: 402 takes the vendor out at once and for all processes; one probe in five minutes, and back when it succeeds', async () => {
  const before = await asked();
  await refuse(402);
  expect(tries(await world.caller.ended((await send(first)).id))).toEqual(['api2convert errored quota_exhausted', 'runconvert succeeded']);
  await until('it is unfunded', async () => (await metric('unfunded')) === '1' && (await provider()).breaker.state === 'open');
  expect((await provider()).breaker.reason).toMatch(/^unfunded: .* after 300 s\.$/);
  const [lone, ...others] = await Promise.all([send(alone), ...Array.from({ length: 10 }, () => send(first))]);
  for (const { id } of others) expect(tries(await world.caller.ended(id))).toEqual(['runconvert succeeded']);
  const id = lone?.id ?? '';
  await until('the lone job waits, and says for what', () => waits(id, 'unfunded'));
  expect(await asked()).toBe(before + 1);
  // The pause is over for many that wait, at two processes: one of them asks, and it is five minutes again.
  const more = await Promise.all(Array.from({ length: 5 }, () => send(alone)));
  await pauseOver();
  await until('one probe', async () => (await asked()) === before + 2);
  await new Promise((resolve) => setTimeout(resolve, 7000));
  expect(await asked()).toBe(before + 2);
  const [row] = await world.postgres.query<{ seconds: number }>(`SELECT extract(epoch FROM open_until - now())::float8 AS seconds FROM breaker WHERE provider = 'api2convert' AND operation = '*'`);
  expect(row?.seconds).toBeGreaterThan(280);
  await forgive();
  await pauseOver();
  for (const job of [id, ...more.map((one) => one.id)]) expect((await world.caller.ended(job)).status).toBe('completed');
  expect((await provider()).breaker.state).toBe('closed');
  expect(world.gateways.map((gateway) => gateway.output()).join('').match(/Provider api2convert is unfunded/g)?.length).toBe(2);
  await world.settled();
  expect(await world.audit()).toEqual([]);
}, 80_000);

test('a revoked key is no storm either, and an operator who gave a new one has not to wait', async () => {
  // As if what was before were long ago.
  await world.postgres.query('UPDATE breaker SET opens = 0');
  const before = await asked();
  await refuse(401);
  expect(tries(await world.caller.ended((await send(first)).id))).toEqual(['api2convert errored unauthorized', 'runconvert succeeded']);
  const lone = await send(alone);
  // It is tried once more after the first pause, and then left alone.
  await until('it waits', () => waits(lone.id, 'unauthorized'));
  await until('the second try', async () => (await asked()) === before + 2);
  await until('it is out again', async () => /^unauthorized: .* after 300 s\.$/.test((await provider()).breaker.reason ?? ''));
  await forgive();
  const init = { method: 'PATCH', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ state: 'enabled' }) };
  expect(await (await world.gateways[0]?.call('/v1/providers/api2convert', init))?.json()).toMatchObject({ breaker: { state: 'closed', reason: 'An operator said that the account works again.' } });
  expect((await world.caller.ended(lone.id)).status).toBe('completed');
  expect(await asked()).toBe(before + 3);
  await world.settled();
  expect(await world.audit()).toEqual([]);
}, 60_000);
