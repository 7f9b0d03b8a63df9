import type { Gateway } from '../support/gateway.ts';
import type { View } from './support/caller.ts';
import { askPatiently, pause, type Said } from './support/stream.ts';
import { openWorld, type World } from './support/world.ts';

// What test/e2e/idempotency.test.ts shows is not shown again: other bodies, other files, refusals that are mended, callers who go away.
let world: World;
let replicas: readonly [Gateway, Gateway];

beforeAll(async () => {
  world = await openWorld();
  replicas = [await world.gateway(), await world.gateway()];
});

afterEach(async () => {
  await world.settled();
  expect(await world.audit()).toEqual([]);
});

afterAll(() => world.close());

const post = (gateway: Gateway, body: object, key: string, headers: Record<string, string> = {}) =>
  askPatiently(gateway, '/v1/jobs', { method: 'POST', headers: { 'content-type': 'application/json', 'idempotency-key': key, ...headers }, body: JSON.stringify(body) });
const jobs = async (tag: string) => (await world.postgres.query<{ id: string }>('SELECT id FROM job WHERE tag = $1', [tag])).map(({ id }) => id);
const vendorJobs = async () => Number((await world.postgres.query<{ count: string }>('SELECT count(*) FROM attempt'))[0]?.count);

function take(said: Said, key: string): string {
  const { id } = JSON.parse(said.text) as View;
  if (!world.caller.accepted.some((one) => one.id === id)) world.caller.accepted.push({ id, idempotencyKey: key });
  return id;
}

test('FI-32: the same key fifty times at once at two processes is one job, run once, and one answer; with another body it is a mismatch at any of them', async () => {
  const attempts = await vendorJobs();
  const body = world.job({ tag: 'fifty' });
  const answers = await Promise.all(Array.from({ length: 50 }, (_, index) => post(replicas[index % 2 as 0 | 1], body, 'fifty')));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
  expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
  const id = take(answers[0] as Said, 'fifty');
  expect(await jobs('fifty')).toEqual([id]);
  expect((await world.caller.ended(id)).status).toBe('completed');
  const others = await Promise.all(replicas.map((replica) => post(replica, world.job({ tag: 'fifty', metadata: { another: 'one' } }), 'fifty')));
  expect(others.map(({ status, text }) => [status, (JSON.parse(text) as { code: string }).code])).toEqual([[422, 'idempotency_mismatch'], [422, 'idempotency_mismatch']]);
  expect(await vendorJobs()).toBe(attempts + 1);
  // The control: another key is another job.
  expect(take(await post(replicas[0], body, 'fifty-1'), 'fifty-1')).not.toBe(id);
});

test('FI-32: a request that failed for our own reasons left nothing, and its repeat makes the job', async () => {
  await world.postgres.query(`CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no space left' USING ERRCODE = '53100'; END $$`);
  await world.postgres.query('CREATE TRIGGER full_disk BEFORE INSERT ON idempotency_key FOR EACH ROW EXECUTE FUNCTION full_disk()');
  const refused = await post(replicas[0], world.job({ tag: 'failed' }), 'failed');
  expect([refused.status, refused.retryAfter, await jobs('failed')]).toEqual([503, '1', []]);
  await world.postgres.query('DROP FUNCTION full_disk() CASCADE');
  const taken = await post(replicas[1], world.job({ tag: 'failed' }), 'failed');
  expect([taken.status, await jobs('failed')]).toEqual([202, [take(taken, 'failed')]]);
});

test('FI-32: a commit whose answer was lost with the connection counts: the repeat is given the same job', async () => {
  const ids: string[] = [];
  let broken = 0;
  let cutting = true;
  const cuts = (async () => {
    for (; cutting; await pause(15)) await world.postgres.cutConnections().catch(() => 0);
  })();
  await Promise.all(
    Array.from({ length: 12 }, async (_, lane) => {
      const key = `cut-${lane}`;
      for (let turn = 0; ; turn += 1) {
        const said = await post(replicas[turn % 2 as 0 | 1], world.job({ tag: key }), key);
        if (said.status === 202) return void ids.push(take(said, key));
        expect([503, 409]).toContain(said.status);
        broken += 1;
        if (turn === 15) cutting = false;
        await pause(60);
      }
    }),
  );
  cutting = false;
  await cuts;
  expect(await world.postgres.query(`SELECT tag FROM job WHERE tag LIKE 'cut-%' GROUP BY tag HAVING count(*) > 1`)).toEqual([]);
  expect(new Set(ids).size).toBe(12);
  // The control: some of them were cut.
  expect(broken).toBeGreaterThan(0);
});

test('FI-32: killed between accept and reply, again and again: the repeat elsewhere has the same job', async () => {
  for (let turn = 0; turn < 3; turn += 1) {
    const mortal = await world.gateway();
    const key = `killed-${turn}`;
    const lost = post(mortal, world.job({ tag: key }), key, { prefer: 'wait=30' });
    for (const late = Date.now() + 10_000; (await jobs(key)).length === 0 && Date.now() < late; ) await pause(2);
    await mortal.kill();
    expect((await lost).status).toBe(0);
    let again = await post(replicas[0], world.job({ tag: key }), key, { prefer: 'wait=30' });
    for (const late = Date.now() + 20_000; again.status === 409 && Date.now() < late; await pause(300)) again = await post(replicas[0], world.job({ tag: key }), key, { prefer: 'wait=30' });
    expect([again.status < 300, await jobs(key)]).toEqual([true, [take(again, key)]]);
  }
});

test('FI-32: after its time a key is a new one, and is so once, however many come at once', async () => {
  const first = take(await post(replicas[0], world.job({ tag: 'old' }), 'old'), 'old');
  expect(take(await post(replicas[1], world.job({ tag: 'old' }), 'old'), 'old')).toBe(first);
  await world.postgres.query(`UPDATE idempotency_key SET expires_at = now() - interval '1 s' WHERE key = 'old'`);
  const again = await Promise.all(Array.from({ length: 10 }, (_, index) => post(replicas[index % 2 as 0 | 1], world.job({ tag: 'old', metadata: { now: 'another' } }), 'old')));
  expect(again.map(({ status }) => status)).toEqual(again.map(() => 202));
  const ids = new Set(again.map((said) => take(said, 'old')));
  expect([ids.size, ids.has(first), (await jobs('old')).length]).toEqual([1, false, 2]);
});
