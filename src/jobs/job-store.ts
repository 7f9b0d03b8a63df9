import { Injectable } from '@nestjs/common';
import { Spending } from '../accounts/spending.js';
import { Database } from '../platform/database.js';
import type { Sql } from '../platform/sql.js';
import type { Transaction } from '../platform/transaction.js';
import { CredentialStore } from './credential-store.js';
import { insertJob, JobInserts } from './job-inserts.js';
import { IS_STALE } from './job-refresh.js';
import { writtenJob, type NewJob } from './new-job.js';
import { NEWS_CHANNEL } from './outbox.js';
import { WHOLE_JOB, type WholeJob } from './rows.js';
import { WebhookSecrets } from './webhook-secrets.js';

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
  private readonly inserts: JobInserts;

  constructor(
    private readonly database: Database,
    private readonly credentials: CredentialStore,
    private readonly secrets: WebhookSecrets,
    private readonly spending: Spending = new Spending(),
  ) {
    this.inserts = new JobInserts(database);
  }

  /** One statement, one commit, shared with those that come meanwhile: the job with all that belongs to it, its Idempotency-Key too; then the word to the workers. Where budgets match it goes by itself, and what it may cost is reserved before. Returns the job as read back. Throws `KeyTaken`, `BudgetRefused`. */
  async insert(job: NewJob, within?: Transaction, retryOf: string | null = null): Promise<WholeJob> {
    const { id, graph } = job;
    const payer = { tenant: job.tenant, key: job.key, tag: graph.tag };
    if (within === undefined && this.spending.of(payer).length > 0) return this.database.transaction((own) => this.insert(job, own, retryOf));
    if (within !== undefined) await this.spending.reserve(within, payer, id, job.stages);
    const { written, whole, hasWebhook } = writtenJob(job, retryOf, { credentials: this.credentials, secrets: this.secrets });
    const sql: Sql = within ?? this.database;
    const at = within === undefined ? await this.inserts.insert(written) : await insertJob(within, written);
    if (retryOf !== null) await sql.query('UPDATE job SET retry_of = $2 WHERE id = $1', [id, retryOf]);
    if (!job.awaitsUploads) sql.tell('conversion_due', '');
    if (!job.awaitsUploads && hasWebhook) sql.tell(NEWS_CHANNEL, '');
    return { ...whole, created_at: at, queued_at: job.awaitsUploads ? null : at };
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
