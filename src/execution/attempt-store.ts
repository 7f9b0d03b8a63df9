import { Injectable } from '@nestjs/common';
import { Spending } from '../accounts/spending.js';
import { ProviderError } from '../conversion/errors.js';
import type { Report } from '../conversion/provider.js';
import { appendEvents, type Cause } from '../jobs/event-store.js';
import { leaveOrphans } from '../jobs/orphans.js';
import { ATTEMPT_STATES, JOB_STATES, statesBefore, STEP_STATES } from '../jobs/states.js';
import { Database } from '../platform/database.js';
import { LimitBoard } from '../routing/limit-board.js';
import type { Pricing } from '../routing/pricing.js';
import { takeNews, type News } from './kept-callbacks.js';
import { writeLateCreate, writeLateEnd } from './late-news.js';
import { countRoom, mayBegin, type Counted } from './room.js';
import { UNTOLD, type LiveAttempt, type Scene } from './scene.js';
import { LeaseLost, releasing, StageStore } from './stage-store.js';

export interface NewAttempt {
  readonly id: string;
  readonly reference: string;
}

/** Rolls back what was about to begin. */
class NoRoom extends Error {
  constructor(readonly counted: Counted | null) {
    super();
  }
}

/** SQLSTATE of a value that must be unique and is not. */
const UNIQUE_VIOLATION = '23505';

/** An attempt on its way from `submitting` to `running`. How it ends stands in settle.ts alone. */
@Injectable()
export class AttemptStore {
  constructor(
    private readonly database: Database,
    private readonly stages: StageStore,
    private readonly limits: LimitBoard,
    private readonly spending: Spending = new Spending(),
  ) {}

  /**
   * Commits that we are about to call the provider: money may move from here on. Null when the provider has no room: it runs as many of our attempts as it
   * may, others have waited for longer, or it wants to be left alone. Who begins together with a 429 of a moment ago is held by the row that it left.
   * `anyway`: nothing will be asked of the provider.
   */
  async begin(scene: Scene, attempt: NewAttempt, maxConcurrent: number | null, anyway = false): Promise<LiveAttempt | null> {
    const begun = this.database.transaction<LiveAttempt>(async (sql) => {
      this.stages.holdWith(sql, scene.lease);
      if (!anyway && (maxConcurrent !== null || scene.room !== null || this.limits.of(scene.provider).throttled)) {
        const counted = await countRoom(sql, scene.provider, scene.lease.stageId);
        if (!mayBegin(counted, maxConcurrent, scene.room === 'given')) throw new NoRoom(counted);
      }
      const [row] = await sql.query<{ begun: boolean; isFirst: boolean; leftThenMs: number }>(BEGIN_ATTEMPT, [
        attempt.id, scene.job.id, scene.lease.stageId, scene.provider, scene.stepIds, attempt.reference, anyway, statesBefore(JOB_STATES, 'processing'), statesBefore(STEP_STATES, 'running'),
      ]);
      if (row?.begun !== true) throw new NoRoom(null);
      if (scene.room !== null) sql.later('UPDATE stage SET room = NULL WHERE id = $1', [scene.lease.stageId]);
      appendEvents(sql, scene.job.id, [
        ...(row.isFirst ? [{ type: 'job.processing', cause: 'timer' as const }] : []),
        { type: 'attempt.submitting', cause: 'timer', detail: { attempt: attempt.id, provider: scene.provider, steps: scene.stepIds } },
      ]);
      return { ...UNTOLD, ...attempt, provider: scene.provider, stepIds: scene.stepIds, status: 'submitting', providerJobId: null, leftThenMs: row.leftThenMs };
    });
    return begun.catch((error: unknown) => {
      if (!(error instanceof NoRoom)) throw error;
      const { counted } = error;
      // Whoever did not know that there is a 429 to heed counts, now that it does.
      this.limits.note(scene.provider, counted === null ? { throttled: true } : { ...counted, pausedUntil: performance.now() + counted.pausedMs });
      return counted === null ? this.begin(scene, attempt, maxConcurrent) : null;
    });
  }

