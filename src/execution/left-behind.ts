import { Injectable } from '@nestjs/common';
import { Spending } from '../accounts/spending.js';
import type { Report } from '../conversion/provider.js';
import { WHOLE_JOB, type WholeJob } from '../jobs/rows.js';
import { Database } from '../platform/database.js';
import { Registry } from '../providers/registry.js';
import { writeLateEnd, type Left } from './late-news.js';
import { stageExports, stageSteps } from './stage-work.js';

/** Pauses after each look, in seconds: all within a day. After the last one nobody asks any more. */
const PAUSES = [60, 300, 1800, 7200, 28_800, 43_200];
/** So many at a time. */
export const LEFT_BEHIND = 20;
const PATIENCE_MS = 30_000;

interface Watched extends Left {
  readonly providerJobId: string;
  readonly stepIds: readonly string[];
}

/** Asks the vendors what became of the jobs that were given up: what they cost is written down, and what still runs is canceled, as far as that can be done there. */
@Injectable()
export class LeftBehind {
  constructor(
    private readonly database: Database,
    private readonly registry: Registry,
    private readonly spending: Spending = new Spending(),
  ) {}

  /** Returns of how many the end is known now. Any number of processes may ask at once. */
  async ask(): Promise<number> {
    const due = await this.database.query<Watched>(
      `UPDATE attempt SET watch_reads = watch_reads + 1, watch_due_at = coalesce(now() + make_interval(secs => ($1::float8[])[watch_reads + 1]), 'infinity')
       WHERE id IN (SELECT id FROM attempt WHERE watch_due_at <= now() ORDER BY watch_due_at LIMIT $2 FOR UPDATE SKIP LOCKED)
       RETURNING id, job_id AS "jobId", provider, reference, provider_job_id AS "providerJobId", step_ids AS "stepIds"`,
      [PAUSES, LEFT_BEHIND],
    );
    const known = await Promise.all(due.map((attempt) => this.askAfter(attempt)));
    return known.filter((isKnown) => isKnown).length;
  }

  private async askAfter(attempt: Watched): Promise<boolean> {
    const provider = this.registry.find(attempt.provider);
    const [job] = await this.database.query<WholeJob>(`SELECT ${WHOLE_JOB} FROM job j WHERE j.id = $1`, [attempt.jobId]);
    if (provider === null || job === undefined) return false;
    const { guarded, config } = provider;
    const scene = { job, stepIds: attempt.stepIds };
    const running = { providerJobId: attempt.providerJobId, reference: attempt.reference, steps: stageSteps(scene, guarded.inner.adapter), exports: stageExports(scene) };
    // A vendor that is away, or knows nothing of it, is asked again later.
    const report: Report | null = await guarded.read(running, AbortSignal.timeout(PATIENCE_MS)).catch(() => null);
    if (report?.state === 'running') await guarded.cancel(attempt.providerJobId, AbortSignal.timeout(PATIENCE_MS)).catch(() => undefined);
    return report !== null && writeLateEnd(this.database, this.spending, attempt, config.pricing ?? null, report, 'poll');
  }
}
