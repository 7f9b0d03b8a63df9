import { Injectable } from '@nestjs/common';
import type { Credentials, JobGraph } from '../conversion/job-graph.js';
import { filenameOfPlace, isPlace } from '../conversion/places.js';
import type { Loss } from '../conversion/unified-options.js';
import { Database } from '../platform/database.js';
import { DueNotice } from '../platform/due-notice.js';
import type { PlannedStage } from '../routing/stages.js';
import { CredentialStore } from './credential-store.js';
import { newExports } from './export-store.js';
import type { NewEvent } from './event-store.js';
import { claimRow, insertClaim, KeyTaken, type Claim } from './idempotency-claim.js';
import { WHOLE_JOB, type StepLoss, type WholeJob } from './rows.js';

export interface NewFile {
  readonly id: string;
  readonly path: string;
  readonly filename: string;
  readonly contentType: string;
  readonly size: number;
  readonly sha256: string;
}

export interface NewJob {
  readonly id: string;
  readonly tenant: string;
  readonly graph: JobGraph;
  readonly stages: readonly (PlannedStage & { readonly id: string; readonly losses: readonly Loss[] })[];
  /** Files that are there already, by input id. */
  readonly files: ReadonlyMap<string, NewFile>;
  /** Of inputs and exports in stores of the caller's, by their id. */
  readonly credentials: ReadonlyMap<string, Credentials>;
  readonly awaitsUploads: boolean;
  readonly deadlineSeconds: number;
  readonly events: readonly NewEvent[];
  /** The Idempotency-Key that it came with. */
  readonly claim?: Claim;
}

export interface JobFilter {
  readonly tenant: string;
  readonly status?: string;
  readonly tag?: string;
  readonly provider?: string;
  readonly createdAfter?: Date;
  readonly createdBefore?: Date;
  /** Only jobs older than this one. */
  readonly before?: string;
  readonly limit: number;
}

/** The callers' side of jobs: accept one, read them. What moves a job stands in `execution`. */
@Injectable()
export class JobStore {
  constructor(
    private readonly database: Database,
    private readonly notice: DueNotice,
    private readonly credentials: CredentialStore,
  ) {}

  /** One statement, one commit: the job with all that belongs to it, its Idempotency-Key too; then the word to the workers. Returns the job as read back. Throws `KeyTaken`. */
  async insert(job: NewJob): Promise<WholeJob> {
    const { id, graph } = job;
    const status = job.awaitsUploads ? 'awaiting_input' : 'queued';
    const inputs = graph.inputs.map((input, position) => ({
      id: input.id,
      position,
      type: input.type,
      filename: isPlace(input) ? filenameOfPlace(input) : 'filename' in input ? (input.filename ?? null) : null,
      status: input.type === 'upload' ? 'awaiting' : 'ready',
      file_id: job.files.get(input.id)?.id ?? null,
    }));
    const losses = job.stages.flatMap((stage) => stage.losses);
    const steps = graph.steps.map((step, position) => ({ id: step.id, position, operation: step.operation, losses: lossesOf(step.id, losses) }));
    const stages = job.stages.map((stage, position) => ({ id: stage.id, position, provider: stage.provider, step_ids: stage.stepIds, needs: stage.needs, ready: stage.needs.length === 0 }));
    const files = [...job.files.values()].map((file) => ({ id: file.id, path: file.path, filename: file.filename, content_type: file.contentType, size: file.size, sha256: file.sha256 }));
    const exports = newExports(graph);
    const whole = (created_at: Date, queued_at: Date | null): WholeJob => ({
      id, tenant: job.tenant, status, graph, tag: graph.tag, progress: 0, error: null, retention_seconds: graph.retentionSeconds,
      created_at, queued_at, started_at: null, ended_at: null,
      inputs: inputs as WholeJob['inputs'],
      steps: steps.map((step) => ({ ...step, status: 'pending', provider: null })),
      exports: exports.map((item) => ({ id: item.id, status: 'pending', error: null })),
      attempts: [],
      files: [],
    });
    // Few jobs have any of them, and a statement that writes no row of them costs all the same.
    const places = job.credentials.size > 0 || exports.length > 0 ? [JSON.stringify(this.credentials.seal(id, job.credentials)), JSON.stringify(exports)] : [];
    const claim = job.claim === undefined ? [] : [claimRow(job.claim, whole(new Date(0), null))];
    const rows = await this.database.query<{ created_at: Date; queued_at: Date | null }>(insertJob(places.length > 0, claim.length > 0), [
      id, job.tenant, status, JSON.stringify(graph), graph.tag, graph.retentionSeconds, job.deadlineSeconds, job.events.length,
      JSON.stringify(inputs), JSON.stringify(steps), JSON.stringify(stages), JSON.stringify(files), JSON.stringify(job.events), ...places, ...claim,
    ]).catch((error: unknown) => {
      throw KeyTaken.isMeantBy(error) ? new KeyTaken('the key is taken') : error;
    });
    const at = rows[0];
    if (at === undefined) throw new Error('the job was not written');
    if (!job.awaitsUploads) this.notice.give();
    return whole(at.created_at, at.queued_at);
  }

