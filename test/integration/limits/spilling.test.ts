import type { Scene } from '../../../src/execution/scene.js';
import type { Lease } from '../../../src/execution/stage-store.js';
import { UNLIMITED, type Limits } from '../../../src/routing/limit-board.js';
import { engineRoom, type EngineRoom } from '../../support/engine-room.js';
import { FakeProvider } from '../../support/fake-provider.js';

/** The first is taken where nothing speaks against it: nobody has a price. */
let room: EngineRoom;

beforeAll(async () => void (room = await engineRoom([new FakeProvider('first', ['convert']), new FakeProvider('second', ['convert'])], { maxConcurrent: 1 })));
beforeEach(() => room.empty());
afterAll(() => room.close());

const told = (all: Readonly<Record<string, Partial<Limits>>>) => room.limits.put(new Map(Object.entries(all).map(([id, limits]) => [id, { ...UNLIMITED, ...limits }])));
const paused = (seconds: number): Partial<Limits> => ({ throttled: true, pausedUntil: performance.now() + seconds * 1000, pausedMs: seconds * 1000 });
const active = async (jobId: string) => (await room.test.query<{ provider: string; spilled: boolean; room: string | null }>(`SELECT provider, spilled, room FROM stage WHERE job_id = $1 AND status = 'active'`, [jobId]))[0];
const changes = async (jobId: string) => (await room.test.query<{ detail: Record<string, unknown> }>(`SELECT detail FROM event WHERE job_id = $1 AND type = 'plan.changed'`, [jobId])).map(({ detail }) => detail);

/** The scene of the job's stage, which is due. */
async function scene(): Promise<Scene> {
  await room.test.query('UPDATE stage SET due_at = now(), lease_until = NULL WHERE due_at IS NOT NULL');
  const found = await room.scenes.load((await room.claim())[0] as Lease);
  if (found === null) throw new Error('the lease is lost');
  return found;
}

it('a new job goes past a provider that is full or wants to be left alone, unless nobody else is left', async () => {
  expect((await active((await room.accept({})).id))?.provider).toBe('first');
  told({ first: { running: 1 } });
  expect((await active((await room.accept({})).id))?.provider).toBe('second');
  told({ first: paused(30) });
  const job = await room.accept({});
  expect((await active(job.id))?.provider).toBe('second');
  expect(await room.decisions.last(job.id)).toMatchObject({ winner: 'second', quotes: [{ provider: 'first', eligible: false, reasons: [{ code: 'rate_limited' }] }, { provider: 'second', eligible: true }] });
  const routing = { only: ['first'] };
  expect((await active((await room.accept({ routing })).id))?.provider).toBe('first');
});

it('a stage that its provider has no room for goes on, once: the timeline says why, and it does not come back', async () => {
  const { id } = await room.accept({});
  const first = await scene();
  told({ first: { running: 1 } });
  await room.waitingRoom.take(first);
  expect(await active(id)).toEqual({ provider: 'second', spilled: true, room: null });
  expect(await changes(id)).toMatchObject([{ from: 'first', reason: 'concurrency', message: expect.stringContaining('has no room') as string }]);
  told({ second: paused(3600) });
  await room.waitingRoom.take(await scene());
  expect(await active(id)).toEqual({ provider: 'second', spilled: true, room: 'waits' });
  expect(await changes(id)).toHaveLength(1);
});

it('one whose caller allows nobody else waits, and says so once however often it looks', async () => {
  const { id } = await room.accept({ routing: { only: ['first'] } });
  told({ first: paused(3600) });
  await room.waitingRoom.take(await scene());
  await room.waitingRoom.take(await scene());
  expect(await active(id)).toEqual({ provider: 'first', spilled: false, room: 'waits' });
  expect((await room.events(id)).filter((type) => type === 'stage.waiting')).toHaveLength(1);
  expect(await changes(id)).toEqual([]);
});

it('one that waits goes on as soon as waiting got too dear', async () => {
  const { id } = await room.accept({});
  told({ first: paused(30), second: paused(60) });
  await room.waitingRoom.take(await scene());
  expect(await active(id)).toMatchObject({ provider: 'first', room: 'waits' });
  told({ first: paused(30) });
  await room.waitingRoom.take(await scene());
  expect(await active(id)).toEqual({ provider: 'second', spilled: true, room: null });
});
