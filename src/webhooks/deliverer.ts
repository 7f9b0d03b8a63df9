import { Logger } from '@nestjs/common';
import { MOST_LOST } from '../execution/stage-store.js';
import type { PublicAddress } from '../http/public-address.js';
import type { DeliveryStatus } from '../jobs/states.js';
import type { WebhookSecrets } from '../jobs/webhook-secrets.js';
import { databaseTrouble } from '../platform/database-trouble.js';
import { Unsealable } from '../platform/sealing.js';
import { afterTry, type Answer } from './delivery-schedule.js';
import type { ClaimedDelivery, DeliveryStore } from './delivery-store.js';
import { toMessage, type NewsRow } from './message.js';
import type { Sender } from './sender.service.js';

/** Told as soon as the receiver has nothing more to do with a delivery: whether it answered, whatever it said. Not told of a try that was given up. */
export type ReceiverIsDone = (hasAnswered: boolean) => void;

/** Told after each try: where it left the delivery. */
export type ObserveDelivery = (status: DeliveryStatus) => void;

/** Makes one try at one delivery: signs the event, sends it, writes what became of it. */
export class Deliverer {
  private readonly log = new Logger('webhooks');

  constructor(
    private readonly deliveries: DeliveryStore,
    private readonly sender: Pick<Sender, 'send'>,
    private readonly secrets: WebhookSecrets,
    private readonly address: PublicAddress,
    private readonly observe: ObserveDelivery = () => undefined,
  ) {}

  /** Whether the next delivery of the same job is due by it. A try that `signal` gave up does not count, and one of which processes die is not made. */
  async deliver(delivery: ClaimedDelivery, signal: AbortSignal, isDone: ReceiverIsDone): Promise<boolean> {
    if (delivery.job !== null) return this.make(delivery, delivery.job, signal, isDone);
    if (delivery.lost >= MOST_LOST) return this.giveUp(delivery);
    const { suspects } = this.deliveries;
    if (!suspects.take(delivery)) {
      await this.deliveries.wait(delivery);
      return false;
    }
    try {
      const job = await this.deliveries.alone(delivery);
      return job !== null && (await this.make(delivery, job, signal, isDone));
    } finally {
      suspects.leave(delivery);
    }
  }

  private async make(delivery: ClaimedDelivery, job: NewsRow['job'], signal: AbortSignal, isDone: ReceiverIsDone): Promise<boolean> {
    const began = performance.now();
    const answer = await this.try(delivery, job, signal);
    if (answer === null) {
      await this.deliveries.release(delivery);
      return false;
    }
    isDone(answer.status !== null);
    const tries = delivery.tries + 1;
    const next = afterTry(answer, tries, Math.random());
    const { jobId, deliveryId, host, type } = delivery;
    const settled = await this.deliveries.settle(delivery, answer, performance.now() - began, next);
    if (settled !== 'lost') {
      this.observe(next.status);
      if (next.status === 'exhausted') this.log.warn({ job: jobId, delivery: deliveryId, host, type, tries, msg: `given up: ${answer.error ?? ''}` });
    } else this.log.debug(`delivery ${deliveryId} was taken over while it was made`);
    return settled === 'next is due';
  }

  /** It is not even read. What comes after it may be delivered. */
  private async giveUp(delivery: ClaimedDelivery): Promise<boolean> {
    const { jobId, deliveryId, host, type, lost } = delivery;
    const settled = await this.deliveries.settle(delivery, DEADLY, 0, { status: 'exhausted' });
    if (settled === 'lost') return false;
    this.observe('exhausted');
    this.log.error({ job: jobId, delivery: deliveryId, host, type, msg: `${lost} processes in a row were gone in the middle of this delivery. It was given up; what they wrote last tells why.` });
    return settled === 'next is due';
  }

  private async try(delivery: ClaimedDelivery, job: NewsRow['job'], signal: AbortSignal): Promise<Answer | null> {
    try {
      const message = toMessage({ ...delivery, job }, this.address.url, await this.secretOf(delivery, job.tenant), delivery.at);
      return await this.sender.send(delivery.url, message, delivery.at, signal);
    } catch (error) {
      if (databaseTrouble(error) !== null) throw error;
      // Both may be mended before the last try; without one a delivery that cannot be made would be made for ever.
      if (!(error instanceof Unsealable)) this.log.error(error instanceof Error ? { delivery: delivery.deliveryId, name: error.name, message: error.message, stack: error.stack } : 'an error that is no Error');
      return { status: null, error: error instanceof Unsealable ? error.message : 'The gateway could not make this delivery; its log says more.', retryAfterMs: null };
    }
  }

  private secretOf({ jobId, sealed }: ClaimedDelivery, tenant: string): string | Promise<string> {
    return sealed === null ? this.secrets.ofTenant(tenant) : this.secrets.open(jobId, sealed);
  }
}

const DEADLY: Answer = {
  status: null,
  error: `The gateway itself failed at this delivery: ${MOST_LOST} times in a row the process that made it was gone in the middle of it. It is not tried again.`,
  retryAfterMs: null,
};
