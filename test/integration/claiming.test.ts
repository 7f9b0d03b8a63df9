import { randomUUID } from 'node:crypto';
import { ProviderError } from '../../src/conversion/errors.js';
import { LeaseLost, type Lease } from '../../src/execution/stage-store.js';
import { Database } from '../../src/platform/database.js';
import { StageStore } from '../../src/execution/stage-store.js';
import { engineRoom, keptFile, type EngineRoom } from '../support/engine-room.js';
import { FakeProvider } from '../support/fake-provider.js';

let room: EngineRoom;

beforeAll(async () => {
  room = await engineRoom([new FakeProvider('one', ['convert']), new FakeProvider('two', ['convert'])]);
});

beforeEach(() => room.empty());

afterAll(() => room.close());

const expire = (lease: Lease) => room.test.query(`UPDATE stage SET lease_until = now() - interval '1 second' WHERE id = $1`, [lease.stageId]);
const stageOf = async (lease: Lease) => (await room.test.query<Record<string, unknown>>('SELECT * FROM stage WHERE id = $1', [lease.stageId]))[0];

/** Everything that is written of a job. */
const wholeStory = (jobId: string) =>
  room.test.query(
    `SELECT (SELECT json_agg(j) FROM job j WHERE id = $1) AS job, (SELECT json_agg(s ORDER BY s.id) FROM stage s WHERE job_id = $1) AS stages, (SELECT json_agg(s ORDER BY s.id) FROM job_step s WHERE job_id = $1) AS steps,
     (SELECT json_agg(a ORDER BY a.id) FROM attempt a WHERE job_id = $1) AS attempts, (SELECT json_agg(e ORDER BY e.sequence) FROM event e WHERE job_id = $1) AS events, (SELECT json_agg(f ORDER BY f.id) FROM file f WHERE job_id = $1) AS files`,
    [jobId],
  );

it.each([2, 8])('%i owners at once claim three thousand stages, and none of them twice', async (owners) => {
  const job = await room.accept({});
  const count = 3000;
  await room.test.query('DELETE FROM stage');
  await room.test.query(`INSERT INTO stage (id, job_id, position, provider, step_ids, needs, status, due_at) SELECT gen_random_uuid(), $1, n, 'one', '{}', '{}', 'active', now() - n * interval '1 ms' FROM generate_series(1, $2::int) n`, [job.id, count]);
  const pools = Array.from({ length: owners }, () => Database.open(room.test.url, { max: 2 }));
  const claimed = await Promise.all(
    pools.map(async (pool) => {
      const [stages, owner] = [new StageStore(pool), randomUUID()];
      const mine: Lease[] = [];
      for (let batch = await stages.claim(owner, 20); batch.length > 0; batch = await stages.claim(owner, 20)) mine.push(...batch);
      return mine;
    }),
  );
  await Promise.all(pools.map((pool) => pool.close()));
  const ids = claimed.flat().map(({ stageId }) => stageId);
  expect(ids).toHaveLength(count);
  expect(new Set(ids).size).toBe(count);
  expect(new Set(claimed.flat().map(({ epoch }) => epoch))).toEqual(new Set([1]));
  // A control: they did run at once.
  expect(claimed.filter((mine) => mine.length > 0).length).toBe(owners);
});

it('what is not due, waits, or has a lease is not claimed; what is longest due comes first', async () => {
  await room.accept({});
  await room.accept({});
  await room.test.query(`UPDATE stage SET due_at = now() - interval '1 hour' WHERE id = (SELECT id FROM stage ORDER BY id DESC LIMIT 1)`);
  const [first] = await room.claim(1);
  expect((await stageOf(first as Lease))?.['id']).toBe((await room.test.query<{ id: string }>('SELECT id FROM stage ORDER BY id DESC LIMIT 1'))[0]?.id);
  const [second] = await room.claim(1);
  expect(await room.claim()).toEqual([]);
  await room.stages.release(second as Lease, 60_000);
  await room.stages.release(first as Lease, null);
  expect(await room.claim()).toEqual([]);
  await room.test.query('UPDATE stage SET due_at = now() - make_interval(secs => 1) WHERE due_at IS NOT NULL');
  expect(await room.claim()).toHaveLength(1);
});

it('a lease that runs out is somebody else\'s, one that is renewed is not', async () => {
  await room.accept({});
  const owner = randomUUID();
  const [lease] = await room.stages.claim(owner, 1);
  await room.test.query(`UPDATE stage SET lease_until = now() + interval '1 second'`);
  await room.stages.renew(owner, [lease as Lease]);
  const [left] = await room.test.query<{ seconds: number }>('SELECT extract(epoch FROM lease_until - now())::float8 AS seconds FROM stage');
  expect(left?.seconds).toBeGreaterThan(10);
  expect(await room.claim()).toEqual([]);
  await expire(lease as Lease);
  // Too late to renew: whoever comes first has it.
  await room.stages.renew(owner, [lease as Lease]);
  const [next] = await room.claim();
  expect(next).toMatchObject({ stageId: lease?.stageId, epoch: (lease?.epoch ?? 0) + 1 });
});

