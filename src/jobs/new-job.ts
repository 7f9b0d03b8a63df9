import type { Credentials, JobGraph } from '../conversion/job-graph.js';
import { filenameOfPlace, isPlace } from '../conversion/places.js';
import type { Loss } from '../conversion/unified-options.js';
import type { Decision } from '../routing/decision-record.js';
import type { LossyStage } from '../routing/plan.js';
import type { CredentialStore } from './credential-store.js';
import type { NewEvent } from './event-store.js';
import { newExports } from './export-store.js';
import { claimRow, type Claim } from './idempotency-claim.js';
import type { RarePart } from './job-insert.js';
import type { JobToWrite } from './job-inserts.js';
import { nameOf } from './idempotency-store.js';
import { newWebhook } from './outbox.js';
import type { StepLoss, WholeJob } from './rows.js';
import type { WebhookSecrets } from './webhook-secrets.js';

export interface NewFile {
  readonly id: string;
  readonly path: string;
  readonly filename: string;
  readonly contentType: string;
  readonly size: number;
  readonly sha256: string;
}

export interface NewJob {
  readonly id: string;
  readonly tenant: string;
  /** Of the API key that it came with. */
  readonly key: string;
  readonly graph: JobGraph;
  readonly stages: readonly (LossyStage & { readonly id: string })[];
  /** Files that are there already, by input id. */
  readonly files: ReadonlyMap<string, NewFile>;
  /** Of inputs and exports in stores of the caller's, by their id. */
  readonly credentials: ReadonlyMap<string, Credentials>;
  /** Signs the events of the job's webhook; null where it has none, or the tenant's secret signs. */
  readonly webhookSecret: string | null;
  readonly awaitsUploads: boolean;
  readonly deadlineSeconds: number;
  readonly events: readonly NewEvent[];
  /** Who runs it, and why. */
  readonly decision: Decision;
  /** The Idempotency-Key that it came with. */
  readonly claim?: Claim;
}

/** What seals, for the rows of a job. */
export interface Seals {
  readonly credentials: Pick<CredentialStore, 'seal'>;
  readonly secrets: Pick<WebhookSecrets, 'seal'>;
}

export interface WrittenJob {
  readonly written: JobToWrite;
  /** As it is read back, but for its times. */
  readonly whole: WholeJob;
  readonly hasWebhook: boolean;
}

/** A new job as its statement takes it. */
export function writtenJob(job: NewJob, retryOf: string | null, { credentials, secrets }: Seals): WrittenJob {
  const { id, tenant, key, graph, decision, events } = job;
  const status = job.awaitsUploads ? 'awaiting_input' : 'queued';
  const inputs = graph.inputs.map((input, position) => ({
    id: input.id,
    position,
    type: input.type,
    filename: isPlace(input) ? filenameOfPlace(input) : 'filename' in input ? (input.filename ?? null) : null,
    status: input.type === 'upload' ? ('awaiting' as const) : ('ready' as const),
    file_id: job.files.get(input.id)?.id ?? null,
  }));
  const losses = job.stages.flatMap((stage) => stage.losses);
  const steps = graph.steps.map((step, position) => ({ id: step.id, position, operation: step.operation, losses: lossesOf(step.id, losses) }));
  const exports = newExports(graph);
  const told: Omit<WholeJob, 'created_at' | 'queued_at'> = {
    id, tenant, key, status, graph, tag: graph.tag, progress: 0, error: null, retention_seconds: graph.retentionSeconds, retry_of: retryOf, started_at: null, ended_at: null,
    inputs,
    steps: steps.map((step) => ({ ...step, status: 'pending', provider: null })),
    exports: exports.map((item) => ({ id: item.id, status: 'pending', error: null })),
    attempts: [],
    files: [],
  };
  const whole = { ...told, created_at: new Date(0), queued_at: null };
  const webhook = newWebhook(graph, told, job.webhookSecret === null ? null : secrets.seal(id, job.webhookSecret));
  // Few jobs have any of them, and a statement that writes no row of them costs all the same.
  const rare: Partial<Record<RarePart, unknown>> = {
    ...(job.files.size > 0 ? { files: [...job.files.values()].map(({ contentType, ...file }) => ({ ...file, content_type: contentType })) } : {}),
    ...(job.credentials.size > 0 || exports.length > 0 ? { places: { credentials: credentials.seal(id, job.credentials), exports } } : {}),
    ...(job.claim === undefined ? {} : { claim: claimRow(job.claim, whole) }),
    ...(webhook === null ? {} : { webhook }),
  };
  const stages = job.stages.map((stage, position) => ({ id: stage.id, position, provider: stage.provider, step_ids: stage.stepIds, needs: stage.needs, prices: stage.prices, ready: stage.needs.length === 0 }));
  const json = JSON.stringify({ id, tenant, key, status, graph, tag: graph.tag, retention_seconds: graph.retentionSeconds, deadline_seconds: job.deadlineSeconds, decision, inputs, steps, stages, events, ...rare });
  return { written: { json, parts: new Set(Object.keys(rare) as RarePart[]), key: job.claim === undefined ? null : nameOf(job.claim) }, whole, hasWebhook: webhook !== null };
}

/** Those of one step, as its row holds them. */
export function lossesOf(stepId: string, losses: readonly Loss[]): readonly StepLoss[] {
  return losses.filter(({ step }) => step === stepId).map(({ option, kind, message }) => ({ option, kind, message }));
}
