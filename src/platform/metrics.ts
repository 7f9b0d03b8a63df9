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
