import { Injectable } from '@nestjs/common';
import { GIVEN_BACK, SUSPECT } from '../execution/stage-store.js';
import type { WholeJob } from '../jobs/rows.js';
import { Database } from '../platform/database.js';
import { Gathered } from '../platform/gathered.js';
import { Suspects } from '../platform/suspects.js';
import type { AfterTry, Answer } from './delivery-schedule.js';
import type { NewsRow } from './message.js';

/** The right to make one delivery for a while, and all that it takes. Every later write carries the epoch: who lost the lease writes nothing. */
export interface ClaimedDelivery extends Omit<NewsRow, 'job'> {
  /** Null of a suspect, which was being made when processes in a row ended: reading it may be what kills. */
  readonly job: WholeJob | null;
  readonly deliveryId: string;
  readonly jobId: string;
  readonly epoch: number;
  /** Leases before it, in a row, that ran out without being given back: as often a process was gone in the middle of this delivery. */
  readonly lost: number;
  /** Tries before this one. */
  readonly tries: number;
  /** "host:port" */
  readonly host: string;
  readonly url: string;
  /** The job's own, sealed; null where the tenant's signs. */
  readonly sealed: Buffer | null;
  /** The database's time at the claim. */
  readonly at: Date;
}

/** `lost`: the lease is, and nothing was written. `next is due`: so is the job's next delivery, of which nobody is told. */
export type Settled = 'lost' | 'written' | 'next is due';

/** In seconds. A relay renews its leases every third of it; a dead one's deliveries are free after it. */
export const DELIVERY_LEASE_SECONDS = 15;
/** What is due is looked at this far, for receivers that have room. */
const WINDOW = 200;
/** What waits to be made alone is looked at again after this. */
const ALONE_SECONDS = 0.5;

/** What ends at about the same time is written together, so many deliveries at the most. */
const TOGETHER = { most: 64, lanes: 1, restMs: 10 };

interface Ended {
  readonly delivery: ClaimedDelivery;
  readonly answer: Answer;
  readonly durationMs: number;
  readonly status: string;
}

@Injectable()
export class DeliveryStore {
  private readonly ending = new Gathered<Ended, Settled>((ends) => this.end(ends), async (end) => (await this.end([end]))[0] ?? 'lost', TOGETHER);

  constructor(
    private readonly database: Database,
    readonly suspects: Suspects = new Suspects(),
  ) {}

  /** At most `limit` that are due, the longest due first, and of one receiver no more than `room` says: its entry there, or else `whole`. */
  async claim(owner: string, limit: number, room: Readonly<Record<string, number>>, whole: number): Promise<ClaimedDelivery[]> {
    return this.database.query<ClaimedDelivery>(CLAIM, [owner, limit, DELIVERY_LEASE_SECONDS, JSON.stringify(room), whole]);
  }

  async renew(owner: string, deliveryIds: readonly string[]): Promise<void> {
    if (deliveryIds.length === 0) return;
    await this.database.query(`UPDATE delivery SET lease_until = now() + make_interval(secs => $3) WHERE lease_owner = $1 AND id = ANY($2::uuid[]) AND lease_until > now()`, [owner, deliveryIds, DELIVERY_LEASE_SECONDS]);
  }

  /** Gives one back untried. */
  async release({ deliveryId, epoch, lost }: ClaimedDelivery): Promise<void> {
    await this.database.query(`UPDATE delivery SET ${FREED}, lost_leases = least(lost_leases, $3) WHERE id = $1 AND lease_epoch = $2`, [deliveryId, epoch, lost]);
  }

  /** Gives a suspect back, for another one is being made. */
  async wait({ deliveryId, epoch }: ClaimedDelivery): Promise<void> {
    await this.database.query(`UPDATE delivery SET ${FREED}, due_at = now() + make_interval(secs => $3) WHERE id = $1 AND lease_epoch = $2`, [deliveryId, epoch, ALONE_SECONDS]);
  }

  /** Before a suspect is made: should the process be gone before that is settled, that counts. The job that it tells of; null: the lease is lost. */
  async alone({ deliveryId, epoch }: ClaimedDelivery): Promise<WholeJob | null> {
    const [row] = await this.database.query<{ job: WholeJob }>(`UPDATE delivery d SET lost_leases = lost_leases + 1 FROM outbox_event e WHERE d.id = $1 AND lease_epoch = $2 AND e.id = d.event_id RETURNING e.job`, [deliveryId, epoch]);
    return row?.job ?? null;
  }

  /** After a time without the database: leases of `owner` that nobody works on are free at once, and count as given back. */
  async giveBack(owner: string, working: readonly string[]): Promise<void> {
    await this.database.query(`UPDATE delivery SET ${FREED}, lost_leases = ${GIVEN_BACK} WHERE lease_owner = $1 AND NOT (id = ANY($2::uuid[]))`, [owner, working]);
  }

  /** Writes what became of a try, with its line in the log. */
  async settle(delivery: ClaimedDelivery, answer: Answer, durationMs: number, next: AfterTry): Promise<Settled> {
    if (next.status !== 'scheduled') return this.ending.do({ delivery, answer, durationMs, status: next.status });
    const tried = [delivery.deliveryId, delivery.epoch, delivery.at, Math.round(durationMs), answer.status, answer.error, next.afterMs];
    return (await this.database.query(TRY_AGAIN, tried)).length > 0 ? 'written' : 'lost';
  }

