import { Injectable } from '@nestjs/common';
import { conflict, notFound } from '../http/problem.js';
import { JobEnding } from '../jobs/job-ending.js';
import { hasEnded, type JobStatus } from '../jobs/states.js';
import { Database } from '../platform/database.js';
import { Registry } from '../providers/registry.js';
import { cancelAtVendors } from './vendor-cancel.js';

/** Ends a job at the caller's word: certain here, best effort at the vendor. */
@Injectable()
export class CancelService {
  constructor(
    private readonly database: Database,
    private readonly ending: JobEnding,
    private readonly registry: Registry,
  ) {}

  async cancel(tenant: string, jobId: string): Promise<void> {
    const abandoned = await this.database.transaction(async (sql) => {
      const [job] = await sql.query<{ status: JobStatus }>('SELECT status FROM job WHERE id = $1 AND tenant = $2 FOR UPDATE', [jobId, tenant]);
      if (job === undefined) throw notFound('job');
      if (hasEnded(job.status)) throw conflict(`The job is ${job.status} already.`);
      return this.ending.cancel(sql, jobId, 'caller');
    });
    void cancelAtVendors(this.registry, abandoned ?? []);
  }
}
