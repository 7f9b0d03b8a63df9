import type { Statement } from '../platform/sql.js';
import { INSERT_CLAIM } from './idempotency-claim.js';
import { INSERT_WEBHOOK } from './outbox.js';

/** What few jobs have: a part of a statement that writes no row costs all the same, so each mixture has a statement of its own. */
const RARE_PARTS = ['files', 'places', 'claim', 'webhook'] as const;
export type RarePart = (typeof RARE_PARTS)[number];

const statements = new Map<string, Statement>();

/**
 * One statement, one commit, for one job or for many. $1 is a list of jobs in JSON; the rare parts are those that any of them has.
 * `lockMs`: it fails where it would wait longer for a row that somebody else writes; 0: it waits.
 */
export function insertJobs(parts: ReadonlySet<RarePart>, lockMs: number): Statement {
  const own = RARE_PARTS.filter((part) => parts.has(part));
  const name = ['insert_jobs', ...own, ...(lockMs > 0 ? [lockMs] : [])].join('_');
  const known = statements.get(name);
  if (known !== undefined) return known;
  const made = { name, text: textOf(own, lockMs) };
  statements.set(name, made);
  return made;
}

/** The rows that are made of a job's field of that name. */
const PARTS: Readonly<Record<RarePart, string>> = {
  files: `
  file_rows AS (
    INSERT INTO file (id, job_id, role, path, filename, content_type, size, sha256)
    SELECT f.id, t.id, 'upload', f.path, f.filename, f.content_type, f.size, f.sha256
    FROM told t, jsonb_to_recordset(t.files) AS f (id uuid, path text, filename text, content_type text, size bigint, sha256 text)),`,
  places: `
  credential_rows AS (
    INSERT INTO credential (job_id, place_id, sealed)
    SELECT t.id, c.place_id, decode(c.sealed, 'base64') FROM told t, jsonb_to_recordset(t.places->'credentials') AS c (place_id text, sealed text)),
  export_rows AS (
    INSERT INTO job_export (job_id, id, position, waits_for)
    SELECT t.id, x.id, x.position, x.waits_for FROM told t, jsonb_to_recordset(t.places->'exports') AS x (id text, position int, waits_for text[])),`,
  claim: INSERT_CLAIM,
  webhook: INSERT_WEBHOOK,
};

const textOf = (parts: readonly RarePart[], lockMs: number): string => `
  WITH told AS (
    SELECT t.* FROM ${lockMs > 0 ? `set_config('lock_timeout', '${lockMs}', true), ` : ''}jsonb_to_recordset($1::jsonb) AS t (id uuid, tenant text, key text, status text, graph jsonb, tag text, retention_seconds int, deadline_seconds float8,
      decision jsonb, inputs jsonb, steps jsonb, stages jsonb, events jsonb${parts.map((part) => `, ${part} jsonb`).join('')})),
  job_rows AS (
    INSERT INTO job (id, tenant, key, status, graph, tag, retention_seconds, deadline_at, queued_at, last_sequence)
    SELECT id, tenant, key, status, graph, tag, retention_seconds, now() + make_interval(secs => deadline_seconds), CASE WHEN status = 'queued' THEN now() END, jsonb_array_length(events) FROM told),${parts.map((part) => PARTS[part]).join('')}
  input_rows AS (
    INSERT INTO job_input (job_id, id, position, type, filename, status, file_id)
    SELECT t.id, i.id, i.position, i.type, i.filename, i.status, i.file_id
    FROM told t, jsonb_to_recordset(t.inputs) AS i (id text, position int, type text, filename text, status text, file_id uuid)),
  step_rows AS (
    INSERT INTO job_step (job_id, id, position, operation, losses)
    SELECT t.id, s.id, s.position, s.operation, s.losses FROM told t, jsonb_to_recordset(t.steps) AS s (id text, position int, operation text, losses jsonb)),
  stage_rows AS (
    INSERT INTO stage (id, job_id, tenant, position, provider, step_ids, needs, prices, status, due_at)
    SELECT g.id, t.id, t.tenant, g.position, g.provider, g.step_ids, g.needs, g.prices, CASE WHEN g.ready AND t.status = 'queued' THEN 'active' ELSE 'waiting' END, CASE WHEN g.ready AND t.status = 'queued' THEN now() END
    FROM told t, jsonb_to_recordset(t.stages) AS g (id uuid, position int, provider text, step_ids text[], needs text[], prices jsonb, ready boolean)),
  decision_rows AS (
    INSERT INTO route_decision (job_id, number, record) SELECT id, 1, decision FROM told),
  event_rows AS (
    INSERT INTO event (job_id, sequence, type, cause, detail)
    SELECT t.id, e.position, e.type, e.cause, coalesce(e.detail, '{}')
    FROM told t, ROWS FROM (jsonb_to_recordset(t.events) AS (type text, cause text, detail jsonb)) WITH ORDINALITY AS e (type, cause, detail, position))
  SELECT now()::timestamptz(3) AS at`;
