import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import type { Credentials, JobGraph } from '../conversion/job-graph.js';
import { Staging } from '../files/staging.js';
import { databaseTrouble } from '../platform/database-trouble.js';
import { Database } from '../platform/database.js';
import type { Sql } from '../platform/sql.js';
import type { Decision } from '../routing/decision-record.js';
import type { LossyStage } from '../routing/plan.js';
import type { Claim } from './idempotency-claim.js';
import { JobEnding } from './job-ending.js';
import { JobStore } from './job-store.js';
import type { NewFile } from './new-job.js';
import type { FileRow, WholeJob } from './rows.js';

export interface Retried {
  readonly old: WholeJob;
  readonly graph: JobGraph;
  readonly stages: readonly (LossyStage & { readonly id: string })[];
  /** Of the API key that asks for it. */
  readonly key: string;
  /** Steps that run again. */
  readonly wanted: ReadonlySet<string>;
  /** Results of the others. */
  readonly reused: readonly FileRow[];
  /** Files of inputs that the wanted steps take, by input id. */
  readonly sources: ReadonlyMap<string, FileRow>;
  readonly credentials: ReadonlyMap<string, Credentials>;
  readonly decision: Decision;
  readonly claim?: Claim;
}

/** Writes a retry: a job like any other, some of whose steps are done already. */
@Injectable()
export class RetryStore {
  constructor(
    private readonly database: Database,
    private readonly jobs: JobStore,
    private readonly ending: JobEnding,
    private readonly staging: Staging,
  ) {}

  /** Ids of a job's files whose bytes are there, and will be for a while. */
  async kept(jobId: string): Promise<ReadonlySet<string>> {
    const rows = await this.database.query<{ id: string }>(`SELECT id FROM file WHERE job_id = $1 AND path IS NOT NULL AND erased_at IS NULL AND (expires_at IS NULL OR expires_at > now() + interval '10 seconds')`, [jobId]);
    return new Set(rows.map(({ id }) => id));
  }

  async insert(retried: Retried): Promise<WholeJob> {
    const { old, graph, stages, key, credentials, decision, claim } = retried;
    const id = uuidv7();
    const copies = new Map<string, string>();
    try {
      for (const file of [...retried.reused, ...retried.sources.values()]) copies.set(file.id, await this.staging.duplicate(file.path ?? ''));
      const files = new Map([...retried.sources].map(([input, file]) => [input, this.copyOf(file, copies)]));
      const made = await this.database.transaction(async (sql) => {
        const job = await this.jobs.insert({
          id, tenant: old.tenant, key, graph, stages, decision, files, credentials, webhookSecret: null, awaitsUploads: false, deadlineSeconds: graph.routing.deadlineSeconds,
          ...(claim === undefined ? {} : { claim }),
          events: [
            { type: 'job.created', cause: 'caller', detail: { retryOf: old.id, steps: [...retried.wanted] } },
            { type: 'plan.decided', cause: 'caller', detail: { stages: stages.map(({ provider, stepIds }) => ({ provider, steps: stepIds })) } },
            { type: 'job.queued', cause: 'caller' },
          ],
        }, sql, old.id);
        await this.takeOver(sql, id, retried, copies);
        if (stages.length === 0) await this.ending.complete(sql, id, 'caller');
        return job;
      });
      return (await this.jobs.find(old.tenant, id)) ?? made;
    } catch (error) {
      // A commit whose answer was lost may have been made: then these bytes are the job's.
      if (databaseTrouble(error) === null) await Promise.all([...copies.values()].map((path) => this.staging.remove(path)));
      throw error;
    }
  }

  /** What the old job has done is done here too. */
  private async takeOver(sql: Sql, id: string, { old, wanted, reused, graph }: Retried, copies: ReadonlyMap<string, string>): Promise<void> {
    for (const { id: step } of graph.steps.filter((candidate) => !wanted.has(candidate.id))) {
      const provider = old.steps.find((row) => row.id === step)?.provider ?? null;
      await sql.query(`UPDATE job_step SET status = 'done', provider = $3 WHERE job_id = $1 AND id = $2`, [id, step, provider]);
    }
    for (const file of reused) {
      await sql.query(
        `INSERT INTO file (id, job_id, role, path, filename, content_type, size, sha256, step_id, position, is_output) VALUES ($1, $2, 'result', $3, $4, $5, $6, $7, $8, $9, $10)`,
        [uuidv7(), id, copies.get(file.id), file.filename, file.content_type, file.size, file.sha256, file.step_id, file.position, file.is_output],
      );
    }
    const delivered = old.exports.filter(({ status }) => status === 'delivered').map((row) => row.id);
    await sql.query(`UPDATE job_export SET status = 'delivered', waits_for = '{}' WHERE job_id = $1 AND id = ANY($2)`, [id, delivered]);
    await sql.query(`UPDATE job_export SET waits_for = ARRAY(SELECT unnest(waits_for) INTERSECT SELECT unnest($2::text[])) WHERE job_id = $1 AND status = 'pending'`, [id, [...wanted]]);
  }

  private copyOf(file: FileRow, copies: ReadonlyMap<string, string>): NewFile {
    return { id: uuidv7(), path: copies.get(file.id) ?? '', filename: file.filename, contentType: file.content_type, size: Number(file.size), sha256: file.sha256 ?? '' };
  }
}
