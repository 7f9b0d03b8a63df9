import { Injectable } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** In seconds: from a picture that takes a blink to a film that takes an hour. */
const JOB_SECONDS = [0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600];
const REQUEST_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** What this process counts, for whoever scrapes it. */
@Injectable()
export class Metrics {
  private readonly registry = new Registry();
  private readonly looks: (() => Promise<void>)[] = [];

  /** Jobs that ended. */
  readonly jobs = new Counter({
    name: 'conversion_jobs_total',
    help: 'Jobs that ended, by how: completed, failed, canceled.',
    labelNames: ['status'] as const,
    registers: [this.registry],
  });

  /** How long jobs took. */
  readonly jobSeconds = new Histogram({
    name: 'conversion_job_seconds',
    help: 'Seconds from when a job was queued to its end, however it ended. What was never queued is not in it.',
    buckets: JOB_SECONDS,
    registers: [this.registry],
  });

  /** Attempts that ended: `kind` is that of their error. */
  readonly attempts = new Counter({
    name: 'conversion_attempts_total',
    help: 'Attempts that ended, by how (succeeded, errored, abandoned) and the kind of their error; none where there was none.',
    labelNames: ['provider', 'status', 'kind'] as const,
    registers: [this.registry],
  });

  /** Requests to vendors, whatever came of them. `call` is the adapter's own word: create, start, read, … */
  readonly providerRequestSeconds = new Histogram({
    name: 'conversion_provider_request_seconds',
    help: 'Seconds that requests to providers took, by what they were for, whatever came of them.',
    labelNames: ['provider', 'call'] as const,
    buckets: REQUEST_SECONDS,
    registers: [this.registry],
  });

  /** What could be worked on now, and is not yet. */
  readonly due = new Gauge({
    name: 'conversion_due',
    help: 'Work that is due and that no process has taken up, of all processes, by kind: stages, deliveries, orphans, left_behind; counted to 10000.',
    labelNames: ['kind'] as const,
    registers: [this.registry],
  });

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
    // From nothing, so that the first of each is seen to have come.
    for (const status of ['completed', 'failed', 'canceled']) this.jobs.inc({ status }, 0);
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  /** Done before each reading. Must not throw. */
  whenAsked(look: () => Promise<void>): void {
    this.looks.push(look);
  }

  async text(): Promise<string> {
    await Promise.all(this.looks.map((look) => look()));
    return this.registry.metrics();
  }
}