  /** The stage's live attempt, where the scene is older than it. */
  async live(scene: Scene): Promise<LiveAttempt | null> {
    const rows = await this.database.query<Pick<LiveAttempt, 'id' | 'provider' | 'stepIds' | 'status' | 'reference' | 'providerJobId' | 'uploaded'>>(
      `SELECT id, provider, step_ids AS "stepIds", status, reference, provider_job_id AS "providerJobId", uploaded FROM attempt WHERE stage_id = $1 AND ended_at IS NULL`,
      [scene.lease.stageId],
    );
    return rows[0] === undefined ? null : { ...UNTOLD, ...rows[0] };
  }

  /** The vendor's job exists: from now on it can be found again whatever happens. False when the lease is lost. */
  async created(scene: Scene, attemptId: string, providerJobId: string): Promise<boolean> {
    try {
      return (await this.database.query(CREATED, [attemptId, scene.lease.epoch, providerJobId, statesBefore(ATTEMPT_STATES, 'running')])).length > 0;
    } catch (error) {
      if ((error as { code?: string }).code !== UNIQUE_VIOLATION) throw error;
      throw new ProviderError('malformed_response', 'The provider answered the create with the id of a job that it had made before.', { code: 'id_reused', created: 'unknown' });
    }
  }

  /** The answer to a create came after the lease was lost. True where the attempt goes on with it all the same; else the vendor's job is to be canceled. */
  async createdLate(scene: Scene, { id, provider, reference }: LiveAttempt, providerJobId: string, adoptable: boolean): Promise<boolean> {
    return writeLateCreate(this.database, { id, provider, reference, jobId: scene.job.id }, providerJobId, adoptable);
  }

  /** The vendor told how its job ended after the lease was lost. */
  async endedLate(scene: Scene, { id, provider, reference }: LiveAttempt, pricing: Pricing | null, report: Report, cause: Cause): Promise<void> {
    await writeLateEnd(this.database, this.spending, { id, provider, reference, jobId: scene.job.id }, pricing, report, cause);
  }

  /** The vendor took the bytes of an upload: they are not sent again. */
  async uploaded(scene: Scene, attemptId: string, key: string): Promise<void> {
    const rows = await this.database.query<{ id: string }>(
      `UPDATE attempt SET uploaded = array_append(uploaded, $3) FROM stage
       WHERE attempt.id = $1 AND attempt.ended_at IS NULL AND stage.id = attempt.stage_id AND stage.lease_epoch = $2 RETURNING attempt.id`,
      [attemptId, scene.lease.epoch, key],
    );
    if (rows.length === 0) throw new LeaseLost(`attempt ${attemptId} was taken over while it was sent its files`);
  }

  /** Nobody knows whether the vendor took it: its jobs are searched before anything is sent again. */
  async unknown(scene: Scene, attempt: LiveAttempt, error: ProviderError, searchAfterMs: number): Promise<void> {
    await this.database.transaction(async (sql) => {
      await this.stages.hold(sql, scene.lease);
      sql.later(`UPDATE attempt SET status = 'unknown', unknown_since = now(), error = $2::jsonb WHERE id = $1 AND status = ANY($3)`, [attempt.id, JSON.stringify({ kind: error.kind, code: error.code, message: error.message }), statesBefore(ATTEMPT_STATES, 'unknown')]);
      appendEvents(sql, scene.job.id, [{ type: 'attempt.unknown', cause: 'timer', detail: { attempt: attempt.id, provider: scene.provider, kind: error.kind, message: error.message } }]);
      this.stages.releaseWith(sql, scene.lease, searchAfterMs, false);
    });
  }

  /** The vendor has a job of it, or may have, and the stage is no longer ours: what runs there without an attempt is searched for, and canceled. */
  async leftBehind(attemptId: string): Promise<void> {
    await leaveOrphans(this.database, [attemptId]);
  }

