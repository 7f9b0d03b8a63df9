import { v7 as uuidv7 } from 'uuid';
import { WEBHOOK_EVENTS, type JobGraph, type WebhookEvent } from '../conversion/job-graph.js';
import { trustedHostOf } from '../platform/egress.js';
import { WHOLE_JOB_KEPT, type WholeJob } from './rows.js';

/** An event that its receiver may be told of. `delivery`: the id of its way there. */
interface NewNews {
  readonly id: string;
  readonly delivery: string;
  readonly type: WebhookEvent;
  readonly export_id: string | null;
}

/** What the statement that writes a job writes of its webhook. `secret` is sealed, in base64; `queued` is null for a job that waits for its uploads. */
export interface NewWebhook {
  readonly url: string;
  readonly host: string;
  readonly events: readonly WebhookEvent[];
  readonly secret: string | null;
  readonly queued: NewNews | null;
  readonly job: Omit<WholeJob, 'created_at' | 'queued_at'>;
}

/** Heard by whoever delivers: something became due. */
export const NEWS_CHANNEL = 'conversion_news';

const ENDINGS: ReadonlySet<string> = new Set<WebhookEvent>(['job.completed', 'job.failed', 'job.canceled']);

/** What of a timeline's new events goes to webhooks too. */
export function newsOf(events: readonly { readonly type: string; readonly detail?: Readonly<Record<string, unknown>> }[]): readonly NewNews[] {
  return events.flatMap(({ type, detail }) => {
    const known = WEBHOOK_EVENTS.find((name) => name === type);
    return known === undefined ? [] : [newsItem(known, typeof detail?.['export'] === 'string' ? detail['export'] : null)];
  });
}

const newsItem = (type: WebhookEvent, exportId: string | null): NewNews => ({ id: uuidv7(), delivery: uuidv7(), type, export_id: exportId });

export function endsJob(news: readonly NewNews[]): boolean {
  return news.some(({ type }) => ENDINGS.has(type));
}

export function newWebhook(graph: JobGraph, job: NewWebhook['job'], secret: string | null): NewWebhook | null {
  if (graph.webhook === null) return null;
  const { url, events } = graph.webhook;
  return { url, host: trustedHostOf(url), events, secret, queued: job.status === 'queued' ? newsItem('job.queued', null) : null, job };
}

/**
 * Part of the statement that adds to a job's timeline ($1: the job, $4: `NewNews[]`, $5: whether the job has ended). A job without a webhook costs a
 * look for a row that is not there. Every event has its number, whether or not its receiver wants it; each holds the job as it stands in this
 * transaction, so that what is sent later still tells of this moment. Gives a row where something became due. The webhook's row is locked until the commit, and by whoever ends a
 * delivery: so an event is due at once, or the one before it makes it due.
 */
export const APPEND_NEWS = `
  news AS (
    SELECT n.id, n.delivery, n.type, n.export_id, n.nth
    FROM ROWS FROM (jsonb_to_recordset($4::jsonb) AS (id uuid, delivery uuid, type text, export_id text)) WITH ORDINALITY AS n (id, delivery, type, export_id, nth)),
  webhook AS (
    UPDATE job_webhook w SET last_sequence = w.last_sequence + (SELECT count(*) FROM news), closed = $5::bool,
      open_deliveries = w.open_deliveries + (SELECT count(*) FROM news n WHERE n.type = ANY (w.events)),
      secret = CASE WHEN $5 AND w.open_deliveries + (SELECT count(*) FROM news n WHERE n.type = ANY (w.events)) = 0 THEN NULL ELSE w.secret END
    WHERE w.job_id = $1
    RETURNING w.host, w.events, w.last_sequence - (SELECT count(*) FROM news) AS before, w.open_deliveries),
  wanted AS (
    SELECT n.id, n.delivery, n.type, n.export_id, w.before + n.nth AS sequence, w.host, row_number() OVER (ORDER BY n.nth) = 1 AND w.open_deliveries = count(*) OVER () AS is_next
    FROM webhook w, news n WHERE n.type = ANY (w.events)),
  outbox AS (
    INSERT INTO outbox_event (id, job_id, sequence, type, export_id, job)
    SELECT id, $1, sequence, type, export_id, (SELECT to_jsonb(whole) FROM (SELECT ${WHOLE_JOB_KEPT} FROM job j WHERE j.id = $1) AS whole) FROM wanted),
  delivery_rows AS (
    INSERT INTO delivery (id, event_id, job_id, sequence, host, due_at)
    SELECT delivery, id, $1, sequence, host, CASE WHEN is_next THEN now() END FROM wanted
    RETURNING due_at)
  SELECT due_at FROM delivery_rows WHERE due_at IS NOT NULL LIMIT 1`;

/** Part of the statement that writes jobs, of those that have a webhook. A job cannot be read back there: it comes with the webhook, but for its times. */
export const INSERT_WEBHOOK = `
  asked AS (
    SELECT t.id AS job_id, w.* FROM told t, jsonb_to_record(t.webhook) AS w (url text, host text, events text[], secret text, queued jsonb, job jsonb) WHERE t.webhook IS NOT NULL),
  webhook_rows AS (
    INSERT INTO job_webhook (job_id, url, host, events, secret, last_sequence, open_deliveries)
    SELECT job_id, url, host, events, decode(secret, 'base64'), (queued IS NOT NULL)::int, (coalesce(queued->>'type' = ANY (events), false))::int FROM asked),
  outbox AS (
    INSERT INTO outbox_event (id, job_id, sequence, type, job)
    SELECT (queued->>'id')::uuid, job_id, 1, queued->>'type', job || jsonb_build_object('created_at', now()::timestamptz(3), 'queued_at', now()::timestamptz(3)) FROM asked WHERE queued->>'type' = ANY (events)),
  delivery_rows AS (
    INSERT INTO delivery (id, event_id, job_id, sequence, host, due_at)
    SELECT (queued->>'delivery')::uuid, (queued->>'id')::uuid, job_id, 1, host, now() FROM asked WHERE queued->>'type' = ANY (events)),`;
