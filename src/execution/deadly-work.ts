import { Injectable, Logger } from '@nestjs/common';
import type { JobError } from '../conversion/errors.js';
import { appendEvents } from '../jobs/event-store.js';
import { JobEnding } from '../jobs/job-ending.js';
import { statesBefore, STEP_STATES } from '../jobs/states.js';
import { Database } from '../platform/database.js';
import { Registry } from '../providers/registry.js';
import { MOST_LOST, StageStore, type Lease } from './stage-store.js';
import { cancelAtVendors } from './vendor-cancel.js';

/** Ends jobs of which workers die. They are not even read: that may be what kills. */
@Injectable()
export class DeadlyWork {
  private readonly log = new Logger('worker');

  constructor(
    private readonly database: Database,
    private readonly stages: StageStore,
    private readonly ending: JobEnding,
    private readonly registry: Registry,
  ) {}

  async giveUp(lease: Lease): Promise<void> {
    const abandoned = await this.database.transaction(async (sql) => {
      await this.stages.hold(sql, lease);
      const [stage] = await sql.query<{ provider: string; steps: readonly string[] }>('SELECT provider, step_ids AS steps FROM stage WHERE id = $1', [lease.stageId]);
      this.stages.end(sql, [lease.stageId], 'failed');
      await sql.query(`UPDATE job_step SET status = 'failed' WHERE job_id = $1 AND id = ANY($2) AND status = ANY($3)`, [lease.jobId, stage?.steps ?? [], statesBefore(STEP_STATES, 'failed')]);
      appendEvents(sql, lease.jobId, [{ type: 'stage.given_up', cause: 'timer', detail: { provider: stage?.provider, steps: stage?.steps, lostLeases: lease.lost } }]);
      return this.ending.fail(sql, lease.jobId, DEADLY, 'timer');
    });
    this.log.error({ job: lease.jobId, stage: lease.stageId, msg: `${lease.lost} workers in a row were gone in the middle of this job. It was failed; what they wrote last tells why.` });
    void cancelAtVendors(this.registry, abandoned ?? []);
  }
}

const DEADLY: JobError = {
  code: 'conversion_failed',
  message: `The gateway itself failed at this job: ${MOST_LOST} times in a row the process that worked on it was gone in the middle of it. It is not tried again; other jobs are not touched by it.`,
  retryable: false,
};
