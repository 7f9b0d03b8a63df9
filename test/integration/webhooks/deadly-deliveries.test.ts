import { randomUUID } from 'node:crypto';
import type { DeliveryStatus } from '../../../src/jobs/states.js';
import type { Deliverer } from '../../../src/webhooks/deliverer.js';
import type { ClaimedDelivery, DeliveryStore } from '../../../src/webhooks/delivery-store.js';
import { deliveryRoom, FAILED, made, SENT, type DeliveryRoom } from '../../support/delivery-room.js';
import type { EngineRoom } from '../../support/engine-room.js';

let room: EngineRoom;
let deliveries: DeliveryStore;
let { accept, claim, one, expire, log, rowOf, delivererThat } = {} as DeliveryRoom;

beforeAll(async () => {
  ({ room, deliveries, accept, claim, one, expire, log, rowOf, delivererThat } = await deliveryRoom());
});

beforeEach(() => room.empty());

afterAll(() => room.close());

/** Its process is gone, so often. */
const lose = async (times: number): Promise<ClaimedDelivery> => {
  let mine = await one();
  for (let lost = 0; lost < times; lost += 1) {
    await expire();
    mine = await one();
  }
  return mine;
};
const lostOf = async () => (await room.test.query<{ lost: number }>('SELECT lost_leases AS lost FROM delivery ORDER BY created_at')).map(({ lost }) => lost);

it('whose lease ran out twice is a suspect: it is made alone, and cleared by being made', async () => {
  await accept();
  const mine = await lose(2);
  expect([mine.lost, mine.job]).toEqual([2, null]);
  const seen: unknown[] = [];
  const deliverer = delivererThat(async () => (seen.push(...(await lostOf())), FAILED));
  await made(deliverer, mine);
  // Should it end here, that counts; it did not.
  expect([seen, await lostOf()]).toEqual([[3], [0]]);
});

it('waits, as a suspect, while another one is made', async () => {
  await Promise.all([accept(), accept('https://other.example/hook')]);
  for (let lost = 0; lost < 2; lost += 1) {
    await claim();
    await expire();
  }
  const [first, second] = await claim();
  let meanwhile: unknown = 'not asked';
  const deliverer: Deliverer = delivererThat(async () => ((meanwhile = await made(deliverer, second!)), SENT));
  await made(deliverer, first!);
  expect([meanwhile, (await rowOf(second!))?.lease_owner, await log(second!.deliveryId), (await rowOf(first!))?.status]).toEqual([{ nextIsDue: false, answered: [] }, null, [], 'sent']);
  expect(await lostOf()).toContain(2);
});

it('whose process was gone while it was made alone, and once more, is given up unread, and what comes after it is due', async () => {
  const job = await accept();
  await room.cancels.cancel('default', job.id);
  let last = await lose(2);
  for (let lost = 3; lost <= 4; lost += 1) {
    await deliveries.alone(last);
    await expire();
    last = await one();
    expect([last.lost, last.job]).toEqual([lost, null]);
  }
  const told: DeliveryStatus[] = [];
  expect(await made(delivererThat(() => SENT, (status) => told.push(status)), last)).toEqual({ nextIsDue: true, answered: [] });
  expect([told, await log(last.deliveryId), (await rowOf(last))?.status]).toEqual([['exhausted'], [{ number: 1, status: null, error: expect.stringContaining('4 times in a row') as string }], 'exhausted']);
  expect((await claim()).map(({ type }) => type)).toEqual(['job.canceled']);
});

it('that was made alone, and is given back by a process that lives, has lost nothing by that', async () => {
  await accept();
  const mine = await lose(2);
  await deliveries.alone(mine);
  await deliveries.release(mine);
  const owner = randomUUID();
  const [again] = await deliveries.claim(owner, 1, {}, 1);
  expect(again?.lost).toBe(2);
  await deliveries.alone(again!);
  await deliveries.giveBack(owner, []);
  expect((await one()).lost).toBe(2);
});

it('is held against nobody where the process lives and was without its database, and lay beside others where it did not', async () => {
  await accept();
  const owner = randomUUID();
  await deliveries.claim(owner, 1, {}, 1);
  await expire();
  await deliveries.giveBack(owner, []);
  expect((await one()).lost).toBe(0);
  for (let lost = 0; lost < 5; lost += 1) {
    await expire();
    await one();
  }
  // However often: only what was made alone is given up.
  expect(await lostOf()).toEqual([2]);
});
