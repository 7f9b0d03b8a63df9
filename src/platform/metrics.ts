import { Injectable } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';

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

  /** Vendors' callbacks, by what became of each. */
  readonly callbacks = new Counter({
    name: 'conversion_callbacks_total',
    help: 'Callbacks of providers: proven, hint, late, other_job, unknown_job and unknown_shape were kept; duplicate, refused (signature), wrong_token and gone were not.',
    labelNames: ['provider', 'outcome'] as const,
    registers: [this.registry],
  });

  /** 1 where callbacks were asked for and none comes. */
  readonly callbacksSilent = new Gauge({
    name: 'conversion_callbacks_silent',
    help: '1 where a provider was asked for callbacks and jobs end there, but none came for an hour; 0 where they come, or nothing can be said.',
    labelNames: ['provider'] as const,
    registers: [this.registry],
  });

  /** What the providers told that attempts cost. */
  readonly cost = new Counter({
    name: 'conversion_cost_total',
    help: 'What attempts cost as their providers told, those that failed included, in the currency of the configured prices.',
    labelNames: ['provider', 'currency'] as const,
    registers: [this.registry],
  });

  /** How much of a budget was spent in its period: 1 is all of it. */
  readonly budgetUsed = new Gauge({
    name: 'conversion_budget_used_ratio',
    help: 'How much of a budget was spent in the period that goes on; 1 is all of it.',
    labelNames: ['budget'] as const,
    registers: [this.registry],
  });

  /** How a provider's breaker stands: 0 closed, 1 half-open, 2 open. */
  readonly breakerState = new Gauge({
    name: 'conversion_breaker_state',
    help: 'The breaker of a provider as a whole: 0 closed, 1 half-open, 2 open.',
    labelNames: ['provider'] as const,
    registers: [this.registry],
  });

  /** 1 where a vendor refuses the account, until an attempt there succeeds again. */
  readonly accountRefused = new Gauge({
    name: 'conversion_account_refused',
    help: '1 where a vendor refuses the account: unfunded (no credits left); 0 where it does not.',
    labelNames: ['provider', 'reason'] as const,
    registers: [this.registry],
  });

  /** What vendors said that is not understood. */
  readonly unmappedErrors = new Counter({
    name: 'conversion_unmapped_errors_total',
    help: 'Errors of attempts that are in no table (kind unmapped) or could not be read (malformed_response); GET /v1/providers/{id}/unmapped-errors tells their codes.',
    labelNames: ['provider', 'kind'] as const,
    registers: [this.registry],
  });

  /** How many attempts may be under way at a provider at once. */
  readonly providerCeiling = new Gauge({
    name: 'conversion_provider_ceiling',
    help: 'Attempts that may be under way at a provider at once: what is configured, or less where its 429s taught so. Absent where nothing bounds it.',
    labelNames: ['provider'] as const,
    registers: [this.registry],
  });

  /** What waits for room at a provider. */
  readonly providerWaiting = new Gauge({
    name: 'conversion_provider_waiting',
    help: 'Stages that wait for room at a provider, of all processes, counted to 10000.',
    labelNames: ['provider'] as const,
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
