import { randomUUID } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { ProviderError } from '../../../src/conversion/errors.js';
import { AttemptStore } from '../../../src/execution/attempt-store.js';
import { ThrottleStore } from '../../../src/routing/throttle-store.js';
import { RoomKeeper } from '../../../src/execution/room-keeper.js';
import type { Scene } from '../../../src/execution/scene.js';
import { StageStore, type Lease } from '../../../src/execution/stage-store.js';
import { Database } from '../../../src/platform/database.js';
import { LimitBoard } from '../../../src/routing/limit-board.js';
import { engineRoom, keptFile, until, type EngineRoom } from '../../support/engine-room.js';
import { FakeProvider } from '../../support/fake-provider.js';

const MOST = 3;
let room: EngineRoom;
let pools: Database[];

beforeAll(async () => {
  room = await engineRoom([new FakeProvider('one', ['convert'])], { maxConcurrent: MOST });
  pools = Array.from({ length: 4 }, () => Database.open(room.test.url, { max: 5 }));
});

beforeEach(() => room.empty());

afterAll(async () => {
  await Promise.all(pools.map((pool) => pool.close()));
  await room.close();
});

async function scenes(count: number): Promise<Scene[]> {
  for (let nth = 0; nth < count; nth += 1) await room.accept({});
  return Promise.all((await room.claim(count)).map(sceneOf));
}

async function sceneOf(lease: Lease): Promise<Scene> {
  const scene = await room.scenes.load(lease);
  if (scene === null) throw new Error('the lease is lost');
  return scene;
}

const attempt = () => ({ id: uuidv7(), reference: randomUUID() });
const processes = () => pools.map((pool) => new AttemptStore(pool, new StageStore(pool), new LimitBoard()));
const beginAll = async (all: readonly Scene[], limit: number | null) => {
  const stores = processes();
  return (await Promise.all(all.map((scene, index) => (stores[index % stores.length] as AttemptStore).begin(scene, attempt(), limit)))).filter((begun) => begun !== null).length;
};
const begin = (scene: Scene) => room.attempts.begin(scene, attempt(), MOST);
/** What looks for room by itself has looked. */
const quiet = () => room.rooms.beforeApplicationShutdown();
const stages = () => room.test.query<{ id: string; room: string | null; isDue: boolean }>(`SELECT id, room, due_at <= now() AS "isDue" FROM stage ORDER BY id`);
const stageOf = async ({ lease }: Scene) => (await stages()).find(({ id }) => id === lease.stageId);
/** Ends one that runs, well. */
async function ended(scene: Scene): Promise<void> {
  const now = await sceneOf(scene.lease);
  if (now.attempt === null) throw new Error('nothing runs');
  await room.attempts.created(scene, now.attempt.id, `theirs-${now.attempt.id}`);
  await room.test.query(`UPDATE attempt SET status = 'running' WHERE id = $1`, [now.attempt.id]);
  await room.settle.succeeded(now, now.attempt, { files: [keptFile('step-1')], deliveries: [], cost: { credits: 1 } }, 'poll');
}

it('forty that begin at once through four processes are exactly as many as may run', async () => {
  expect(await beginAll(await scenes(40), MOST)).toBe(MOST);
  // A control: without a limit all of them do.
  await room.empty();
  expect(await beginAll(await scenes(40), null)).toBe(40);
});

it('who finds no room waits, is told of it once, and is let in as soon as an attempt ends, not later', async () => {
  const [first, ...others] = await scenes(5);
  for (const scene of [first as Scene, ...others.slice(0, 2)]) expect(await begin(scene)).not.toBeNull();
  for (const scene of others.slice(2)) {
    expect(await begin(scene)).toBeNull();
    await room.waitingRoom.take(scene);
  }
  const [waits, longer] = others.slice(2) as [Scene, Scene];
  expect([(await stageOf(waits)), (await stageOf(longer))]).toMatchObject([{ room: 'waits', isDue: false }, { room: 'waits', isDue: false }]);
  expect(await room.events(waits.job.id)).toContain('stage.waiting');
  await ended(first as Scene);
  await until(async () => (await stageOf(waits))?.room === 'given');
  expect([(await stageOf(waits))?.isDue, (await stageOf(longer))?.room]).toEqual([true, 'waits']);
  const [lease] = await room.claim();
  expect(lease?.stageId).toBe(waits.lease.stageId);
  expect(await begin(await sceneOf(lease as Lease))).not.toBeNull();
  expect((await stageOf(waits))?.room).toBeNull();
});

it('who comes new does not take the room of those who wait', async () => {
  const all = await scenes(MOST + 1);
  for (const scene of all.slice(0, MOST)) await begin(scene);
  await room.waitingRoom.take(all[MOST] as Scene);
  await quiet();
  await room.test.query(`UPDATE attempt SET status = 'errored', ended_at = now() WHERE id = (SELECT id FROM attempt LIMIT 1)`);
  const [late] = await scenes(1);
  expect(await begin(late as Scene)).toBeNull();
  expect(await room.rooms.give('one')).toBe(1);
  expect(await begin(late as Scene)).toBeNull();
  // A control: once they are in, there is room for it.
  await room.test.query(`UPDATE attempt SET status = 'errored', ended_at = now()`);
  expect(await begin(late as Scene)).not.toBeNull();
});

it('two processes that give room at once give what there is once', async () => {
  const all = await scenes(12);
  for (const scene of all.slice(0, MOST)) await begin(scene);
  for (const scene of all.slice(MOST)) await room.waitingRoom.take(scene);
  await quiet();
  await room.test.query(`UPDATE attempt SET status = 'errored', ended_at = now() WHERE id IN (SELECT id FROM attempt LIMIT 2)`);
  const given = await Promise.all(pools.map((pool) => new RoomKeeper(pool, room.registry, new LimitBoard(), new ThrottleStore(pool)).give('one')));
  expect(given.reduce((sum, one) => sum + one, 0)).toBe(2);
});

