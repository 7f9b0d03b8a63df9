import pg from 'pg';
import type { Gateway } from '../support/gateway.ts';
import { ask, pause, Stream } from './support/stream.ts';
import { openWorld, type World } from './support/world.ts';

/** Faster than this is normal, and so is what is not much slower than before. */
const SLOW_MS = 700;
/** Within this of the database's return the service is as before. */
const BACK_MS = 2000;

let world: World;
let gateway: Gateway;
/** Of an owner who is no superuser, so that limits count for it. */
let url: string;

beforeAll(async () => {
  world = await openWorld();
  await world.postgres.query(`CREATE ROLE plain LOGIN PASSWORD 'plain'`);
  await world.postgres.query('GRANT postgres TO plain');
  url = Object.assign(new URL(world.postgres.url), { username: 'plain', password: 'plain' }).href;
  gateway = await world.gateway({ DATABASE_URL: url });
  // One job of each vendor first: what is measured is no first time.
  await Promise.all(['api2convert', 'runconvert'].map(async (vendor) => world.caller.ended((await world.caller.send(world.job({ routing: { only: [vendor] } }))).id)));
});

afterEach(async () => {
  expect([gateway.process.exitCode, gateway.process.signalCode, ...world.caller.logs.map((log) => log.slice(-3000))]).toEqual([null, null]);
  await world.settled();
  expect(await world.audit()).toEqual([]);
});

afterAll(() => world.close());

interface Trouble {
  /** Whether all of it is refused meanwhile, which is what makes readiness red. */
  readonly away: boolean;
  readonly refusedWithinMs: number;
  begin(): Promise<unknown>;
  end(): Promise<unknown>;
}

/** Throws a trouble at a stream of jobs, and says what has to hold of each. Prints how long the way back took. */
async function under(name: string, trouble: Trouble, ms = 1500): Promise<Stream> {
  const stream = new Stream(world, gateway);
  await pause(600);
  const before = stream.answers.length;
  const slowMs = Math.max(SLOW_MS, 3 * Math.max(...stream.answers.map(({ ms: took }) => took)));
  const began = Date.now();
  await trouble.begin();
  await pause(ms);
  // On a busy machine little may have been asked by now.
  for (const late = Date.now() + 10_000; trouble.away && (stream.refused().length === 0 || stream.ready.every(({ status }) => status !== 503)) && Date.now() < late; ) await pause(100);
  const red = stream.ready.filter(({ at }) => at > began);
  await trouble.end();
  const back = Date.now();
  await pause(BACK_MS + 1500);
  const ends = await stream.stop();
  const refused = stream.refused();
  const late = gateway.output().split('\n').filter((line) => line.includes('"context":"http"') && Date.parse((JSON.parse(line) as { time: string }).time) > back);
  if (late.length > 0) console.log(`${name}: refused after its return: ${late.slice(-3).join('\n')}`);
  console.log(`${name}: ${stream.answers.length} answers, ${refused.length} of them refusals (slowest ${Math.max(0, ...refused.map((one) => one.ms))} ms), the last ${stream.refusedAfter(back)} ms after its return, then half within ${stream.medianAfter(back + BACK_MS)} ms, ready ${Math.max(0, ...stream.ready.filter(({ at, status }) => at > back && status !== 200).map(({ at }) => at - back))} ms after`);
  expect(stream.improper()).toEqual([]);
  expect(stream.live.filter(({ status, ms: took }) => status !== 200 || took > 1500)).toEqual([]);
  expect(refused.filter(({ ms: took }) => took > Math.max(trouble.refusedWithinMs, slowMs))).toEqual([]);
  expect(ends.map(({ status }) => status)).toEqual(ends.map(() => 'completed'));
  expect(stream.refusedAfter(back)).toBeLessThan(BACK_MS);
  // How fast it is by then is printed, and says more of the machine than of the service: it must be served at all.
  expect(stream.medianAfter(back + BACK_MS)).toBeLessThan(10_000);
  // The controls: jobs were taken before, and while it was away nobody was told that it is there.
  expect(before).toBeGreaterThan(0);
  if (trouble.away) {
    expect(refused.length).toBeGreaterThan(0);
    expect(red.some(({ status }) => status === 503)).toBe(true);
    expect((await ask(gateway, '/health/ready')).status).toBe(200);
  }
  return stream;
}

const nothing = (): Promise<void> => Promise.resolve();

