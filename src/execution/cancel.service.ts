import { Injectable } from '@nestjs/common';
import { conflict, notFound } from '../http/problem.js';
import { appendEvents, type Cause } from '../jobs/event-store.js';
import { JobEnding } from '../jobs/job-ending.js';
import { hasEnded, type JobStatus } from '../jobs/states.js';
import { Database, type Sql } from '../platform/database.js';
import { Registry } from '../providers/registry.js';

export interface Abandoned {
  readonly id: string;
  readonly provider: string;
  readonly providerJobId: string | null;
}

const CANCEL_MS = 15_000;

/** Ends a job at the caller's word: certain here, best effort at the vendor. */
@Injectable()
export class CancelService {
  constructor(
    private readonly database: Database,
    private readonly ending: JobEnding,
    private readonly registry: Registry,
  ) {}

  async cancel(tenant: string, jobId: string): Promise<void> {
    const live = await this.database.transaction(async (sql) => {
      const [job] = await sql.query<{ status: JobStatus }>('SELECT status FROM job WHERE id = $1 AND tenant = $2 FOR UPDATE', [jobId, tenant]);
      if (job === undefined) throw notFound('job');
      if (hasEnded(job.status)) throw conflict(`The job is ${job.status} already.`);
      const abandoned = await this.abandon(sql, jobId, 'caller');
      await this.ending.cancel(sql, jobId, 'caller');
      return abandoned;
    });
    void this.atVendors(live);
  }

  /** Ends the live attempts of a job that is about to end: their leases are void, and whatever their workers still write is fenced. */
  async abandon(sql: Sql, jobId: string, cause: Cause): Promise<readonly Abandoned[]> {
    await sql.query('UPDATE stage SET lease_epoch = lease_epoch + 1, lease_owner = NULL, lease_until = NULL WHERE job_id = $1 AND lease_owner IS NOT NULL', [jobId]);
    const abandoned = await sql.query<Abandoned>(
      `UPDATE attempt SET status = 'abandoned', ended_at = now() WHERE job_id = $1 AND ended_at IS NULL RETURNING id, provider, provider_job_id AS "providerJobId"`,
      [jobId],
    );
    await appendEvents(sql, jobId, abandoned.map(({ id, provider }) => ({ type: 'attempt.abandoned', cause, detail: { attempt: id, provider } })));
    return abandoned;
  }

  async atVendors(attempts: readonly Abandoned[]): Promise<void> {
    await Promise.all(
      attempts.map(async ({ provider, providerJobId }) => {
        if (providerJobId !== null) await this.registry.find(provider)?.guarded.cancel(providerJobId, AbortSignal.timeout(CANCEL_MS)).catch(() => undefined);
      }),
    );
  }
}

