import { randomUUID } from 'node:crypto';
import type { DeliveryStatus } from '../../../src/jobs/states.js';
import type { DeliveryStore } from '../../../src/webhooks/delivery-store.js';
import { deliveryRoom, FAILED, made, SENT, type DeliveryRoom } from '../../support/delivery-room.js';
import type { EngineRoom } from '../../support/engine-room.js';

const SECRET = `whsec_${Buffer.alloc(32, 3).toString('base64')}`;
const AGAIN = { status: 'scheduled', afterMs: 5000 } as const;

let room: EngineRoom;
let deliveries: DeliveryStore;
let { accept, claim, one, expire, log, rowOf, delivererThat } = {} as DeliveryRoom;

beforeAll(async () => {
  ({ room, deliveries, accept, claim, one, expire, log, rowOf, delivererThat } = await deliveryRoom());
});

beforeEach(() => room.empty());

afterAll(() => room.close());

const hurry = () => room.test.query('UPDATE delivery SET due_at = now() - make_interval(secs => 1) WHERE due_at IS NOT NULL');

it('two relays share what is due, and make none of it twice', async () => {
  await Promise.all(Array.from({ length: 60 }, (_, index) => accept(`https://caller-${index % 7}.example/hook`)));
  const shares = await Promise.all([1, 2].map(async () => {
    const mine: string[] = [];
    for (let batch = await claim(5); batch.length > 0; batch = await claim(5)) mine.push(...batch.map(({ deliveryId }) => deliveryId));
    return mine;
  }));
  expect(shares.flat()).toHaveLength(60);
  expect(new Set(shares.flat()).size).toBe(60);
  expect(shares.every((mine) => mine.length > 0)).toBe(true);
});

it('a crashed relay\'s delivery is another\'s once its lease has run out; what a stalled one writes is not written', async () => {
  await accept();
  const stalled = await one();
  expect(await claim()).toEqual([]);
  await expire();
  const next = await one();
  expect([next.deliveryId, next.eventId, next.epoch, next.tries]).toEqual([stalled.deliveryId, stalled.eventId, stalled.epoch + 1, 0]);
  const before = await rowOf(next);
  expect(await deliveries.settle(stalled, SENT, 1, { status: 'sent' })).toBe('lost');
  expect(await deliveries.settle(stalled, FAILED, 1, AGAIN)).toBe('lost');
  await deliveries.release(stalled);
  expect([await rowOf(next), await log(next.deliveryId)]).toEqual([before, []]);
  expect(await deliveries.settle(next, SENT, 1, { status: 'sent' })).toBe('written');
  expect(await deliveries.settle(next, SENT, 1, { status: 'sent' })).toBe('lost');
  expect(await log(next.deliveryId)).toEqual([{ number: 1, status: 200, error: null }]);
});

it('a lease is renewed by its owner alone, while it holds', async () => {
  await accept();
  const owner = randomUUID();
  const [mine] = await deliveries.claim(owner, 1, {}, 1);
  const seconds = async () => (await room.test.query<{ left: number }>('SELECT extract(epoch FROM lease_until - now())::float8 AS left FROM delivery'))[0]?.left ?? 0;
  await room.test.query(`UPDATE delivery SET lease_until = now() + interval '1 second'`);
  await deliveries.renew(randomUUID(), [mine!.deliveryId]);
  expect(await seconds()).toBeLessThan(2);
  await deliveries.renew(owner, [mine!.deliveryId]);
  expect(await seconds()).toBeGreaterThan(10);
  await expire();
  await deliveries.renew(owner, [mine!.deliveryId]);
  expect(await seconds()).toBeLessThan(0);
});

describe('the room of a receiver', () => {
  const many = async (host: string, count: number) => {
    const job = await accept(`https://${host}/hook`);
    await room.test.query(`INSERT INTO delivery (id, event_id, job_id, sequence, host, due_at) SELECT gen_random_uuid(), event_id, job_id, n, host, now() - interval '1 hour' FROM delivery, generate_series(2, $2::int) n WHERE job_id = $1`, [job.id, count]);
  };

  it('bounds what one claim takes for it', async () => {
    await many('slow.example', 30);
    await accept('https://quick.example/hook');
    const hosts = (await claim(20, { 'slow.example:443': 1 }, 8)).map(({ host }) => host);
    expect(hosts.sort()).toEqual(['quick.example:443', 'slow.example:443']);
    expect(await claim(20, { 'slow.example:443': 0 }, 8)).toEqual([]);
    expect(await claim(20, {}, 8)).toHaveLength(8);
  });

  it('lets others by, however much is due to one that has none left', async () => {
    await many('slow.example', 500);
    await accept('https://quick.example/hook');
    expect((await claim(20, { 'slow.example:443': 0 }, 8)).map(({ host }) => host)).toEqual(['quick.example:443']);
  });
});

