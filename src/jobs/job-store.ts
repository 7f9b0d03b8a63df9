import { Injectable } from '@nestjs/common';
import { Spending } from '../accounts/spending.js';
import type { Credentials, JobGraph } from '../conversion/job-graph.js';
import { filenameOfPlace, isPlace } from '../conversion/places.js';
import type { Loss } from '../conversion/unified-options.js';
import { Database } from '../platform/database.js';
import type { Sql } from '../platform/sql.js';
import type { Transaction } from '../platform/transaction.js';
import type { Decision } from '../routing/decision-record.js';
import type { LossyStage } from '../routing/plan.js';
import { CredentialStore } from './credential-store.js';
import { newExports } from './export-store.js';
import type { NewEvent } from './event-store.js';
import { claimRow, KeyTaken, type Claim } from './idempotency-claim.js';
import { insertJob } from './job-insert.js';
import { IS_STALE } from './job-refresh.js';
import { newWebhook, NEWS_CHANNEL } from './outbox.js';
import { WHOLE_JOB, type StepLoss, type WholeJob } from './rows.js';
import { WebhookSecrets } from './webhook-secrets.js';

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

export interface JobFilter {
  readonly tenant: string;
  readonly status?: string;
  readonly tag?: string;
  readonly provider?: string;
  readonly createdAfter?: Date;
  readonly createdBefore?: Date;
  /** Only jobs older than this one. */
  readonly before?: string;
  readonly limit: number;
}

/** `stale`: what the vendor told of it is old. */
export type FoundJob = WholeJob & { readonly stale: boolean };

/** The callers' side of jobs: accept one, read them. What moves a job stands in `execution`. */
@Injectable()
export class JobStore {
  constructor(
    private readonly database: Database,
    private readonly credentials: CredentialStore,
    private readonly secrets: WebhookSecrets,
    private readonly spending: Spending = new Spending(),
  ) {}