describe('a worker that stalled, and whose lease another one took over', () => {
  const gone = new ProviderError('unavailable', 'Away.');

  const WRITES: readonly (readonly [what: string, write: (stalled: Awaited<ReturnType<EngineRoom['running']>>) => Promise<unknown>])[] = [
    ['success', ({ scene, attempt }) => room.settle.succeeded(scene, attempt, { files: [keptFile('step-1')], deliveries: [], cost: { credits: 1 } }, 'poll')],
    ['error', ({ scene, attempt }) => room.settle.errored(scene, attempt, gone, { credits: null }, 'poll')],
    ['progress', ({ scene, attempt }) => room.attempts.progressed(scene, attempt, { progress: 50, word: 'half' }, 'poll', 0)],
    ['failed read', ({ scene, attempt }) => room.attempts.unreadable(scene, attempt, gone, 'poll', 0)],
    ['start', ({ scene, attempt }) => room.attempts.running(scene, attempt.id, 'theirs', 0)],
    ['new attempt', ({ scene }) => room.attempts.begin(scene, { id: randomUUID(), reference: randomUUID() }, null)],
  ];

  it.each(WRITES)('changes nothing by its late %s', async (_, write) => {
    const job = await room.accept({});
    const [lease] = await room.claim();
    const stalled = await room.running(lease as Lease);
    await expire(lease as Lease);
    const [taken] = await room.claim();
    const before = await wholeStory(job.id);
    await expect(write(stalled)).rejects.toThrow(LeaseLost);
    await room.stages.release(lease as Lease, 0);
    expect(await room.attempts.created(stalled.scene, stalled.attempt.id, 'another')).toBe(false);
    expect(await wholeStory(job.id)).toEqual(before);
    // A control: whoever holds the lease now writes.
    const scene = await room.scenes.load(taken as Lease);
    await room.settle.succeeded(scene as never, stalled.attempt, { files: [keptFile('step-1')], deliveries: [], cost: { credits: 1 } }, 'poll');
    expect((await room.find(job.id)).status).toBe('completed');
  });

  it.each(WRITES)('changes nothing by a %s after it gave its lease back, though nobody has taken it since', async (_, write) => {
    const job = await room.accept({});
    const [lease] = await room.claim();
    const stalled = await room.running(lease as Lease);
    await room.settle.errored(stalled.scene, stalled.attempt, new ProviderError('unavailable', 'Away.', { retryAfterMs: 30_000 }), { credits: null }, 'poll');
    const before = await wholeStory(job.id);
    await expect(write(stalled)).rejects.toThrow(LeaseLost);
    // Nor does it shorten the pause that was asked for.
    await room.stages.release(lease as Lease, 0);
    expect(await room.attempts.created(stalled.scene, stalled.attempt.id, 'another')).toBe(false);
    expect(await wholeStory(job.id)).toEqual(before);
  });

  it('cannot be overtaken while it writes: what one transaction holds, no other owner claims', async () => {
    await room.accept({});
    const [lease] = await room.claim();
    await expire(lease as Lease);
    await room.database.transaction(async (sql) => {
      await room.stages.hold(sql, lease as Lease);
      expect(await room.claim()).toEqual([]);
    });
    // A control: once it is done, the lease that ran out is free.
    expect(await room.claim()).toHaveLength(1);
  });
});

it('news that come while somebody works make the stage due at once afterwards, not before', async () => {
  await room.accept({});
  const [lease] = await room.claim();
  await room.database.transaction((sql) => room.stages.wake(sql, lease?.stageId ?? ''));
  expect(await room.claim()).toEqual([]);
  await room.stages.release(lease as Lease, 60_000);
  const [again] = await room.claim();
  expect(again).toMatchObject({ stageId: lease?.stageId, hinted: true });
  await room.stages.release(again as Lease, 60_000);
  expect(await room.claim()).toEqual([]);
});

it('a provider is given no more attempts at once than it takes, by however many workers', async () => {
  for (let count = 0; count < 12; count += 1) await room.accept({});
  const leases = await room.claim();
  const begun = await Promise.all(
    leases.map(async (lease) => {
      const scene = await room.scenes.load(lease);
      return room.attempts.begin(scene as never, { id: randomUUID(), reference: randomUUID() }, 5);
    }),
  );
  expect(begun.filter((attempt) => attempt !== null)).toHaveLength(5);
});

it('what is woken is due in that very moment', async () => {
  await room.accept({});
  const [lease] = await room.claim();
  await room.stages.release(lease as Lease, 600_000);
  const looks = [];
  for (let times = 0; times < 50; times += 1) {
    // Within a transaction no time goes by.
    const look = await room.database.transaction(async (sql) => {
      await room.stages.wake(sql, (lease as Lease).stageId);
      return sql.query('SELECT due_at <= now() AS "isDue" FROM stage');
    });
    looks.push(...look);
  }
  expect(looks).toEqual(Array.from({ length: 50 }, () => ({ isDue: true })));
});
