import type { Sql } from '../platform/sql.js';
import type { Transaction } from '../platform/transaction.js';
import { APPEND_NEWS, endsJob, NEWS_CHANNEL, newsOf } from './outbox.js';

export type Cause = 'caller' | 'timer' | 'poll' | 'callback' | 'operator';

export interface NewEvent {
  /** noun.past: "attempt.running", "job.completed". */
  readonly type: string;
  readonly cause: Cause;
  readonly detail?: Readonly<Record<string, unknown>>;
}

export interface EventRow {
  readonly sequence: number;
  readonly type: string;
  readonly at: Date;
  readonly cause: Cause;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Where it is told that a job's timeline has grown; the payload is the job's id. */
export const EVENTS_CHANNEL = 'conversion_event';

/** Part of a timeline, and how its job stands, as of one moment. */
export interface EventPage {
  readonly events: readonly EventRow[];
  /** The last event that there is. */
  readonly last: number;
  readonly ended: boolean;
}

/**
 * Numbers and writes events of a job, and what of them goes to its webhook; part of the transaction that makes them true, after it has written what they tell
 * of. Whoever follows the timeline, or delivers, hears of it after the commit.
 */
export function appendEvents(sql: Transaction, jobId: string, events: readonly NewEvent[]): void {
  if (events.length === 0) return;
  const news = newsOf(events);
  const values = [jobId, events.length, JSON.stringify(events)];
  if (news.length === 0) sql.later(APPEND_EVENTS, values);
  else sql.later(APPEND_EVENTS_AND_NEWS, [...values, JSON.stringify(news), endsJob(news)], (due) => due.length > 0 && sql.tell(NEWS_CHANNEL, ''));
  sql.tell(EVENTS_CHANNEL, jobId);
}

/** The same for many jobs at once, as far as no webhook hears of it. Several of one job keep their order. */
export function appendManyEvents(sql: Transaction, events: readonly (NewEvent & { readonly jobId: string })[]): void {
  if (events.length === 0) return;
  sql.later(APPEND_MANY, [JSON.stringify(events)]);
  for (const jobId of new Set(events.map((event) => event.jobId))) sql.tell(EVENTS_CHANNEL, jobId);
}

const TIMELINE = `
  WITH numbered AS (UPDATE job SET last_sequence = last_sequence + $2 WHERE id = $1 RETURNING last_sequence - $2 AS before),
  facts AS (
    INSERT INTO event (job_id, sequence, type, cause, detail)
    SELECT $1, numbered.before + e.position, e.type, e.cause, coalesce(e.detail, '{}')
    FROM numbered, ROWS FROM (jsonb_to_recordset($3::jsonb) AS (type text, cause text, detail jsonb)) WITH ORDINALITY AS e (type, cause, detail, position))`;

const APPEND_EVENTS = { name: 'append_events', text: `${TIMELINE} SELECT` };
const APPEND_EVENTS_AND_NEWS = { name: 'append_events_and_news', text: `${TIMELINE},${APPEND_NEWS}` };

const APPEND_MANY = { name: 'append_many_events', text: `
  WITH told AS (
    SELECT e."jobId" AS job_id, row_number() OVER (PARTITION BY e."jobId" ORDER BY e.position) AS number, e.type, e.cause, coalesce(e.detail, '{}') AS detail
    FROM ROWS FROM (jsonb_to_recordset($1::jsonb) AS ("jobId" uuid, type text, cause text, detail jsonb)) WITH ORDINALITY AS e ("jobId", type, cause, detail, position)),
  numbered AS (
    UPDATE job SET last_sequence = last_sequence + of_job.count FROM (SELECT job_id, count(*)::int AS count FROM told GROUP BY job_id) AS of_job
    WHERE job.id = of_job.job_id AND job.id = ANY(ARRAY(SELECT job_id FROM told)) RETURNING job.id, last_sequence - of_job.count AS before)
  INSERT INTO event (job_id, sequence, type, cause, detail)
  SELECT told.job_id, numbered.before + told.number, told.type, told.cause, told.detail FROM told JOIN numbered ON numbered.id = told.job_id` };

/** A page of a job's timeline, oldest first, behind `after`; null when there is no such job. */
export async function readEvents(sql: Sql, jobId: string, after: number, limit: number): Promise<EventPage | null> {
  const rows = await sql.query<Omit<EventRow, 'sequence'> & { readonly last: number; readonly ended: boolean; readonly sequence: number | null }>(
    { name: 'read_events', text: `
     SELECT j.last_sequence AS last, j.ended_at IS NOT NULL AS ended, e.* FROM job j
     LEFT JOIN LATERAL (SELECT sequence, type, at, cause, detail FROM event WHERE job_id = j.id AND sequence > $2 ORDER BY sequence LIMIT $3) e ON true
     WHERE j.id = $1 ORDER BY e.sequence` },
    [jobId, after, limit],
  );
  const [first] = rows;
  if (first === undefined) return null;
  const { last, ended } = first;
  return { last, ended, events: rows.flatMap(({ sequence, type, at, cause, detail }) => (sequence === null ? [] : [{ sequence, type, at, cause, detail }])) };
}

/** An event as callers see it, in lists and in streams. */
export const toEventView = ({ sequence, type, at, cause, detail }: EventRow): object => ({ sequence, type, at: at.toISOString(), cause, detail });