describe('tenants', () => {
  const waitingOf = async (tenant: string, count: number) => {
    const all = await scenes(count);
    for (const scene of all) await room.waitingRoom.take(scene);
    await quiet();
    await room.test.query('UPDATE stage SET tenant = $2 WHERE id = ANY($1::uuid[])', [all.map(({ lease }) => lease.stageId), tenant]);
  };
  const letIn = async () => {
    await room.rooms.give('one');
    const given = await room.test.query<{ tenant: string }>(`SELECT tenant FROM stage WHERE room = 'given' AND status = 'active'`);
    await room.test.query(`UPDATE stage SET status = 'done', due_at = NULL WHERE room = 'given'`);
    return given.map(({ tenant }) => tenant);
  };

  it.each(['aa', 'zz'])('one job of "%s" behind five hundred of another is among the next', async (lone) => {
    const all = await scenes(MOST);
    for (const scene of all) await begin(scene);
    await room.test.query(`UPDATE stage SET tenant = 'many'`);
    await waitingOf('many', 500);
    await waitingOf(lone, 1);
    await room.test.query(`UPDATE attempt SET status = 'errored', ended_at = now() WHERE id = (SELECT id FROM attempt LIMIT 1)`);
    expect(await letIn()).toEqual([lone]);
    // A control: by age it would have been the last of all.
    const [oldest] = await room.test.query<{ tenant: string }>(`SELECT tenant FROM stage WHERE room = 'waits' ORDER BY id LIMIT 1`);
    expect(oldest?.tenant).toBe('many');
  });

  it('take turns where one runs at a time', async () => {
    for (const scene of await scenes(MOST)) await begin(scene);
    await room.test.query(`UPDATE stage SET tenant = 'c'`);
    await waitingOf('a', 4);
    await waitingOf('b', 4);
    await room.test.query(`UPDATE attempt SET status = 'errored', ended_at = now() WHERE id = (SELECT id FROM attempt LIMIT 1)`);
    expect([...(await letIn()), ...(await letIn()), ...(await letIn()), ...(await letIn())]).toEqual(['a', 'b', 'a', 'b']);
  });
});

describe('a provider that said 429', () => {
  /** One that runs is told so. */
  async function toldSo(retryAfterMs: number | null): Promise<Scene> {
    const [scene] = await scenes(1);
    await begin(scene as Scene);
    const now = await sceneOf((scene as Scene).lease);
    if (now.attempt === null) throw new Error('nothing runs');
    await room.settle.errored(now, now.attempt, new ProviderError('rate_limited', 'Too many.', { retryAfterMs, created: 'not_created' }), { credits: null }, 'timer');
    return now;
  }

  it('is left alone by every process, also one that did not hear of it, until the time it told', async () => {
    await toldSo(60_000);
    expect(await beginAll(await scenes(8), null)).toBe(0);
    expect(await beginAll(await scenes(8), MOST)).toBe(0);
    // A control: afterwards they begin, one at a time for now, for that is half of what ran.
    await room.test.query(`UPDATE provider_throttle SET paused_until = now() - interval '1 ms'`);
    await room.test.query('UPDATE stage SET room = NULL, lease_owner = NULL, lease_until = NULL, due_at = now()');
    const again = await Promise.all((await room.claim()).map(sceneOf));
    const heard = await room.throttle.read(['one'], []);
    room.limits.put(heard);
    const begun = await Promise.all(again.map((scene) => room.attempts.begin(scene, attempt(), null)));
    expect(begun.filter((one) => one !== null)).toHaveLength(1);
  });

  it('takes one more after as many successes as ran at once, and is bounded by nothing learned once that is more than is configured', async () => {
    await toldSo(1000);
    await room.throttle.grow('one', MOST);
    expect(await ceilings()).toEqual([1]);
    await room.test.query(`UPDATE provider_throttle SET paused_until = now() - interval '1 ms', raised_at = now() - interval '31 s', lowered_at = now() - interval '31 s'`);
    await room.throttle.grow('one', MOST);
    // Not long enough for the pause has been over for a moment only.
    expect(await ceilings()).toEqual([1]);
    await room.test.query(`UPDATE provider_throttle SET paused_until = now() - interval '31 s'`);
    await room.throttle.grow('one', MOST);
    expect(await ceilings()).toEqual([2]);
    const [scene] = await scenes(1);
    await begin(scene as Scene);
    await ended(scene as Scene);
    await room.test.query(`UPDATE attempt SET started_at = now() - interval '5 s' WHERE status = 'succeeded'`);
    await room.throttle.grow('one', 10);
    // One success of two is not enough.
    expect(await ceilings()).toEqual([2]);
    await room.test.query(`UPDATE provider_throttle SET raised_at = now() - interval '40 s'`);
    await room.throttle.grow('one', MOST);
    expect(await ceilings()).toEqual([]);
  });

  it('an hour ago is forgotten', async () => {
    await toldSo(1000);
    await room.test.query(`UPDATE provider_throttle SET paused_until = now() - interval '61 min', lowered_at = now() - interval '61 min', raised_at = now()`);
    await room.throttle.grow('one', null);
    expect(await ceilings()).toEqual([]);
  });

  it('nothing is written where nobody ever said it', async () => {
    const [scene] = await scenes(1);
    await begin(scene as Scene);
    await ended(scene as Scene);
    expect(await room.test.query('SELECT * FROM provider_throttle')).toEqual([]);
  });

  const ceilings = async () => (await room.test.query<{ ceiling: number }>('SELECT ceiling FROM provider_throttle')).map(({ ceiling }) => ceiling);
});
