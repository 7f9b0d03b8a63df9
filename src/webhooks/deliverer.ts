import { Logger } from '@nestjs/common';
import type { PublicAddress } from '../http/public-address.js';
import type { DeliveryStatus } from '../jobs/states.js';
import type { WebhookSecrets } from '../jobs/webhook-secrets.js';
import { databaseTrouble } from '../platform/database-trouble.js';
import { Unsealable } from '../platform/sealing.js';
import { afterTry, type Answer } from './delivery-schedule.js';
import type { ClaimedDelivery, DeliveryStore } from './delivery-store.js';
import { toMessage } from './message.js';
import type { Sender } from './sender.service.js';

/** `answered`: whatever the receiver said. `nextIsDue`: so is the next delivery of the same job. */
export interface Delivered {
  readonly answered: boolean;
  readonly nextIsDue: boolean;
}

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

  /** Null when `signal` gave the try up, which then does not count. */
  async deliver(delivery: ClaimedDelivery, signal: AbortSignal): Promise<Delivered | null> {
    const began = performance.now();
    const answer = await this.try(delivery, signal);
    if (answer === null) {
      await this.deliveries.release(delivery);
      return null;
    }
    const tries = delivery.tries + 1;
    const next = afterTry(answer, tries, Math.random());
    const { jobId, deliveryId, host, type } = delivery;
    const settled = await this.deliveries.settle(delivery, answer, performance.now() - began, next);
    if (settled !== 'lost') {
      this.observe(next.status);
      if (next.status === 'exhausted') this.log.warn({ job: jobId, delivery: deliveryId, host, type, tries, msg: `given up: ${answer.error ?? ''}` });
    } else this.log.debug(`delivery ${deliveryId} was taken over while it was made`);
    return { answered: answer.status !== null, nextIsDue: settled === 'next is due' };
  }

  private async try(delivery: ClaimedDelivery, signal: AbortSignal): Promise<Answer | null> {
    try {
      const message = toMessage(delivery, this.address.url, await this.secretOf(delivery), delivery.at);
      return await this.sender.send(delivery.url, message, delivery.at, signal);
    } catch (error) {
      if (databaseTrouble(error) !== null) throw error;
      // Both may be mended before the last try; without one a delivery that cannot be made would be made for ever.
      if (!(error instanceof Unsealable)) this.log.error(error instanceof Error ? { delivery: delivery.deliveryId, name: error.name, message: error.message, stack: error.stack } : 'an error that is no Error');
      return { status: null, error: error instanceof Unsealable ? error.message : 'The gateway could not make this delivery; its log says more.', retryAfterMs: null };
    }
  }

  private secretOf({ jobId, sealed, job }: ClaimedDelivery): string | Promise<string> {
    return sealed === null ? this.secrets.ofTenant(job.tenant) : this.secrets.open(jobId, sealed);
  }
}