  async find(tenant: string, id: string): Promise<WholeJob | null> {
    const rows = await this.database.query<WholeJob>({ name: 'find_job', text: `SELECT ${WHOLE_JOB} FROM job j WHERE j.id = $1 AND j.tenant = $2` }, [id, tenant]);
    return rows[0] ?? null;
  }

  /** Newest first: ids are UUIDv7, so their order is that of creation. */
  async list(filter: JobFilter): Promise<WholeJob[]> {
    const values: unknown[] = [filter.tenant];
    const conditions = ['j.tenant = $1'];
    const where = (condition: (place: string) => string, value: unknown) => {
      if (value === undefined) return;
      values.push(value);
      conditions.push(condition(`$${values.length}`));
    };
    where((place) => `j.status = ${place}`, filter.status);
    where((place) => `j.tag = ${place}`, filter.tag);
    where((place) => `EXISTS (SELECT 1 FROM attempt a WHERE a.job_id = j.id AND a.provider = ${place})`, filter.provider);
    where((place) => `j.created_at > ${place}`, filter.createdAfter);
    where((place) => `j.created_at < ${place}`, filter.createdBefore);
    where((place) => `j.id < ${place}`, filter.before);
    return this.database.query<WholeJob>(`SELECT ${WHOLE_JOB} FROM job j WHERE ${conditions.join(' AND ')} ORDER BY j.id DESC LIMIT ${Math.trunc(filter.limit)}`, values);
  }
}

/** Those of one step, as its row holds them. */
export function lossesOf(stepId: string, losses: readonly Loss[]): readonly StepLoss[] {
  return losses.filter(({ step }) => step === stepId).map(({ option, kind, message }) => ({ option, kind, message }));
}

const statement = (name: string, more: string) => ({
  name,
  text: `
  WITH job_row AS (
    INSERT INTO job (id, tenant, status, graph, tag, retention_seconds, deadline_at, queued_at, last_sequence)
    VALUES ($1, $2, $3, $4::jsonb, $5, $6, now() + make_interval(secs => $7), CASE WHEN $3 = 'queued' THEN now() END, $8)
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
    INSERT INTO stage (id, job_id, position, provider, step_ids, needs, status, due_at)
    SELECT g.id, $1, g.position, g.provider, g.step_ids, g.needs, CASE WHEN g.ready AND $3 = 'queued' THEN 'active' ELSE 'waiting' END, CASE WHEN g.ready AND $3 = 'queued' THEN now() END
    FROM jsonb_to_recordset($11::jsonb) AS g (id uuid, position int, provider text, step_ids text[], needs text[], ready boolean)),${more}
  event_rows AS (
    INSERT INTO event (job_id, sequence, type, cause, detail)
    SELECT $1, e.position, e.type, e.cause, coalesce(e.detail, '{}')
    FROM ROWS FROM (jsonb_to_recordset($13::jsonb) AS (type text, cause text, detail jsonb)) WITH ORDINALITY AS e (type, cause, detail, position))
  SELECT created_at, queued_at FROM job_row`,
});

/** $14 and $15, of jobs with credentials or exports alone. */
const PLACES = `
  credential_rows AS (
    INSERT INTO credential (job_id, place_id, sealed)
    SELECT $1, c.place_id, decode(c.sealed, 'base64') FROM jsonb_to_recordset($14::jsonb) AS c (place_id text, sealed text)),
  export_rows AS (
    INSERT INTO job_export (job_id, id, position, waits_for)
    SELECT $1, x.id, x.position, x.waits_for FROM jsonb_to_recordset($15::jsonb) AS x (id text, position int, waits_for text[])),`;

const INSERT_JOB = statement('insert_job', '');
const INSERT_JOB_WITH_PLACES = statement('insert_job_with_places', PLACES);
const INSERT_JOB_WITH_KEY = statement('insert_job_with_key', insertClaim(14));
const INSERT_JOB_WITH_PLACES_AND_KEY = statement('insert_job_with_places_and_key', PLACES + insertClaim(16));

const insertJob = (places: boolean, key: boolean) => (places ? (key ? INSERT_JOB_WITH_PLACES_AND_KEY : INSERT_JOB_WITH_PLACES) : key ? INSERT_JOB_WITH_KEY : INSERT_JOB);
