import { Injectable, Logger } from '@nestjs/common';
import type { JobError, ProviderError } from '../conversion/errors.js';
import type { Cost, Delivery } from '../conversion/provider.js';
import type { KeptFile } from '../files/result-keeper.js';
import { appendEvents, type Cause, type NewEvent } from '../jobs/event-store.js';
import { undelivered, writeDeliveries } from '../jobs/export-store.js';
import { JobEnding, type Abandoned } from '../jobs/job-ending.js';
import { watchLeftBehind } from '../jobs/left-behind.js';
import { leaveOrphans } from '../jobs/orphans.js';
import { statesBefore, STEP_STATES } from '../jobs/states.js';
import { Database } from '../platform/database.js';
import type { Transaction } from '../platform/transaction.js';
import { AttemptEnds } from './attempt-ends.js';
import { afterError, whenNobodyIsLeft, type ErrorFacts, type Try } from './decide.js';
import { learnFromRefusal, learnFromSuccess } from './learning.js';
import { affordable, TooDear } from './left-to-spend.js';
import { Replanner } from './replan.js';
import { RELEASE_WAITING } from './result-rows.js';
import type { LiveAttempt, Scene } from './scene.js';
import { StageStore } from './stage-store.js';

/** What a stage came to: its results that are ours now, how the deliveries went, what the vendor took. */
export interface Outcome {
  readonly files: readonly KeptFile[];
  readonly deliveries: readonly Delivery[];
  readonly cost: Cost;
}

/** The one door through which an attempt ends: state, timeline and what follows, in one transaction, guarded by the lease's epoch. */
@Injectable()
export class SettleService {
  private readonly log = new Logger('attempts');

  constructor(
    private readonly database: Database,
    private readonly stages: StageStore,
    private readonly ending: JobEnding,
    private readonly replanner: Replanner,
    private readonly ends: AttemptEnds,
  ) {}

  /** The stage is done: its files are ours or delivered, and what waited for them is due. */
  async succeeded(scene: Scene, attempt: LiveAttempt, { files, deliveries, cost }: Outcome, cause: Cause): Promise<void> {
    const told: readonly NewEvent[] = [
      { type: 'attempt.succeeded', cause, detail: { attempt: attempt.id, provider: attempt.provider, steps: attempt.stepIds, files: files.map(({ filename, size }) => ({ filename, size })) } },
      ...scene.stepIds.map((step): NewEvent => ({ type: 'step.done', cause, detail: { step, provider: attempt.provider } })),
    ];
    await this.database.transaction(async (sql) => {
      this.stages.holdWith(sql, scene.lease);
      this.ends.finish(sql, scene, attempt, cost, files);
      this.ending.tally.attempt(sql, attempt.provider, 'succeeded');
      // What was done as the stage was taken up is done, and nothing else is left: nobody waits for it, and nothing need be counted.
      if (isLast(scene) && scene.job.graph.exports.length === 0) await this.ending.complete(sql, scene.job.id, cause, told);
      else await this.others(sql, scene, told, deliveries, cause);
    });
    this.ends.tell(scene, attempt, null, cost);
    void learnFromSuccess(this.database, { ...scene, stepIds: attempt.stepIds }, { attempt: attempt.id, provider: attempt.provider, credits: cost.credits });
  }

  /** Of a job with more to do, or to deliver. */
  private async others(sql: Transaction, scene: Scene, told: readonly NewEvent[], deliveries: readonly Delivery[], cause: Cause): Promise<void> {
    appendEvents(sql, scene.job.id, told);
    await writeDeliveries(sql, scene.job.id, deliveries, cause);
    sql.later(RELEASE_WAITING, [scene.job.id], (due) => due.length > 0 && sql.tell('conversion_due', ''));
    const [left] = await sql.query<{ count: number }>(`SELECT count(*)::int AS count FROM job_step WHERE job_id = $1 AND status <> 'done'`, [scene.job.id]);
    if (left?.count === 0) await this.allDone(sql, scene, cause);
  }

  private async allDone(sql: Transaction, scene: Scene, cause: Cause): Promise<void> {
    const open = scene.job.graph.exports.length === 0 ? [] : await undelivered(sql, scene.job.id);
    if (open.length === 0) {
      await this.ending.complete(sql, scene.job.id, cause);
      return;
    }
    const why = open.map(({ id, error }) => `"${id}": ${error ?? 'the provider did not say how its delivery went.'}`).join(' ');
    await this.ending.fail(sql, scene.job.id, { code: 'export_failed', message: `Every step is done, but not every result could be delivered. ${why}`, retryable: true }, cause);
  }

