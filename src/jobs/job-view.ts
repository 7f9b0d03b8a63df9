import { Decimal } from 'decimal.js';
import type { JobExport, JobInput, Money } from '../conversion/job-graph.js';
import { isPlace } from '../conversion/places.js';
import { amountText } from '../conversion/money.js';
import type { AttemptRow, FileRow, WholeJob } from './rows.js';

const iso = (time: Date | string | null): string | null => (time === null ? null : new Date(time).toISOString());

/** The job as callers see it. `publicUrl` is where they reach us, without a trailing slash. */
export function toJobView(job: WholeJob, publicUrl: string): Record<string, unknown> {
  const { graph } = job;
  return {
    id: job.id,
    status: job.status,
    progress: job.status === 'completed' ? 100 : job.progress,
    error: job.error,
    inputs: graph.inputs.map((input) => toInputView(input, job)),
    steps: graph.steps.map((step) => {
      const row = job.steps.find(({ id }) => id === step.id);
      const { parameters, ...rest } = step;
      return { ...rest, ...parameters, status: row?.status ?? 'pending', provider: row?.provider ?? null };
    }),
    exports: graph.exports.map((target) => toExportView(target, job)),
    outputs: outputsOf(job).map((file) => toOutputView(file, job.id, publicUrl)),
    attempts: [...job.attempts].sort((one, other) => (one.id < other.id ? -1 : 1)).map((attempt) => toAttemptView(attempt)),
    routing: graph.routing,
    webhook: graph.webhook,
    retention: graph.retention,
    tag: job.tag,
    metadata: graph.metadata,
    cost: totalCost(job.attempts),
    losses: job.steps.flatMap(({ id, losses }) => losses.map((loss) => ({ step: id, ...loss }))),
    retryOf: job.retry_of,
    createdAt: iso(job.created_at),
    startedAt: iso(job.started_at),
    endedAt: iso(job.ended_at),
  };
}

/** Results that no step consumes, in the order of the steps. */
export function outputsOf(job: Pick<WholeJob, 'files' | 'graph'>): readonly FileRow[] {
  const place = new Map(job.graph.steps.map((step, index) => [step.id, index]));
  const rank = (file: FileRow) => (place.get(file.step_id ?? '') ?? 0) * 1_000_000 + file.position;
  return job.files.filter((file) => file.is_output).sort((one, other) => rank(one) - rank(other));
}

function toInputView(input: JobInput, job: WholeJob): Record<string, unknown> {
  const row = job.inputs.find(({ id }) => id === input.id);
  const common = { id: input.id, type: input.type, filename: row?.filename ?? null, status: row?.status ?? 'ready' };
  if (input.type === 'url') return { ...common, url: input.url, fetch: input.fetch };
  if (input.type === 'upload') return { ...common, size: input.size ?? null };
  if (input.type === 'job-output') return { ...common, jobId: input.jobId, outputId: input.outputId };
  if (isPlace(input)) {
    const { credentialFields: _credentialFields, ...place } = input;
    return { ...common, ...place };
  }
  return common;
}

function toExportView({ credentialFields: _credentialFields, ...target }: JobExport, job: WholeJob): Record<string, unknown> {
  const row = job.exports.find(({ id }) => id === target.id);
  return { ...target, status: row?.status ?? 'pending', error: row?.error ?? null };
}

function toOutputView(file: FileRow, jobId: string, publicUrl: string): Record<string, unknown> {
  return {
    id: file.id,
    step: file.step_id,
    filename: file.filename,
    contentType: file.content_type,
    size: Number(file.size),
    checksum: file.sha256 === null ? null : `sha256:${file.sha256}`,
    url: `${publicUrl}/v1/jobs/${jobId}/outputs/${file.id}/content`,
    expiresAt: iso(file.expires_at),
  };
}

function toAttemptView(attempt: AttemptRow): Record<string, unknown> {
  return {
    id: attempt.id,
    provider: attempt.provider,
    providerJobId: attempt.provider_job_id,
    stage: attempt.stage_id,
    steps: attempt.step_ids,
    status: attempt.status,
    startedAt: iso(attempt.started_at),
    endedAt: iso(attempt.ended_at),
    cost: costOf(attempt),
    error: attempt.error,
  };
}

const costOf = ({ cost, currency }: AttemptRow): Money | null => (cost === null || currency === null ? null : { amount: amountText(new Decimal(cost)), currency });

/** What is known to have been spent; null where nothing is known. Currencies are not mixed: the first one seen counts. */
function totalCost(attempts: readonly AttemptRow[]): Money {
  const costs = attempts.map(costOf).filter((cost) => cost !== null);
  const currency = costs[0]?.currency ?? 'USD';
  const amounts = costs.filter((cost) => cost.currency === currency).map((cost) => new Decimal(cost.amount ?? 0));
  return { amount: amounts.length === 0 ? null : amountText(Decimal.sum(...amounts)), currency };
}
