import pg from 'pg';
import { EventFeed, type Watch } from '../../src/jobs/event-feed.js';
import { appendEvents, EVENTS_CHANNEL, readEvents } from '../../src/jobs/event-store.js';
import { eventStream } from '../../src/jobs/event-stream.js';
import { Database } from '../../src/platform/database.js';
import { Listener } from '../../src/platform/listener.js';
import { engineRoom, TENANT, until, type EngineRoom } from '../support/engine-room.js';
import { FakeProvider } from '../support/fake-provider.js';

let room: EngineRoom;
/** The process of those who listen; what happens, happens in the room. */
let elsewhere: Database;
let listener: Listener;
let feed: EventFeed;

beforeAll(async () => {
  room = await engineRoom([new FakeProvider('one', ['convert'])]);
});

beforeEach(async () => {
  elsewhere = Database.open(room.test.url);
  listener = new Listener(elsewhere);
  feed = new EventFeed(elsewhere, listener);
  feed.onModuleInit();
  await listener.start();
});

afterEach(async () => {
  feed.beforeApplicationShutdown();
  await listener.onApplicationShutdown();
  await elsewhere.close();
});

afterAll(() => room.close());

const happens = (jobId: string, ...types: string[]) => room.database.transaction((sql) => appendEvents(sql, jobId, types.map((type) => ({ type, cause: 'timer' }))));

/** What one listener hears, and whether it is over. */
function follow(jobId: string, after = 0) {
  const heard: number[] = [];
  const watch: Watch = feed.watch(jobId);
  const follower = { heard, over: false, watch };
  void (async () => {
    for await (const text of eventStream({ read: (behind) => readEvents(elsewhere, jobId, behind, 3), watch, after, stalled: () => undefined })) {
      heard.push(...[...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id)));
    }
    follower.over = true;
  })();
  return follower;
}

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

it('fifty listeners in one process hear what happens in another one, without gap or double, through one LISTEN and one look-out', async () => {
  const { id } = await room.accept({});
  const followers = numbers(1, 50).map((number) => follow(id, number % 4));
  for (let index = 0; index < 20; index += 1) await happens(id, 'attempt.progressed', 'attempt.progressed');
  await room.cancels.cancel(TENANT, id);
  await until(() => followers.every(({ over }) => over), 10_000);
  const [{ last } = { last: 0 }] = await room.test.query<{ last: number }>('SELECT last_sequence AS last FROM job WHERE id = $1', [id]);
  expect(last).toBe(44);
  followers.forEach(({ heard }, index) => expect(heard).toEqual(numbers(((index + 1) % 4) + 1, last)));
  expect(feed.size).toBe(0);
  // A control: one connection listens, however many do.
  const [{ count } = { count: 0 }] = await room.test.query<{ count: number }>(`SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'`);
  expect(count).toBe(1);
});

it('a word that is lost costs one look', async () => {
  const { id } = await room.accept({});
  const follower = follow(id);
  await until(() => follower.heard.length === 3);
  // As if nobody had said anything: the row is written past the service.
  await room.test.query(`UPDATE job SET last_sequence = 4 WHERE id = $1`, [id]);
  await room.test.query(`INSERT INTO event (job_id, sequence, type, cause) VALUES ($1, 4, 'attempt.progressed', 'poll')`, [id]);
  await until(() => follower.heard.length === 4, 6000);
  expect(follower.heard).toEqual([1, 2, 3, 4]);
});

it('each transaction says one word after its commit, whatever number of events it wrote; one that is rolled back says none', async () => {
  const client = new pg.Client({ connectionString: room.test.url });
  const heard: { payload: string | undefined; there: Promise<number> }[] = [];
  client.on('error', () => undefined);
  client.on('notification', ({ payload }) => heard.push({ payload, there: room.test.query('SELECT 1 FROM event WHERE job_id = $1 AND sequence > 3', [payload]).then((rows) => rows.length) }));
  await client.connect();
  await client.query(`LISTEN ${EVENTS_CHANNEL}`);
  const [kept, dropped] = [await room.accept({}), await room.accept({})];
  await expect(room.database.transaction(async (sql) => {
    appendEvents(sql, dropped.id, [{ type: 'attempt.running', cause: 'timer' }]);
    throw new Error('rolled back');
  })).rejects.toThrow('rolled back');
  await room.database.transaction(async (sql) => {
    for (let index = 0; index < 5; index += 1) appendEvents(sql, kept.id, [{ type: 'attempt.progressed', cause: 'poll' }]);
  });
  await until(() => heard.length > 0);
  await client.query(`SELECT pg_notify('${EVENTS_CHANNEL}', $1)`, [kept.id]);
  await until(() => heard.length > 1);
  expect(heard.map(({ payload }) => payload)).toEqual([kept.id, kept.id]);
  expect(await heard[0]?.there).toBe(5);
  await client.end();
});

it('a process that stops ends its streams at once, and takes no new ones', async () => {
  const { id } = await room.accept({});
  const follower = follow(id);
  await until(() => follower.heard.length === 3);
  feed.beforeApplicationShutdown();
  await until(() => follower.over);
  expect([feed.size, feed.watch(id).closed]).toEqual([0, true]);
});