it('it is given up after nine tries, each with its line in the log, and what comes after it is due', async () => {
  const job = await accept();
  await room.cancels.cancel('default', job.id);
  const told: DeliveryStatus[] = [];
  const deliverer = delivererThat(() => FAILED, (status) => told.push(status));
  const first = await one();
  await made(deliverer, first);
  for (let tries = 2; tries <= 9; tries += 1) {
    expect(await claim()).toEqual([]);
    await hurry();
    const again = await one();
    expect([again.eventId, again.tries]).toEqual([first.eventId, tries - 1]);
    await made(deliverer, again);
  }
  expect(told).toEqual([...Array.from({ length: 8 }, () => 'scheduled'), 'exhausted']);
  expect(await log(first.deliveryId)).toEqual(Array.from({ length: 9 }, (_, index) => ({ number: index + 1, status: 500, error: 'The request was answered 500.' })));
  expect(await rowOf(first)).toEqual({ status: 'exhausted', tries: 9, lease_owner: null, due: false });
  expect((await claim()).map(({ type }) => type)).toEqual(['job.canceled']);
});

it('a try that is given up because we stop does not count, and is another\'s at once', async () => {
  await accept();
  const mine = await one();
  expect(await made(delivererThat(() => null), mine)).toEqual({ nextIsDue: false, answered: [] });
  expect(await log(mine.deliveryId)).toEqual([]);
  expect((await one()).tries).toBe(0);
});

it('the receiver is done with it before what it said is written', async () => {
  await accept();
  const mine = await one();
  let made: Promise<unknown> | undefined;
  // Nothing can be written of it before this is over.
  await room.database.transaction(async (sql) => {
    await sql.query('SELECT 1 FROM delivery WHERE id = $1 FOR UPDATE', [mine.deliveryId]);
    await new Promise<void>((resolve) => {
      made = delivererThat(() => SENT).deliver(mine, new AbortController().signal, () => resolve());
    });
    expect(await rowOf(mine)).toMatchObject({ status: 'scheduled', tries: 0 });
  });
  await made;
  expect(await rowOf(mine)).toMatchObject({ status: 'sent', tries: 1 });
});

it('of what is behind, that which happened first is told first: a job\'s end before another one\'s beginning', async () => {
  const job = await accept();
  await room.cancels.cancel('default', job.id);
  await room.test.query(`UPDATE delivery SET created_at = now() - interval '1 minute', due_at = CASE WHEN due_at IS NOT NULL THEN now() - interval '1 minute' END`);
  const beginning = await one();
  await accept();
  await deliveries.settle(beginning, SENT, 1, { status: 'sent' });
  expect((await claim(1)).map(({ type }) => type)).toEqual(['job.canceled']);
  expect((await claim(1)).map(({ type }) => type)).toEqual(['job.queued']);
});

it('a secret that does not open costs a try, and says so', async () => {
  const job = await accept(undefined, { secret: SECRET });
  await room.test.query('UPDATE job_webhook SET secret = set_byte(secret, 35, get_byte(secret, 35) # 1) WHERE job_id = $1', [job.id]);
  const mine = await one();
  expect(await made(delivererThat(() => SENT), mine)).toEqual({ nextIsDue: false, answered: [false] });
  expect(await log(mine.deliveryId)).toEqual([{ number: 1, status: null, error: expect.stringContaining('SECRETS_KEY') as string }]);
  expect(await rowOf(mine)).toMatchObject({ status: 'scheduled', tries: 1 });
});

it('a message that cannot be made costs a try too, so that it ends some day', async () => {
  await accept();
  await room.test.query(`UPDATE outbox_event SET job = '{}'`);
  const mine = await one();
  expect(await made(delivererThat(() => SENT), mine)).toEqual({ nextIsDue: false, answered: [false] });
  expect(await log(mine.deliveryId)).toEqual([{ number: 1, status: null, error: expect.stringContaining('its log says more') as string }]);
});
