import fastify from 'fastify';
import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';

/*
 * What accepting a job costs at the least: the same rows, the same commit and the same NOTIFY after it as the gateway's, and an answer of the same size,
 * with nothing around it: no key is asked for, no field is checked, nothing is planned. The statement is prepared, as a good bare server would.
 */

interface Body {
  readonly inputs: readonly { readonly id: string; readonly type: string; readonly url: string; readonly filename: string }[];
  readonly steps: readonly { readonly id: string; readonly operation: string; readonly inputs: readonly string[]; readonly to: string; readonly options: object }[];
  readonly routing: { readonly maxAttempts: number };
  readonly tag: string;
  readonly metadata: object;
}

interface Times {
  readonly created_at: Date;
  readonly queued_at: Date;
}

const PROVIDER = 'api2convert';
const OTHER = 'runconvert';
const RETENTION_SECONDS = 86_400;
const DEADLINE_SECONDS = 3600;

const INSERT = `
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
    FROM jsonb_to_recordset($11::jsonb) AS g (id uuid, position int, provider text, step_ids text[], needs text[], prices jsonb, ready boolean)),
  decision_row AS (
    INSERT INTO route_decision (job_id, number, record) VALUES ($1, 1, $14::jsonb)),
  event_rows AS (
    INSERT INTO event (job_id, sequence, type, cause, detail)
    SELECT $1, e.position, e.type, e.cause, coalesce(e.detail, '{}')
    FROM ROWS FROM (jsonb_to_recordset($13::jsonb) AS (type text, cause text, detail jsonb)) WITH ORDINALITY AS e (type, cause, detail, position))
  SELECT created_at, queued_at FROM job_row`;

const pool = new pg.Pool({ connectionString: process.env['DATABASE_URL'], max: 20, idleTimeoutMillis: 60_000 });
pool.on('error', () => undefined);
const app = fastify();

let speaking = false;
let again = false;

/** The word to the workers: after the commit, one for all jobs that came together. */
function notifySoon(): void {
  again = true;
  if (!speaking) void speak();
}

async function speak(): Promise<void> {
  speaking = true;
  while (again) {
    again = false;
    await pool.query({ name: 'notify', text: "SELECT pg_notify('conversion_due', '')" });
  }
  speaking = false;
}

app.post<{ Body: Body }>('/v1/jobs', async ({ body }, reply) => {
  const id = uuidv7();
  const stepIds = body.steps.map((step) => step.id);
  const routing = { strategy: 'cheapest', only: [], exclude: [], prefer: [], regions: [], maxCost: null, maxAttempts: body.routing.maxAttempts, deadlineSeconds: DEADLINE_SECONDS, strict: false, quoteId: null };
  const graph = {
    inputs: body.inputs.map((input) => ({ ...input, fetch: 'provider' })),
    steps: body.steps.map(({ to, ...step }) => ({ ...step, parameters: { to }, providerOptions: {} })),
    exports: [], routing, webhook: null, retention: 'PT24H', retentionSeconds: RETENTION_SECONDS, tag: body.tag, metadata: body.metadata,
  };
  const events = [
    { type: 'job.created', cause: 'caller', detail: { inputs: body.inputs.length, steps: body.steps.length } },
    { type: 'plan.decided', cause: 'caller', detail: { stages: [{ provider: PROVIDER, steps: stepIds }] } },
    { type: 'job.queued', cause: 'caller' },
  ];
  const unknown = { amount: null, currency: 'USD' };
  const decision = {
    strategy: 'cheapest', winner: PROVIDER, summary: `${PROVIDER}: at a price that is not known beside a price that is not known at ${OTHER}.`,
    quotes: [PROVIDER, OTHER].map((provider) => ({ provider, eligible: true, reasons: [], cost: unknown, costRange: null, basis: 'none', seconds: 30, losses: [] })),
    plan: [{ stage: 1, provider: PROVIDER, steps: stepIds, cost: unknown }],
  };
  const values = [
    id, 'default', 'queued', JSON.stringify(graph), body.tag, RETENTION_SECONDS, DEADLINE_SECONDS, events.length,
    JSON.stringify(body.inputs.map(({ id, type, filename }, position) => ({ id, position, type, filename, status: 'ready', file_id: null }))),
    JSON.stringify(body.steps.map(({ id, operation }, position) => ({ id, position, operation, losses: [] }))),
    JSON.stringify([{ id: uuidv7(), position: 0, provider: PROVIDER, step_ids: stepIds, needs: [], prices: stepIds.map((step) => ({ step, amount: null, most: null })), ready: true }]),
    '[]', JSON.stringify(events), JSON.stringify(decision), 'admin',
  ];
  const { rows } = await pool.query<Times>({ name: 'insert', text: INSERT, values });
  notifySoon();
  void reply.code(202).header('location', `/v1/jobs/${id}`);
  return {
    id, status: 'queued', progress: 0, error: null,
    inputs: body.inputs.map((input) => ({ ...input, status: 'ready', fetch: 'provider' })),
    steps: body.steps.map((step) => ({ ...step, providerOptions: {}, status: 'pending', provider: null })),
    exports: [], outputs: [], attempts: [], routing, webhook: null, retention: 'PT24H', tag: body.tag, metadata: body.metadata,
    cost: { amount: null, currency: 'USD' }, losses: [], retryOf: null, createdAt: rows[0]?.created_at, startedAt: null, endedAt: null,
  };
});

process.once('SIGTERM', () => void app.close().then(() => pool.end()).then(() => process.exit(0)));
process.once('disconnect', () => process.exit(0));
process.send?.({ url: await app.listen({ port: 0, host: '127.0.0.1' }) });