  private async end(ends: readonly Ended[]): Promise<readonly Settled[]> {
    const column = (value: (end: Ended) => unknown): readonly unknown[] => ends.map(value);
    const written = new Set<string>();
    const due = new Set<string>();
    await this.database.transaction((sql) => {
      const values = [
        column(({ delivery }) => delivery.deliveryId), column(({ delivery }) => delivery.epoch), column(({ delivery }) => delivery.at),
        column(({ durationMs }) => Math.round(durationMs)), column(({ answer }) => answer.status), column(({ answer }) => answer.error), column(({ status }) => status),
      ];
      sql.later<{ id: string }>(END, values, (rows) => rows.forEach(({ id }) => written.add(id)));
      // Read anew, now that the webhooks' rows are locked: an event that was written meanwhile is seen, and one to come will see that nothing is open.
      sql.later<{ jobId: string }>(NEXT, [column(({ delivery }) => delivery.jobId)], (rows) => rows.forEach(({ jobId }) => due.add(jobId)));
    });
    return ends.map(({ delivery: { deliveryId, jobId } }) => (!written.has(deliveryId) ? 'lost' : due.has(jobId) ? 'next is due' : 'written'));
  }
}

const FREED = 'lease_owner = NULL, lease_until = NULL';
const FREE = 'due_at <= now() AND (lease_until IS NULL OR lease_until < now())';

const CLAIM = {
  name: 'claim_deliveries',
  text: `
  WITH looked AS MATERIALIZED (
    SELECT id, host, due_at FROM delivery WHERE ${FREE} AND coalesce(($4::jsonb->>host)::int, 1) > 0 ORDER BY due_at LIMIT ${WINDOW}),
  fair AS MATERIALIZED (
    SELECT id FROM (SELECT id, host, row_number() OVER (PARTITION BY host ORDER BY due_at, id) AS nth FROM looked) AS ranked
    WHERE nth <= coalesce(($4::jsonb->>host)::int, $5::int)),
  due AS MATERIALIZED (
    SELECT id FROM delivery WHERE id IN (SELECT id FROM fair) AND ${FREE} ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED)
  UPDATE delivery d SET lease_owner = $1, lease_epoch = d.lease_epoch + 1, lease_until = now() + make_interval(secs => $3),
    lost_leases = CASE WHEN d.lease_owner IS NULL THEN d.lost_leases ELSE greatest(d.lost_leases, least(d.lost_leases + 1, ${SUSPECT})) END
  FROM due, outbox_event e, job_webhook w
  WHERE d.id = due.id AND e.id = d.event_id AND w.job_id = d.job_id
  RETURNING d.id AS "deliveryId", d.job_id AS "jobId", d.lease_epoch AS epoch, d.lost_leases AS lost, d.tries, d.host, w.url, w.secret AS sealed, now() AS at,
    e.id AS "eventId", e.sequence, e.type, e.export_id AS "exportId", CASE WHEN d.lost_leases < ${SUSPECT} THEN e.job END AS job, e.created_at AS "createdAt"`,
};

const TRY_AGAIN = {
  name: 'try_delivery_again',
  text: `
  WITH tried AS (
    UPDATE delivery SET tries = tries + 1, lease_owner = NULL, lease_until = NULL, lost_leases = 0, due_at = now() + make_interval(secs => $7::float8 / 1000)
    WHERE id = $1 AND lease_epoch = $2 AND status = 'scheduled' RETURNING id, tries),
  log AS (
    INSERT INTO delivery_try (delivery_id, number, at, duration_ms, status, error) SELECT id, tries, $3, $4, $5, $6 FROM tried)
  SELECT tries FROM tried`,
};

/** One delivery of each job's fewer. With the last one after the job's end, the secret has nothing left to sign. */
const END = {
  name: 'end_deliveries',
  text: `
  WITH told AS (
    SELECT * FROM unnest($1::uuid[], $2::int[], $3::timestamptz[], $4::int[], $5::int[], $6::text[], $7::text[]) AS t (id, epoch, at, duration_ms, status, error, ended)),
  tried AS (
    UPDATE delivery d SET tries = d.tries + 1, lease_owner = NULL, lease_until = NULL, lost_leases = 0, due_at = NULL, ended_at = now(), status = told.ended
    FROM told WHERE d.id = told.id AND d.lease_epoch = told.epoch AND d.status = 'scheduled'
    RETURNING d.id, d.job_id, d.tries, told.at, told.duration_ms, told.status, told.error),
  log AS (
    INSERT INTO delivery_try (delivery_id, number, at, duration_ms, status, error) SELECT id, tries, at, duration_ms, status, error FROM tried),
  fewer AS (
    UPDATE job_webhook w SET open_deliveries = w.open_deliveries - of_job.count, secret = CASE WHEN w.closed AND w.open_deliveries = of_job.count THEN NULL ELSE w.secret END
    FROM (SELECT job_id, count(*)::int AS count FROM tried GROUP BY job_id) AS of_job WHERE w.job_id = of_job.job_id)
  SELECT id FROM tried`,
};

/**
 * What waits for nobody any more: the first of a job's that is left, unless it has its time already. It is as old as its event: of what is behind, that
 * which happened first is told first, and not every job's beginning before any job's end.
 */
const NEXT = {
  name: 'next_deliveries',
  text: `
  UPDATE delivery SET due_at = least(created_at, now())
  WHERE due_at IS NULL AND id IN (SELECT (SELECT id FROM delivery d WHERE d.job_id = of.job_id AND d.status = 'scheduled' ORDER BY sequence LIMIT 1) FROM (SELECT DISTINCT unnest($1::uuid[]) AS job_id) AS of)
  RETURNING job_id AS "jobId"`,
};
