import { setTimeout as pause } from 'node:timers/promises';
import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { NEWS_CHANNEL } from '../jobs/outbox.js';
import { databaseTrouble } from '../platform/database-trouble.js';
import { Listener } from '../platform/listener.js';
import { Pressure } from '../platform/pressure.js';
import { Deliverer } from './deliverer.js';
import { DELIVERY_LEASE_SECONDS, DeliveryStore, type ClaimedDelivery } from './delivery-store.js';
import { ReceiverRoom } from './receiver-room.js';

/** Deliveries that one process makes at once: they wait for receivers, not for the processor. */
const AT_ONCE = 128;
const BATCH = 20;
/** Between looks for what became due; news shorten it. */
const LOOK_MS = 1000;
/** From one look to the next at the least: under load what becomes due meanwhile is claimed together. */
const REST_MS = 10;
const DRAIN_MS = 5000;

/** Claims deliveries that are due and has them made, until it is told to stop. Any number of processes do so on one database. */
@Injectable()
export class RelayService implements BeforeApplicationShutdown {
  private readonly log = new Logger('webhooks');
  private readonly owner = uuidv7();
  private readonly room = new ReceiverRoom();
  private readonly running = new Map<string, Promise<void>>();
  private readonly abort = new AbortController();
  private stopping = false;
  private loop: Promise<void> | null = null;
  private heartbeat: NodeJS.Timeout | undefined;
  private wakeUp: () => void = () => undefined;
  /** News came since the last look. */
  private woken = false;
  /** The database failed us: leases of ours may be about that nobody works on. */
  private troubled = false;

  constructor(
    private readonly deliveries: DeliveryStore,
    private readonly deliverer: Deliverer,
    private readonly listener: Listener,
    private readonly pressure: Pressure,
  ) {}

  start(): void {
    this.listener.on(NEWS_CHANNEL, () => this.wake());
    this.heartbeat = setInterval(() => void this.deliveries.renew(this.owner, [...this.running.keys()]).catch((error: unknown) => this.trouble(error)), (DELIVERY_LEASE_SECONDS * 1000) / 3);
    this.loop = this.run();
  }

  /** No new delivery at once; what is on its way may arrive, and is given back when that takes long. */
  async beforeApplicationShutdown(): Promise<void> {
    if (this.loop === null) return;
    this.stopping = true;
    this.wake();
    await this.loop;
    const late = setTimeout(() => this.abort.abort(), DRAIN_MS);
    await Promise.all(this.running.values());
    clearTimeout(late);
    clearInterval(this.heartbeat);
  }

  private async run(): Promise<void> {
    while (!this.stopping) {
      const next = performance.now() + REST_MS;
      this.woken = false;
      const free = Math.min(BATCH, AT_ONCE - this.running.size);
      const left = this.room.left();
      const claimed = free > 0 ? await this.claim(free, left) : [];
      const bound = this.room.bound(left, claimed);
      for (const delivery of claimed) this.take(delivery);
      this.pressure.workIsBehind('deliveries', free === 0 || claimed.length === free || bound.answering);
      // Less than was asked for is all there is; but whoever has no room left is left out of the next look, so that others are seen.
      if (claimed.length === 0 || (claimed.length < free && !bound.any)) await this.sleep();
      await pause(Math.max(0, next - performance.now()));
    }
  }

  private async claim(limit: number, left: Readonly<Record<string, number>>): Promise<readonly ClaimedDelivery[]> {
    try {
      const troubled = this.troubled;
      // Before the answer: work that fails meanwhile has a lease that is not given back here.
      this.troubled = false;
      if (troubled) await this.deliveries.giveBack(this.owner, [...this.running.keys()]);
      return await this.deliveries.claim(this.owner, limit, left, this.room.whole);
    } catch (error) {
      this.trouble(error);
      return [];
    }
  }

  private take(delivery: ClaimedDelivery): void {
    const { deliveryId, host } = delivery;
    let isThere = true;
    /** What is still to be written of a delivery holds up no other of its receiver. */
    const leave = (): void => {
      if (!isThere) return;
      isThere = false;
      const wasFull = this.room.isFull(host);
      this.room.leave(host);
      // Nothing else became due by it.
      if (wasFull) this.wake();
    };
    this.room.enter(host);
    const work = this.deliverer
      .deliver(delivery, this.abort.signal, (hasAnswered) => {
        this.room.heard(host, hasAnswered);
        leave();
      })
      .then((nextIsDue) => {
        if (nextIsDue) this.wake();
      })
      // Unless it was the database, the lease is kept until it runs out: a delivery that always ends here is made at that pace and no faster, and given up.
      .catch((error: unknown) => this.trouble(error))
      .finally(() => {
        leave();
        const wasFull = this.running.size >= AT_ONCE;
        this.running.delete(deliveryId);
        if (wasFull) this.wake();
      });
    this.running.set(deliveryId, work);
  }

  private trouble(error: unknown): void {
    const database = databaseTrouble(error);
    if (database !== null) {
      this.troubled = true;
      this.log.warn(`database: ${database}`);
    } else this.log.error(error instanceof Error ? { name: error.name, message: error.message, stack: error.stack } : 'an error that is no Error');
  }

  private wake(): void {
    this.woken = true;
    this.wakeUp();
  }

  private async sleep(): Promise<void> {
    if (this.woken) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, LOOK_MS);
      this.wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
