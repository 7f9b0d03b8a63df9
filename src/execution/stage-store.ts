import { Injectable } from '@nestjs/common';
import { STAGE_STATES, statesBefore, type StageEnd } from '../jobs/states.js';
import { Database } from '../platform/database.js';
import type { Sql } from '../platform/sql.js';
import type { Transaction } from '../platform/transaction.js';

/** The right to work on one stage for a while. Every later write carries the epoch: who lost the lease, or gave it back, writes nothing. */
export interface Lease {
  readonly stageId: string;
  readonly jobId: string;
  readonly epoch: number;
  /** News came (a callback), which is why it is due. */
  readonly hinted: boolean;
  /** Leases before it, in a row, that ran out without being given back: as often a worker was gone in the middle of this stage. */
  readonly lost: number;
  /** Until when it is certainly held, by this process's own `performance.now()`: a process that was frozen cannot know what happened meanwhile. */
  heldUntil: number;
}

/** Somebody else holds the stage by now, or its job has ended. What was about to be written is not. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

/**
 * So many workers may be gone in the middle of a stage, one after another: then it is the stage that ends them. A lease that merely lay beside counts
 * up to the last but one; the last counts only where the stage was worked on with no other suspect beside it (`alone`).
 */
export const MOST_LOST = 3;

/** In seconds. A worker renews its leases every third of it; a dead worker's work is free after it. */
export const LEASE_SECONDS = 15;

@Injectable()
export class StageStore {
  constructor(private readonly database: Database) {}

  async claim(owner: string, limit: number): Promise<Lease[]> {
    const heldUntil = performance.now() + LEASE_SECONDS * 1000;
    const claimed = await this.database.query<Omit<Lease, 'heldUntil'>>({ name: 'claim', text: `
       UPDATE stage SET lease_owner = $1, lease_epoch = lease_epoch + 1, lease_until = now() + make_interval(secs => $3), hinted = false,
         lost_leases = CASE WHEN lease_owner IS NULL THEN lost_leases ELSE greatest(lost_leases, least(lost_leases + 1, ${MOST_LOST - 1})) END
       FROM (SELECT id, hinted FROM stage WHERE due_at <= now() AND (lease_until IS NULL OR lease_until < now())
             ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED) AS due
       WHERE stage.id = due.id
       RETURNING stage.id AS "stageId", stage.job_id AS "jobId", stage.lease_epoch AS epoch, due.hinted, stage.lost_leases AS lost` },
      [owner, limit, LEASE_SECONDS],
    );
    return claimed.map((lease) => ({ ...lease, heldUntil }));
  }

  async renew(owner: string, leases: readonly Lease[]): Promise<void> {
    if (leases.length === 0) return;
    const heldUntil = performance.now() + LEASE_SECONDS * 1000;
    const renewed = await this.database.query<{ id: string; epoch: number }>(
      `UPDATE stage SET lease_until = now() + make_interval(secs => $3) WHERE lease_owner = $1 AND id = ANY($2::uuid[]) AND lease_until > now() RETURNING id, lease_epoch AS epoch`,
      [owner, leases.map(({ stageId }) => stageId), LEASE_SECONDS],
    );
    for (const lease of leases) if (renewed.some(({ id, epoch }) => id === lease.stageId && epoch === lease.epoch)) lease.heldUntil = heldUntil;
  }

  /** Those that are no longer held: somebody else has the stage, or its job has ended. */
  async lost(leases: readonly Lease[]): Promise<Lease[]> {
    if (leases.length === 0) return [];
    const held = await this.database.query<{ id: string; epoch: number }>(
      `SELECT stage.id, lease_epoch AS epoch FROM stage JOIN job ON job.id = job_id WHERE stage.id = ANY($1::uuid[]) AND stage.status = 'active' AND lease_owner IS NOT NULL AND job.ended_at IS NULL`,
      [leases.map(({ stageId }) => stageId)],
    );
    return leases.filter(({ stageId, epoch }) => !held.some((row) => row.id === stageId && row.epoch === epoch));
  }

