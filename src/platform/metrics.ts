import { Injectable } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Registry } from 'prom-client';

/** What this process counts, for whoever scrapes it. */
@Injectable()
export class Metrics {
  private readonly registry = new Registry();

  /** What changed in a provider's catalogue: `kind` is added, removed, options or price. */
  readonly catalogueDrift = new Counter({
    name: 'conversion_catalogue_drift_total',
    help: 'Entries of a provider\'s catalogue that came, went, or changed their options or price.',
    labelNames: ['provider', 'kind'] as const,
    registers: [this.registry],
  });

  /** Tries at deliveries, by where each left its delivery: sent, scheduled (to be tried again), exhausted. */
  readonly webhookDeliveries = new Counter({
    name: 'conversion_webhook_deliveries_total',
    help: 'Tries at webhook deliveries, by where each left its delivery: sent, scheduled for another try, exhausted.',
    labelNames: ['status'] as const,
    registers: [this.registry],
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  async text(): Promise<string> {
    return this.registry.metrics();
  }
}
