import { Injectable } from '@nestjs/common';
import { STAGE_STATES, statesBefore, type StageEnd } from '../jobs/states.js';
import { Database } from '../platform/database.js';
import type { Sql } from '../platform/sql.js';
import { Suspects } from '../platform/suspects.js';
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
  /** It was given back, and is due again at once. */
  again?: boolean;
}

/** Somebody else holds the stage by now, or its job has ended. What was about to be written is not. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

/**
 * After so many leases that ran out, one after another, work is a suspect: what processes die of may lie beside it, so from now on it is worked on with no
 * other suspect beside it.
 */
export const SUSPECT = 2;
/** A suspect counts a loss each time that a process was gone while it was worked on alone: at so many in all it is what ends them. Where processes are killed for other reasons, nothing is twice in a row the one that was alone. */
export const MOST_LOST = SUSPECT + 2;

/** In seconds. A worker renews its leases every third of it; a dead worker's work is free after it. */
export const LEASE_SECONDS = 15;

/** Of a stage that is `due`: who takes it, and what that gives. */
const TAKE = `lease_owner = $1, lease_epoch = lease_epoch + 1, lease_until = now() + make_interval(secs => $3), hinted = false,
         lost_leases = CASE WHEN lease_owner IS NULL THEN lost_leases ELSE greatest(lost_leases, least(lost_leases + 1, ${SUSPECT})) END`;
const TAKEN = `stage.id AS "stageId", stage.job_id AS "jobId", stage.lease_epoch AS epoch, due.hinted, stage.lost_leases AS lost`;

/** Tenants that are looked at for one claim. */
const MOST_TENANTS = 1000;
/** Candidates for one that is claimed: other processes may claim the same ones at the same time. */
const SPARE = 4;

/**
 * Tenants are found one behind the other, by one probe of an index each; only of those that have something due, as much as could be claimed is looked at.
 * The bounds are of both columns together, so that no other index will do.
 */
const CLAIM_IN_TURNS = {
  name: 'claim_in_turns',
  text: `
  WITH RECURSIVE turn AS (
    (SELECT tenant, due_at <= now() AS has_due, CASE WHEN due_at <= now() THEN 1 ELSE 0 END AS with_due, 1 AS n FROM stage WHERE due_at IS NOT NULL AND tenant > $4 ORDER BY tenant, due_at LIMIT 1)
    UNION ALL
    SELECT next.tenant, next.has_due, with_due + CASE WHEN next.has_due THEN 1 ELSE 0 END, n + 1
    FROM turn, LATERAL (SELECT tenant, due_at <= now() AS has_due FROM stage WHERE due_at IS NOT NULL AND tenant > turn.tenant ORDER BY tenant, due_at LIMIT 1) AS next
    WHERE n < ${MOST_TENANTS} AND with_due < $2),
  candidate AS (
    SELECT one.id, turn.tenant, one.place FROM turn, LATERAL (
      SELECT id, row_number() OVER (ORDER BY tenant, due_at) AS place FROM stage
      WHERE due_at IS NOT NULL AND (tenant, due_at) >= (turn.tenant, '-infinity') AND (tenant, due_at) <= (turn.tenant, now()) AND (lease_until IS NULL OR lease_until < now())
      ORDER BY tenant, due_at LIMIT $2 * ${SPARE}) AS one
    WHERE turn.has_due ORDER BY one.place, turn.tenant LIMIT $2 * ${SPARE}),
  due AS (
    SELECT stage.id, stage.hinted, candidate.tenant, candidate.place::int FROM candidate JOIN stage ON stage.id = candidate.id
    WHERE stage.due_at <= now() AND (stage.lease_until IS NULL OR stage.lease_until < now())
    ORDER BY candidate.place, candidate.tenant LIMIT $2 FOR UPDATE OF stage SKIP LOCKED)
  UPDATE stage SET ${TAKE} FROM due WHERE stage.id = due.id
  RETURNING ${TAKEN}, due.tenant, due.place`,
};

@Injectable()
export class StageStore {
  constructor(
    private readonly database: Database,
    readonly suspects: Suspects = new Suspects(),
  ) {}

  /** What is longest due comes first. */
  async claim(owner: string, limit: number): Promise<Lease[]> {
    const heldUntil = performance.now() + LEASE_SECONDS * 1000;
    const claimed = await this.database.query<Omit<Lease, 'heldUntil'>>({ name: 'claim', text: `
       UPDATE stage SET ${TAKE}
       FROM (SELECT id, hinted FROM stage WHERE due_at <= now() AND (lease_until IS NULL OR lease_until < now())
             ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED) AS due
       WHERE stage.id = due.id
       RETURNING ${TAKEN}` },
      [owner, limit, LEASE_SECONDS],
    );
    return claimed.map((lease) => ({ ...lease, heldUntil }));
  }