  /** A search found nothing, or could not be made (`counts` false). */
  async searched(scene: Scene, attempt: LiveAttempt, counts: boolean, searchAfterMs: number): Promise<void> {
    await this.database.transaction(async (sql) => {
      await this.stages.hold(sql, scene.lease);
      if (counts) sql.later('UPDATE attempt SET searches = searches + 1 WHERE id = $1', [attempt.id]);
      this.stages.releaseWith(sql, scene.lease, searchAfterMs, false);
    });
  }

  /** The vendor's job of an unknown create was found: the attempt goes on with it. */
  async adopted(scene: Scene, attempt: LiveAttempt, providerJobId: string): Promise<void> {
    if (!(await this.created(scene, attempt.id, providerJobId))) throw new LeaseLost(`attempt ${attempt.id} was taken over while it was searched for`);
    await this.database.transaction(async (sql) => {
      await this.stages.hold(sql, scene.lease);
      sql.later('UPDATE attempt SET error = NULL WHERE id = $1 AND ended_at IS NULL', [attempt.id]);
      appendEvents(sql, scene.job.id, [{ type: 'attempt.adopted', cause: 'poll', detail: { attempt: attempt.id, provider: scene.provider, providerJobId } }]);
      this.stages.releaseWith(sql, scene.lease, 0, false);
    });
  }

  /** `patienceMs`: for how long it may stand still, so that whoever watches many need not know its work. Callbacks that came before it had its vendor's job are its own from now on. */
  async running(scene: Scene, attemptId: string, providerJobId: string, pollAfterMs: number, staleAfterMs: number | null = null, patienceMs: number | null = null): Promise<void> {
    await this.database.transaction(async (sql) => {
      this.stages.holdWith(sql, scene.lease);
      appendEvents(sql, scene.job.id, [{ type: 'attempt.running', cause: 'timer', detail: { attempt: attemptId, provider: scene.provider, providerJobId } }]);
      const { stageId, epoch } = scene.lease;
      const [row] = await sql.query<{ again: boolean }>(RUNNING, [stageId, epoch, pollAfterMs, attemptId, staleAfterMs, patienceMs, statesBefore(ATTEMPT_STATES, 'running'), scene.provider, providerJobId]);
      scene.lease.again = row?.again === true;
    });
  }

  /** What the vendor told of it by itself. */
  async news(scene: Scene, attempt: LiveAttempt): Promise<News> {
    return takeNews(this.database, scene.lease, attempt);
  }

  /** A report that it still runs. Only news are written to the timeline. */
  async progressed(scene: Scene, attempt: LiveAttempt, report: { readonly progress: number | null; readonly word: string }, cause: Cause, pollAfterMs: number, staleAfterMs: number | null = null): Promise<void> {
    await this.database.transaction(async (sql) => {
      await this.stages.hold(sql, scene.lease);
      const moved = await sql.query<{ id: string }>(
        `UPDATE attempt SET progress = coalesce($2, progress), word = $3, moved_at = now()
         WHERE id = $1 AND ended_at IS NULL AND (word IS DISTINCT FROM $3 OR progress IS DISTINCT FROM coalesce($2, progress)) RETURNING id`,
        [attempt.id, report.progress, report.word.slice(0, 64)],
      );
      sql.later(`UPDATE attempt SET polls = polls + 1, read_failures = 0, failing_since = NULL, stale_at = ${STALE_AT} WHERE id = $1`, [attempt.id, staleAfterMs]);
      if (moved.length > 0) {
        sql.later(JOB_PROGRESS, [[scene.job.id]]);
        appendEvents(sql, scene.job.id, [{ type: 'attempt.progressed', cause, detail: { attempt: attempt.id, provider: scene.provider, status: report.word.slice(0, 64), progress: report.progress } }]);
      }
      this.stages.releaseWith(sql, scene.lease, pollAfterMs);
    });
  }

