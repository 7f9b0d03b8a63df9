import type { Statement } from '../platform/sql.js';
import { insertClaim } from './idempotency-claim.js';
import { insertWebhook } from './outbox.js';

/** What few jobs have: a statement that writes no row of it costs all the same, so each mixture has a statement of its own. Each is the parameters that it takes; none where it is not there. */
export interface RareParts {
  /** Credentials, exports. */
  readonly places: readonly string[];
  /** The Idempotency-Key. */
  readonly claim: readonly string[];
  readonly webhook: readonly string[];
}

const statements = new Map<string, Statement>();

/** One statement, one commit. $1 to $15 are what every job has; those of the parts follow, in their order. */
export function insertJob({ places, claim, webhook }: RareParts): Statement {
  const name = ['insert_job', ...(places.length > 0 ? ['places'] : []), ...(claim.length > 0 ? ['key'] : []), ...(webhook.length > 0 ? ['webhook'] : [])].join('_');
  const known = statements.get(name);
  if (known !== undefined) return known;
  const first = 16;
  const made = statement(name, [
    places.length > 0 ? insertPlaces(first) : '',
    claim.length > 0 ? insertClaim(first + places.length) : '',
    webhook.length > 0 ? insertWebhook(`$${first + places.length + claim.length}`) : '',
  ].join(''));
  statements.set(name, made);
  return made;
}

const insertPlaces = (first: number): string => `
  credential_rows AS (
    INSERT INTO credential (job_id, place_id, sealed)
    SELECT $1, c.place_id, decode(c.sealed, 'base64') FROM jsonb_to_recordset($${first}::jsonb) AS c (place_id text, sealed text)),
  export_rows AS (
    INSERT INTO job_export (job_id, id, position, waits_for)
    SELECT $1, x.id, x.position, x.waits_for FROM jsonb_to_recordset($${first + 1}::jsonb) AS x (id text, position int, waits_for text[])),`;

const statement = (name: string, more: string): Statement => ({
  name,
  text: `
  WITH job_row AS (
    INSERT INTO job (id, tenant, key, status, graph, tag, retention_seconds, deadline_at, queued_at, last_sequence)
    VALUES ($1, $2, $15, $3, $4::jsonb, $5, $6, now() + make_interval(secs => $7), CASE WHEN $3 = 'queued' THEN now() END, $8)
    RETURNING created_at, queued_at),
  file_rows AS (
    INSERT INTO file (id, job_id, role, path, filename, content_type, size, sha256)
    SELECT f.id, $1, 'upload', f.path, f.filename, f.content_type, f.size, f.sha256
    FROM jsonb_to_recordset($12::jsonb) AS f (id uuid, path text, filename text, content_type text, size bigint, sha256 text)),
  input_rows AS (
    INSERT INTO job_input (job_id, id, position, type, filename, status, file_id)
    SELECT $1, i.id, i.position, i.type, i.filename, i.status, i.file_id
    FROM jsonb_to_recordset($9::jsonb) AS i (id text, position int, type text, filename text, status text, file_id uuid)),
  step_rows AS (
    INSERT INTO job_step (job_id, id, position, operation, losses)
    SELECT $1, s.id, s.position, s.operation, s.losses FROM jsonb_to_recordset($10::jsonb) AS s (id text, position int, operation text, losses jsonb)),
  stage_rows AS (
    INSERT INTO stage (id, job_id, tenant, position, provider, step_ids, needs, prices, status, due_at)
    SELECT g.id, $1, $2, g.position, g.provider, g.step_ids, g.needs, g.prices, CASE WHEN g.ready AND $3 = 'queued' THEN 'active' ELSE 'waiting' END, CASE WHEN g.ready AND $3 = 'queued' THEN now() END
    FROM jsonb_to_recordset($11::jsonb) AS g (id uuid, position int, provider text, step_ids text[], needs text[], prices jsonb, ready boolean)),${more}
  decision_row AS (
    INSERT INTO route_decision (job_id, number, record) VALUES ($1, 1, $14::jsonb)),
  event_rows AS (
    INSERT INTO event (job_id, sequence, type, cause, detail)
    SELECT $1, e.position, e.type, e.cause, coalesce(e.detail, '{}')
    FROM ROWS FROM (jsonb_to_recordset($13::jsonb) AS (type text, cause text, detail jsonb)) WITH ORDINALITY AS e (type, cause, detail, position))
  SELECT created_at, queued_at FROM job_row`,
});