  /**
   * The try failed. By its kind: once more here, another provider, or the end of the job. `leftBehind`: it is we who give up,
   * and the vendor's job, if there is one, is canceled there.
   */
  async errored(scene: Scene, attempt: LiveAttempt, error: ProviderError, cost: Cost, cause: Cause, leftBehind = false): Promise<void> {
    const abandoned = await this.database.transaction(async (sql) => {
      await this.stages.hold(sql, scene.lease);
      const given = this.ends.mayRunThere(attempt.provider, error);
      if (given) await leaveOrphans(sql, [attempt.id]);
      const status = given ? 'abandoned' : 'errored';
      const ended = await sql.query<Abandoned>(...this.ends.statement(sql, scene, attempt, status, cost, error));
      this.ending.tally.attempt(sql, attempt.provider, status, error.kind);
      if (leftBehind) await watchLeftBehind(sql, [attempt.id]);
      await this.ends.heed(sql, attempt, error);
      appendEvents(sql, scene.job.id, [
        { type: 'attempt.errored', cause, detail: { attempt: attempt.id, provider: attempt.provider, kind: error.kind, code: error.code, message: error.message } },
      ]);
      const others = await this.follow(sql, scene, error, attempt.provider, cause);
      return leftBehind ? [...ended, ...others] : others;
    });
    this.log.warn({ job: scene.job.id, attempt: attempt.id, provider: attempt.provider, kind: error.kind, code: error.code, msg: error.message });
    this.ends.cancel(abandoned);
    this.ends.tell(scene, attempt, error, cost);
    void learnFromRefusal(this.database, { ...scene, stepIds: attempt.stepIds }, attempt.provider, error);
  }

  private async follow(sql: Transaction, scene: Scene, error: ProviderError, provider: string, cause: Cause): Promise<readonly Abandoned[]> {
    const retryAfterMs = error.details.retryAfterMs ?? null;
    const [clock] = await sql.query<{ now: number }>('SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now');
    const now = clock?.now ?? 0;
    const history: readonly Try[] = [...scene.history, { provider, kind: error.kind, ...(retryAfterMs === null ? {} : { notBefore: now + retryAfterMs }) }];
    const facts: ErrorFacts = {
      error: { kind: error.kind, message: error.message, retryAfterMs },
      now,
      pausedMs: error.kind === 'rate_limited' ? this.ends.pausedElsewhere(provider) : {},
      history,
      maxAttempts: scene.job.graph.routing.maxAttempts,
      uncertain: this.ends.mayRunThere(scene.provider, error),
    };
    const next = afterError(facts);
    switch (next.do) {
      case 'fail':
        return this.failed(sql, scene, next.error, cause);
      case 'retry_here':
        return this.again(sql, scene, history, next.afterMs, cause);
      case 'elsewhere': {
        const moved = await affordable(this.replanner.elsewhere(sql, scene, history, next.tried, cause));
        if (moved === true) return [];
        const turn = whenNobodyIsLeft(facts, this.replanner.open(scene));
        if ('code' in turn) return this.failed(sql, scene, moved === false ? turn : moved.jobError, cause);
        if (turn.provider === scene.provider) return this.again(sql, scene, history, turn.afterMs, cause);
        const there = await affordable(this.replanner.at(sql, scene, history, turn.provider, cause, turn.afterMs));
        if (there === true) return [];
        if (there instanceof TooDear) return this.failed(sql, scene, there.jobError, cause);
        return this.again(sql, scene, history, turn.afterMs, cause);
      }
      default:
        return next satisfies never;
    }
  }

  private async again(sql: Transaction, scene: Scene, history: readonly Try[], afterMs: number, cause: Cause): Promise<readonly Abandoned[]> {
    const dear = await affordable(this.replanner.affords(sql, scene));
    if (dear instanceof TooDear) return this.failed(sql, scene, dear.jobError, cause);
    sql.later('UPDATE stage SET history = $2::jsonb, hinted = false WHERE id = $1', [scene.lease.stageId, JSON.stringify(history)]);
    appendEvents(sql, scene.job.id, [{ type: 'attempt.scheduled', cause, detail: { provider: scene.provider, steps: scene.stepIds, afterMs } }]);
    this.stages.releaseWith(sql, scene.lease, afterMs, false);
    return [];
  }

  /** The attempts of other stages that the job's end leaves behind. */
  private async failed(sql: Transaction, scene: Scene, error: JobError, cause: Cause): Promise<readonly Abandoned[]> {
    sql.later(`UPDATE job_step SET status = 'failed' WHERE job_id = $1 AND id = ANY($2) AND status = ANY($3)`, [scene.job.id, scene.stepIds, statesBefore(STEP_STATES, 'failed')]);
    this.stages.end(sql, [scene.lease.stageId], 'failed');
    return (await this.ending.fail(sql, scene.job.id, error, cause)) ?? [];
  }
}

/** Whether all other steps of its job are done. */
function isLast({ job, stepIds }: Scene): boolean {
  return job.steps.every(({ id, status }) => status === 'done' || stepIds.includes(id));
}