  async unreadable(scene: Scene, attempt: LiveAttempt, error: ProviderError, cause: Cause, pollAfterMs: number): Promise<void> {
    await this.database.transaction(async (sql) => {
      await this.stages.hold(sql, scene.lease);
      sql.later('UPDATE attempt SET polls = polls + 1, read_failures = read_failures + 1, failing_since = coalesce(failing_since, now()), stale_at = NULL WHERE id = $1', [attempt.id]);
      if (attempt.readFailures === 0) appendEvents(sql, scene.job.id, [{ type: 'attempt.unreadable', cause, detail: { attempt: attempt.id, provider: scene.provider, kind: error.kind, message: error.message } }]);
      this.stages.releaseWith(sql, scene.lease, pollAfterMs);
    });
  }
}

const BEGIN_ATTEMPT = {
  name: 'begin_attempt',
  text: `
  WITH intent AS (
    INSERT INTO attempt (id, job_id, stage_id, provider, step_ids, status, reference) SELECT $1::uuid, $2::uuid, $3::uuid, $4, $5::text[], 'submitting', $6
    WHERE $7 OR NOT EXISTS (SELECT 1 FROM provider_throttle WHERE provider = $4 AND paused_until > now()) RETURNING job_id),
  starts AS (
    UPDATE job SET status = 'processing', started_at = now() FROM intent WHERE job.id = intent.job_id AND job.status = ANY($8) RETURNING 1),
  steps AS (
    UPDATE job_step SET status = 'running', provider = $4 FROM intent WHERE job_step.job_id = intent.job_id AND job_step.id = ANY($5) AND job_step.status = ANY($9))
  SELECT EXISTS (SELECT FROM intent) AS begun, EXISTS (SELECT FROM starts) AS "isFirst", (SELECT extract(epoch FROM deadline_at - now())::float8 * 1000 FROM job WHERE id = $2) AS "leftThenMs"`,
};

const CREATED = {
  name: 'attempt_created',
  text: `
  UPDATE attempt SET provider_job_id = $3 FROM stage
  WHERE attempt.id = $1 AND attempt.status = ANY($4) AND stage.id = attempt.stage_id AND stage.lease_epoch = $2 AND stage.lease_owner IS NOT NULL RETURNING attempt.id`,
};

/** Of so many ms from now; null: no caller's interest brings a read forward. */
const staleAt = (afterMs: string): string => `now() + make_interval(secs => ${afterMs}::float8 / 1000)`;
const STALE_AT = staleAt('$2');

/**
 * Callbacks that came before the answer to the create did, when nobody knew whose job it was: the attempt has them now, and is due at once.
 * Asked after the commit of the job's id, while who takes in a callback of an unknown job looks again after its own: one of both sees the other.
 */
const RUNNING = {
  name: 'attempt_running',
  text: `
  WITH early AS (
    UPDATE callback SET attempt_id = $4, outcome = 'hint' WHERE provider = $8 AND provider_job_id = $9 AND outcome = 'unknown_job' RETURNING 1),
  attempt_row AS (
    UPDATE attempt SET status = 'running', moved_at = now(), patience_ms = $6, stale_at = ${staleAt('$5')} WHERE id = $4 AND status = ANY($7))
  ${releasing('true', '0', 'EXISTS (SELECT FROM early)')}`,
};

/** The progress of jobs: the share of its steps that are done, and of those that run what their attempts tell. Never back, never 100 before the end. */
export const JOB_PROGRESS = `
  UPDATE job j SET progress = greatest(j.progress, least(99, (
    SELECT (100 * count(*) FILTER (WHERE s.status = 'done') + coalesce(sum(a.progress) FILTER (WHERE s.status = 'running'), 0)) / count(*)
    FROM job_step s LEFT JOIN attempt a ON a.job_id = s.job_id AND a.ended_at IS NULL AND s.id = ANY(a.step_ids)
    WHERE s.job_id = j.id)::int))
  WHERE j.id = ANY($1::uuid[])`;
