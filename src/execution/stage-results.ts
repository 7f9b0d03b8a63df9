import { Injectable, Logger } from '@nestjs/common';
import { ProviderError } from '../conversion/errors.js';
import { formatsOf } from '../conversion/graph-formats.js';
import type { VendorFile } from '../conversion/provider.js';
import { ResultKeeper, type KeptFile } from '../files/result-keeper.js';
import { Staging, StagingTrouble } from '../files/staging.js';
import { appendEvents, type Cause } from '../jobs/event-store.js';
import { statesBefore, STEP_STATES } from '../jobs/states.js';
import { Database } from '../platform/database.js';
import { databaseTrouble } from '../platform/database-trouble.js';
import type { RegisteredProvider } from '../providers/registry.js';
import { neededBeside, stepsToKeep } from './finished-steps.js';
import { RELEASE_WAITING, writeResults } from './result-rows.js';
import type { LiveAttempt, Scene } from './scene.js';
import { StageStore } from './stage-store.js';

/** Where a stage's results come from, and on what occasion they are fetched. */
export interface Source {
  readonly scene: Scene;
  readonly attempt: LiveAttempt;
  readonly provider: RegisteredProvider;
  readonly cause: Cause;
  readonly signal: AbortSignal;
}

/** A file that cannot be had is asked for so often before the job ends, by one process. */
const TRIES = 3;
const REMEMBERED = 1000;

/** Fetches what a vendor made, each file once. */
@Injectable()
export class StageResults {
  private readonly log = new Logger('results');
  /** How often results of an attempt under way could not be had; the latest attempts. */
  private readonly failures = new Map<string, number>();

  constructor(
    private readonly database: Database,
    private readonly stages: StageStore,
    private readonly keeper: ResultKeeper,
    private readonly staging: Staging,
  ) {}

  /** All of the files or none; `write` says in the database that they are ours. */
  async keep<T>({ scene, provider, signal }: Source, files: readonly VendorFile[], write: (kept: readonly KeptFile[]) => Promise<T>): Promise<T> {
    const formats = formatsOf(scene.job.graph.inputs, scene.job.graph.steps);
    const kept: KeptFile[] = [];
    try {
      for (const file of files) {
        const possible = formats.get(file.step) ?? [];
        kept.push(await this.keeper.keep(file, possible.length === 1 ? (possible[0] ?? null) : null, provider.config.baseUrl, signal));
      }
      return await write(kept);
    } catch (error) {
      // A commit whose answer was lost may have been made: bytes that nobody names are better than names without bytes.
      if (databaseTrouble(error) === null) await Promise.all(kept.map(({ path }) => this.staging.remove(path)));
      throw error;
    }
  }

  /** Of a stage that is done, what others need: a result that only later steps of the same vendor job take is not fetched. */
  wanted({ job: { graph }, stepIds }: Scene, files: readonly VendorFile[]): readonly VendorFile[] {
    const own = new Set(stepIds);
    return files.filter(({ step }) => own.has(step) && neededBeside(graph, step, own));
  }

  /**
   * Steps that are done while others of the same vendor job are not: their files are fetched, and they are not run again whatever becomes of that job.
   * Answers with what is left of the scene. It is a gain and never a must: what cannot be had is told by the job's end.
   */
  async keepFinished(source: Source, files: readonly VendorFile[]): Promise<Scene> {
    const { scene, attempt } = source;
    const { graph } = scene.job;
    const done = stepsToKeep({ graph, left: scene.stepIds, told: new Set(files.map(({ step }) => step)) });
    const failures = this.failures.get(attempt.id) ?? 0;
    if (done.size === 0 || failures >= TRIES) return scene;
    try {
      await this.keep(source, files.filter(({ step }) => done.has(step) && neededBeside(graph, step, done)), (kept) => this.write(source, done, kept));
      return { ...scene, stepIds: scene.stepIds.filter((id) => !done.has(id)) };
    } catch (error) {
      if (!(error instanceof ProviderError) && !(error instanceof StagingTrouble)) throw error;
      this.log.warn({ job: scene.job.id, attempt: attempt.id, msg: `A result that is there already is not kept yet. ${error.message}` });
      this.failures.set(attempt.id, failures + 1);
      const [oldest] = this.failures.keys();
      if (this.failures.size > REMEMBERED && oldest !== undefined) this.failures.delete(oldest);
      return scene;
    }
  }

  private async write({ scene, attempt, cause }: Source, done: ReadonlySet<string>, files: readonly KeptFile[]): Promise<void> {
    await this.database.transaction(async (sql) => {
      await this.stages.hold(sql, scene.lease);
      sql.later('UPDATE job_step SET status = $3 WHERE job_id = $1 AND id = ANY($2) AND status = ANY($4)', [scene.job.id, [...done], 'done', statesBefore(STEP_STATES, 'done')]);
      writeResults(sql, scene, attempt.provider, files);
      appendEvents(sql, scene.job.id, [...done].map((step) => ({ type: 'step.done', cause, detail: { step, provider: attempt.provider } })));
      sql.later(RELEASE_WAITING, [scene.job.id], (due) => due.length > 0 && sql.tell('conversion_due', ''));
    });
  }
}