test.each(['fast', 'immediate'] as const)('FI-21: PostgreSQL is stopped (%s) under a stream of jobs and comes back: refused meanwhile, nothing is lost', async (mode) => {
  await under(`stopped (${mode})`, { away: true, refusedWithinMs: 1000, begin: () => world.postgres.stop(mode), end: () => world.postgres.start() });
});

test('FI-21: every connection is cut, again and again', async () => {
  const cut = async () => {
    let all = 0;
    for (let time = 0; time < 8; time += 1) {
      all += await world.postgres.cutConnections();
      await pause(150);
    }
    expect(all).toBeGreaterThan(8);
  };
  await under('connections cut 8 times', { away: false, refusedWithinMs: 1000, begin: cut, end: nothing }, 0);
});

test('FI-21: a failover to a server that takes no writes, and back', async () => {
  const readOnly = async (word: 'on' | 'off') => {
    await world.postgres.query(`ALTER ROLE plain SET default_transaction_read_only = ${word}`);
    await world.postgres.cutConnections();
  };
  await under('read-only', { away: true, refusedWithinMs: 1000, begin: () => readOnly('on'), end: () => readOnly('off') });
});

test('FI-21: no connection is to be had', async () => {
  const limit = async (most: number) => {
    await world.postgres.query(`ALTER ROLE plain CONNECTION LIMIT ${most}`);
    if (most === 0) await world.postgres.cutConnections();
  };
  await under('out of connections', { away: true, refusedWithinMs: 1000, begin: () => limit(0), end: () => limit(-1) });
});

test('FI-21: every connection of the pool waits for a lock', async () => {
  const client = new pg.Client({ connectionString: world.postgres.url });
  await client.connect();
  const lock = async () => {
    await client.query('BEGIN');
    await client.query('LOCK TABLE job IN ACCESS EXCLUSIVE MODE');
    // Who reads waits as well, until nobody else gets a connection.
    for (let index = 0; index < 30; index += 1) void ask(gateway, '/v1/jobs');
  };
  const stream = await under('pool exhausted', { away: false, refusedWithinMs: 1000, begin: lock, end: () => client.end() }, 6500);
  // The control: it was felt.
  expect(stream.refused().length).toBeGreaterThan(0);
  expect(stream.ready.some(({ status }) => status === 503)).toBe(true);
});

const TABLES = ['job', 'stage', 'attempt', 'event', 'file', 'outbox_event', 'delivery', 'idempotency_key'];
const WRONGS = [['deadlock_detected', '40P01'], ['serialization_failure', '40001'], ['disk_full', '53100'], ['query_canceled', '57014']] as const;

test.each(WRONGS)('FI-21: %s (%s) at any write of a job\'s life: tried again, and nothing is paid twice', async (_name, code) => {
  // Twice at every table, at whichever write comes then; a sequence, because what fails is rolled back.
  await world.postgres.query(`CREATE FUNCTION goes_wrong() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF nextval('wrong_' || TG_TABLE_NAME) IN (3, 7) THEN RAISE EXCEPTION 'thrown by the test' USING ERRCODE = '${code}'; END IF; RETURN NEW; END $$`);
  for (const table of TABLES) {
    await world.postgres.query(`CREATE SEQUENCE wrong_${table}`);
    await world.postgres.query(`CREATE TRIGGER goes_wrong BEFORE INSERT OR UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION goes_wrong()`);
  }
  const counts = async () => Promise.all(TABLES.map(async (table) => Number((await world.postgres.query<{ last: string }>(`SELECT last_value AS last FROM wrong_${table}`))[0]?.last)));
  const stream = new Stream(world, gateway, { lanes: 2 });
  for (const late = Date.now() + 8000; Date.now() < late && (await counts()).some((count) => count < 7); ) await pause(100);
  const ends = await stream.stop();
  await world.settled();
  const reached = await counts();
  for (const table of TABLES) {
    await world.postgres.query(`DROP TRIGGER goes_wrong ON ${table}`);
    await world.postgres.query(`DROP SEQUENCE wrong_${table}`);
  }
  await world.postgres.query('DROP FUNCTION goes_wrong()');
  expect(stream.improper()).toEqual([]);
  expect(ends.map(({ status }) => status)).toEqual(ends.map(() => 'completed'));
  // The control: every table was hit.
  expect(Object.fromEntries(TABLES.map((table, index) => [table, (reached[index] ?? 0) >= 7]))).toEqual(Object.fromEntries(TABLES.map((table) => [table, true])));
});