  /**
   * Gives the lease back: due again after `afterMs`, at once if news came meanwhile, or never (`null`). What was given back before stays as it was. `cleared`: the work went well, so that
   * whoever died of it before did not die of it; false where what may have killed was not done again.
   */
  async release({ stageId, epoch }: Lease, afterMs: number | null, cleared = true): Promise<void> {
    await this.database.query(RELEASE, [stageId, epoch, afterMs, cleared]);
  }

  /** The same as part of a transaction, once that commits. */
  releaseWith(sql: Transaction, { stageId, epoch }: Lease, afterMs: number | null, cleared = true): void {
    sql.later(RELEASE, [stageId, epoch, afterMs, cleared]);
  }

  /** Before a suspect is worked on: should the worker be gone before it is given back, it was the last. */
  async alone({ stageId, epoch }: Lease): Promise<void> {
    const rows = await this.database.query<object>(`UPDATE stage SET lost_leases = ${MOST_LOST} WHERE id = $1 AND lease_epoch = $2 RETURNING 1`, [stageId, epoch]);
    if (rows.length === 0) throw new LeaseLost(`stage ${stageId} is no longer ours`);
  }

  /** After a time without the database: leases of `owner` that nobody works on (a claim's answer, or a release, was lost) are free at once, and count as given back. */
  async giveBack(owner: string, working: readonly Lease[]): Promise<void> {
    await this.database.query(`UPDATE stage SET lease_owner = NULL, lease_until = NULL, lost_leases = least(lost_leases, ${MOST_LOST - 1}) WHERE lease_owner = $1 AND NOT (id = ANY($2::uuid[]))`, [owner, working.map(({ stageId }) => stageId)]);
  }

  /** Nobody works on them any more. */
  end(sql: Transaction, stageIds: readonly string[], status: StageEnd): void {
    sql.later(
      'UPDATE stage SET status = $2, due_at = NULL, lease_owner = NULL, lease_until = NULL WHERE id = ANY($1::uuid[]) AND status = ANY($3)',
      [stageIds, status, statesBefore(STAGE_STATES, status)],
    );
  }

  /** First statement of every transaction that changes a stage's fate. Locks the job, so that its stages settle one after another. */
  async hold(sql: Sql, lease: Lease): Promise<void> {
    const held = await sql.query<object>(HOLD, [lease.jobId, lease.stageId, lease.epoch]);
    if (held.length === 0) throw new LeaseLost(`stage ${lease.stageId} is no longer ours`);
  }

  /** Makes a stage due now; if somebody works on it, as soon as that is done. */
  async wake(sql: Sql, stageId: string): Promise<void> {
    const woken = await sql.query<object>({ name: 'wake', text: `UPDATE stage SET due_at = now(), hinted = true WHERE id = $1 AND status = 'active' RETURNING 1` }, [stageId]);
    if (woken.length > 0) sql.tell('conversion_due', '');
  }
}

const RELEASE = {
  name: 'release',
  text: `
  UPDATE stage SET lease_owner = NULL, lease_until = NULL, lost_leases = CASE WHEN $4 THEN 0 ELSE least(lost_leases, ${MOST_LOST - 1}) END,
    due_at = CASE WHEN $3::float8 IS NULL THEN NULL WHEN hinted THEN now() ELSE now() + make_interval(secs => $3::float8 / 1000) END
  WHERE id = $1 AND lease_epoch = $2 AND lease_owner IS NOT NULL`,
};

/** The job is locked before its stage: the lock of a row is taken on top of the join, and so looks at the newest stage there is. */
const HOLD = {
  name: 'hold',
  text: `
  WITH open AS MATERIALIZED (SELECT id FROM job WHERE id = $1 AND ended_at IS NULL FOR UPDATE)
  SELECT 1 FROM open, stage WHERE stage.id = $2 AND lease_epoch = $3 AND lease_owner IS NOT NULL AND status = 'active' FOR UPDATE OF stage`,
};
