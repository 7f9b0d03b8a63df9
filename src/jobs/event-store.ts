import type { Sql } from '../platform/database.js';

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

/** Numbers and writes events of a job; part of the transaction that makes them true. */
export async function appendEvents(sql: Sql, jobId: string, events: readonly NewEvent[]): Promise<void> {
  if (events.length === 0) return;
  await sql.query(
    { name: 'append_events', text: `
     WITH numbered AS (UPDATE job SET last_sequence = last_sequence + $2 WHERE id = $1 RETURNING last_sequence - $2 AS before)
     INSERT INTO event (job_id, sequence, type, cause, detail)
     SELECT $1, numbered.before + e.position, e.type, e.cause, coalesce(e.detail, '{}')
     FROM numbered, ROWS FROM (jsonb_to_recordset($3::jsonb) AS (type text, cause text, detail jsonb)) WITH ORDINALITY AS e (type, cause, detail, position)` },
    [jobId, events.length, JSON.stringify(events)],
  );
}

/** A page of a job's timeline, oldest first, behind `after`. */
export async function readEvents(sql: Sql, jobId: string, after: number, limit: number): Promise<EventRow[]> {
  return sql.query<EventRow>('SELECT sequence, type, at, cause, detail FROM event WHERE job_id = $1 AND sequence > $2 ORDER BY sequence LIMIT $3', [jobId, after, limit]);
}
