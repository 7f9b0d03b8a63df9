import { randomUUID } from 'node:crypto';
import { PublicAddress } from '../../src/http/public-address.js';
import type { DeliveryStatus } from '../../src/jobs/states.js';
import type { WholeJob } from '../../src/jobs/rows.js';
import { readEnv } from '../../src/platform/env.js';
import { Deliverer } from '../../src/webhooks/deliverer.js';
import type { Answer } from '../../src/webhooks/delivery-schedule.js';
import { DeliveryStore, type ClaimedDelivery } from '../../src/webhooks/delivery-store.js';
import type { Sender } from '../../src/webhooks/sender.service.js';
import { engineRoom, type EngineRoom } from './engine-room.js';
import { FakeProvider } from './fake-provider.js';

export const FAILED: Answer = { status: 500, error: 'The request was answered 500.', retryAfterMs: null };
export const SENT: Answer = { status: 200, error: null, retryAfterMs: null };

const ADDRESS = new PublicAddress(readEnv({ DATABASE_URL: 'postgres://x', ADMIN_API_KEY: 'k', SECRETS_KEY: Buffer.alloc(32).toString('base64') }));

interface Try {
  readonly number: number;
  readonly status: number | null;
  readonly error: string | null;
}

/** The relay's own classes on a database of their own, with jobs that have webhooks. */
export interface DeliveryRoom {
  readonly room: EngineRoom;
  readonly deliveries: DeliveryStore;
  readonly accept: (url?: string, more?: object) => Promise<WholeJob>;
  readonly claim: (limit?: number, left?: Readonly<Record<string, number>>, whole?: number) => Promise<ClaimedDelivery[]>;
  /** The next one that is due. */
  readonly one: () => Promise<ClaimedDelivery>;
  /** All leases have run out. */
  readonly expire: () => Promise<unknown>;
  readonly log: (deliveryId: string) => Promise<Try[]>;
  readonly rowOf: (delivery: ClaimedDelivery) => Promise<{ readonly status: string; readonly tries: number; readonly lease_owner: string | null; readonly due: boolean } | undefined>;
  readonly delivererThat: (answer: () => Answer | null | Promise<Answer | null>, observe?: (status: DeliveryStatus) => void) => Deliverer;
}

export async function deliveryRoom(): Promise<DeliveryRoom> {
  const room = await engineRoom([new FakeProvider('one', ['convert'])]);
  const deliveries = new DeliveryStore(room.database);
  const claim: DeliveryRoom['claim'] = (limit = 100, left = {}, whole = 100) => deliveries.claim(randomUUID(), limit, left, whole);
  return {
    room,
    deliveries,
    claim,
    accept: (url = 'https://caller.example/hook', more = {}) => room.accept({ webhook: { url, ...more } }),
    one: async () => {
      const [claimed] = await claim(1);
      if (claimed === undefined) throw new Error('nothing is due');
      return claimed;
    },
    expire: () => room.test.query(`UPDATE delivery SET lease_until = now() - interval '1 second'`),
    log: (deliveryId) => room.test.query<Try>('SELECT number, status, error FROM delivery_try WHERE delivery_id = $1 ORDER BY number', [deliveryId]),
    rowOf: async ({ deliveryId }) => (await room.test.query<{ status: string; tries: number; lease_owner: string | null; due: boolean }>('SELECT status, tries, lease_owner, due_at IS NOT NULL AS due FROM delivery WHERE id = $1', [deliveryId]))[0],
    delivererThat: (answer, observe) => {
      const sender: Pick<Sender, 'send'> = { send: async () => answer() };
      return new Deliverer(deliveries, sender, room.secrets, ADDRESS, observe);
    },
  };
}

/** What came of one try, and what was heard of the receiver. */
export async function made(deliverer: Deliverer, delivery: ClaimedDelivery): Promise<{ readonly nextIsDue: boolean; readonly answered: readonly boolean[] }> {
  const answered: boolean[] = [];
  return { nextIsDue: await deliverer.deliver(delivery, new AbortController().signal, (hasAnswered) => answered.push(hasAnswered)), answered };
}