  /** The same where more is due than is claimed: the tenants take turns, beginning behind `after`. `last`: whose turn it was last; `tenants`: how many had one. */
  async claimInTurns(owner: string, limit: number, after: string): Promise<{ readonly leases: Lease[]; readonly last: string; readonly tenants: number }> {
    const heldUntil = performance.now() + LEASE_SECONDS * 1000;
    const claimed = await this.database.query<Omit<Lease, 'heldUntil'> & { readonly tenant: string; readonly place: number }>(CLAIM_IN_TURNS, [owner, limit, LEASE_SECONDS, after]);
    // From the last tenant on there was too little: from the first one on there may be more.
    if (claimed.length < limit && after !== '') {
      const more = await this.claimInTurns(owner, limit - claimed.length, '');
      return { leases: [...claimed.map((lease) => ({ ...lease, heldUntil })), ...more.leases], last: more.last, tenants: new Set(claimed.map(({ tenant }) => tenant)).size + more.tenants };
    }
    const last = claimed.reduce((latest, one) => (one.place > latest.place || (one.place === latest.place && one.tenant > latest.tenant) ? one : latest), { place: 0, tenant: '' });
    return { leases: claimed.map(({ tenant: _tenant, place: _place, ...lease }) => ({ ...lease, heldUntil })), last: last.tenant, tenants: new Set(claimed.map(({ tenant }) => tenant)).size };
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
  async release(lease: Lease, afterMs: number | null, cleared = true): Promise<void> {
    const [row] = await this.database.query<{ again: boolean }>(RELEASE, [lease.stageId, lease.epoch, afterMs, cleared, lease.lost]);
    lease.again = row?.again === true;
  }

  /** The same as part of a transaction, once that commits. */
  releaseWith(sql: Transaction, lease: Lease, afterMs: number | null, cleared = true): void {
    sql.later<{ again: boolean }>(RELEASE, [lease.stageId, lease.epoch, afterMs, cleared, lease.lost], ([row]) => (lease.again = row?.again === true));
  }

  /** Before a suspect is worked on: should the worker be gone before it is given back, that counts. */
  async alone({ stageId, epoch }: Lease): Promise<void> {
    const rows = await this.database.query<object>(`UPDATE stage SET lost_leases = lost_leases + 1 WHERE id = $1 AND lease_epoch = $2 RETURNING 1`, [stageId, epoch]);
    if (rows.length === 0) throw new LeaseLost(`stage ${stageId} is no longer ours`);
  }

  /** After a time without the database: leases of `owner` that nobody works on (a claim's answer, or a release, was lost) are free at once, and count as given back. */
  async giveBack(owner: string, working: readonly Lease[]): Promise<void> {
    await this.database.query(`UPDATE stage SET lease_owner = NULL, lease_until = NULL, lost_leases = ${GIVEN_BACK} WHERE lease_owner = $1 AND NOT (id = ANY($2::uuid[]))`, [owner, working.map(({ stageId }) => stageId)]);
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

  /** The same, sent with the statement behind it: where the lease is lost, nothing of what follows is kept. */
  holdWith(sql: Transaction, lease: Lease): void {
    sql.guard(HOLD, [lease.jobId, lease.stageId, lease.epoch], (held) => {
      if (held.length === 0) throw new LeaseLost(`stage ${lease.stageId} is no longer ours`);
    });
  }

  /** Makes a stage due now; if somebody works on it, as soon as that is done. */
  async wake(sql: Sql, stageId: string): Promise<void> {
    const woken = await sql.query<object>({ name: 'wake', text: `UPDATE stage SET due_at = now(), hinted = true WHERE id = $1 AND status = 'active' RETURNING 1` }, [stageId]);
    if (woken.length > 0) sql.tell('conversion_due', '');
  }
}

/** What was given back by a process that lives counts no loss that was noted when it was worked on alone. */
export const GIVEN_BACK = `CASE WHEN lost_leases > ${SUSPECT} THEN lost_leases - 1 ELSE lost_leases END`;

/** Gives back the lease of the stage `$1` by its epoch `$2`: due again after `$3` ms; where news came, at once, and for as long as it was before. `news`: whether some came, besides what its row knows; `cleared`: the work went well; if not, it counts as many losses as at its claim (`lost`). */
export const releasing = (cleared: string, lost: string, news = 'false'): string => `
  UPDATE stage SET lease_owner = NULL, lease_until = NULL, lost_leases = CASE WHEN ${cleared} THEN 0 ELSE least(lost_leases, ${lost}) END, hinted = hinted OR ${news},
    due_at = CASE WHEN $3::float8 IS NULL THEN NULL WHEN hinted OR ${news} THEN least(due_at, now()) ELSE now() + make_interval(secs => $3::float8 / 1000) END
  WHERE id = $1 AND lease_epoch = $2 AND lease_owner IS NOT NULL
  RETURNING coalesce(due_at <= now(), false) AS again`;

const RELEASE = { name: 'release', text: releasing('$4', '$5') };

/** The job is locked before its stage: the lock of a row is taken on top of the join, and so looks at the newest stage there is. */
const HOLD = {
  name: 'hold',
  text: `
  WITH open AS MATERIALIZED (SELECT id FROM job WHERE id = $1 AND ended_at IS NULL FOR UPDATE)
  SELECT 1 FROM open, stage WHERE stage.id = $2 AND lease_epoch = $3 AND lease_owner IS NOT NULL AND status = 'active' FOR UPDATE OF stage`,
};