  /** One statement, one commit: the job with all that belongs to it, its Idempotency-Key too; then the word to the workers. Where budgets match, what it may cost is reserved before. Returns the job as read back. Throws `KeyTaken`, `BudgetRefused`. */
  async insert(job: NewJob, within?: Transaction, retryOf: string | null = null): Promise<WholeJob> {
    const { id, graph } = job;
    const payer = { tenant: job.tenant, key: job.key, tag: graph.tag };
    if (within === undefined && this.spending.of(payer).length > 0) return this.database.transaction((own) => this.insert(job, own, retryOf));
    if (within !== undefined) await this.spending.reserve(within, payer, id, job.stages);
    const sql: Sql = within ?? this.database;
    const status = job.awaitsUploads ? 'awaiting_input' : 'queued';
    const inputs = graph.inputs.map((input, position) => ({
      id: input.id,
      position,
      type: input.type,
      filename: isPlace(input) ? filenameOfPlace(input) : 'filename' in input ? (input.filename ?? null) : null,
      status: input.type === 'upload' ? 'awaiting' : 'ready',
      file_id: job.files.get(input.id)?.id ?? null,
    }));
    const losses = job.stages.flatMap((stage) => stage.losses);
    const steps = graph.steps.map((step, position) => ({ id: step.id, position, operation: step.operation, losses: lossesOf(step.id, losses) }));
    const stages = job.stages.map((stage, position) => ({ id: stage.id, position, provider: stage.provider, step_ids: stage.stepIds, needs: stage.needs, prices: stage.prices, ready: stage.needs.length === 0 }));
    const files = [...job.files.values()].map((file) => ({ id: file.id, path: file.path, filename: file.filename, content_type: file.contentType, size: file.size, sha256: file.sha256 }));
    const exports = newExports(graph);
    const whole = (created_at: Date, queued_at: Date | null): WholeJob => ({
      id, tenant: job.tenant, key: job.key, status, graph, tag: graph.tag, progress: 0, error: null, retention_seconds: graph.retentionSeconds, retry_of: retryOf,
      created_at, queued_at, started_at: null, ended_at: null,
      inputs: inputs as WholeJob['inputs'],
      steps: steps.map((step) => ({ ...step, status: 'pending', provider: null })),
      exports: exports.map((item) => ({ id: item.id, status: 'pending', error: null })),
      attempts: [],
      files: [],
    });
    // Few jobs have any of them, and a statement that writes no row of them costs all the same.
    const places = job.credentials.size > 0 || exports.length > 0 ? [JSON.stringify(this.credentials.seal(id, job.credentials)), JSON.stringify(exports)] : [];
    const claim = job.claim === undefined ? [] : [claimRow(job.claim, whole(new Date(0), null))];
    const { created_at: _created, queued_at: _queued, ...written } = whole(new Date(0), null);
    const asked = newWebhook(graph, written, job.webhookSecret === null ? null : this.secrets.seal(id, job.webhookSecret));
    const webhook = asked === null ? [] : [JSON.stringify(asked)];
    const rows = await sql.query<{ created_at: Date; queued_at: Date | null }>(insertJob({ places, claim, webhook }), [
      id, job.tenant, status, JSON.stringify(graph), graph.tag, graph.retentionSeconds, job.deadlineSeconds, job.events.length,
      JSON.stringify(inputs), JSON.stringify(steps), JSON.stringify(stages), JSON.stringify(files), JSON.stringify(job.events), JSON.stringify(job.decision), job.key, ...places, ...claim, ...webhook,
    ]).catch((error: unknown) => {
      throw KeyTaken.isMeantBy(error) ? new KeyTaken('the key is taken') : error;
    });
    const at = rows[0];
    if (at === undefined) throw new Error('the job was not written');
    if (retryOf !== null) await sql.query('UPDATE job SET retry_of = $2 WHERE id = $1', [id, retryOf]);
    if (!job.awaitsUploads) sql.tell('conversion_due', '');
    if (!job.awaitsUploads && asked !== null) sql.tell(NEWS_CHANNEL, '');
    return whole(at.created_at, at.queued_at);
  }

  async find(tenant: string, id: string): Promise<FoundJob | null> {
    const rows = await this.database.query<FoundJob>({ name: 'find_job', text: `SELECT ${WHOLE_JOB}, ${IS_STALE} FROM job j WHERE j.id = $1 AND j.tenant = $2` }, [id, tenant]);
    return rows[0] ?? null;
  }

  /** Newest first: ids are UUIDv7, so their order is that of creation. */
  async list(filter: JobFilter): Promise<WholeJob[]> {
    const values: unknown[] = [filter.tenant];
    const conditions = ['j.tenant = $1'];
    const where = (condition: (place: string) => string, value: unknown) => {
      if (value === undefined) return;
      values.push(value);
      conditions.push(condition(`$${values.length}`));
    };
    where((place) => `j.status = ${place}`, filter.status);
    where((place) => `j.tag = ${place}`, filter.tag);
    where((place) => `EXISTS (SELECT 1 FROM attempt a WHERE a.job_id = j.id AND a.provider = ${place})`, filter.provider);
    where((place) => `j.created_at > ${place}`, filter.createdAfter);
    where((place) => `j.created_at < ${place}`, filter.createdBefore);
    where((place) => `j.id < ${place}`, filter.before);
    return this.database.query<WholeJob>(`SELECT ${WHOLE_JOB} FROM job j WHERE ${conditions.join(' AND ')} ORDER BY j.id DESC LIMIT ${Math.trunc(filter.limit)}`, values);
  }
}

/** Those of one step, as its row holds them. */
export function lossesOf(stepId: string, losses: readonly Loss[]): readonly StepLoss[] {
  return losses.filter(({ step }) => step === stepId).map(({ option, kind, message }) => ({ option, kind, message }));
}
