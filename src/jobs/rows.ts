import type { JobError } from '../conversion/errors.js';
import type { JobGraph } from '../conversion/job-graph.js';
import type { Loss } from '../conversion/unified-options.js';
import type { AttemptStatus, ExportStatus, JobStatus, StepStatus } from './states.js';

/** Rows as PostgreSQL gives them. Inside `json_agg` times are text. */

export interface JobRow {
  readonly id: string;
  readonly tenant: string;
  readonly key: string;
  readonly status: JobStatus;
  readonly graph: JobGraph;
  readonly tag: string | null;
  readonly progress: number;
  readonly error: JobError | null;
  readonly retention_seconds: number;
  readonly retry_of: string | null;
  readonly created_at: Date;
  readonly queued_at: Date | null;
  readonly started_at: Date | null;
  readonly ended_at: Date | null;
}

export interface InputRow {
  readonly id: string;
  readonly type: string;
  readonly filename: string | null;
  readonly status: 'awaiting' | 'ready';
  readonly file_id: string | null;
}

export interface StepRow {
  readonly id: string;
  readonly operation: string;
  readonly status: StepStatus;
  readonly provider: string | null;
  readonly losses: readonly StepLoss[];
}

/** Part of a step's row. */
export type StepLoss = Omit<Loss, 'step'>;

export interface ExportRow {
  readonly id: string;
  readonly status: ExportStatus;
  readonly error: string | null;
}

export interface StoredError {
  readonly kind: string;
  readonly code: string | null;
  readonly message: string;
}

export interface AttemptRow {
  readonly id: string;
  readonly stage_id: string;
  readonly provider: string;
  readonly provider_job_id: string | null;
  readonly step_ids: readonly string[];
  readonly status: AttemptStatus;
  readonly progress: number | null;
  readonly cost: string | number | null;
  readonly currency: string | null;
  readonly error: StoredError | null;
  readonly started_at: string;
  readonly ended_at: string | null;
}

export interface FileRow {
  readonly id: string;
  readonly role: 'upload' | 'result';
  readonly path: string | null;
  readonly filename: string;
  readonly content_type: string;
  readonly size: string | number;
  readonly sha256: string | null;
  readonly step_id: string | null;
  readonly position: number;
  readonly is_output: boolean;
  readonly provider: string | null;
  readonly provider_file_id: string | null;
  readonly provider_url: string | null;
  readonly expires_at: string | null;
  readonly erased_at: string | null;
}

/** A job with all that belongs to it: what one statement reads. */
export interface WholeJob extends JobRow {
  readonly inputs: readonly InputRow[];
  readonly steps: readonly StepRow[];
  readonly exports: readonly ExportRow[];
  readonly attempts: readonly AttemptRow[];
  readonly files: readonly FileRow[];
}

const wholeJob = (aggregate: string): string => `
  j.id, j.tenant, j.key, j.status, j.graph, j.tag, j.progress, j.error, j.retention_seconds, j.retry_of, j.created_at, j.queued_at, j.started_at, j.ended_at,
  (SELECT coalesce(${aggregate}(i ORDER BY i.position), '[]') FROM job_input i WHERE i.job_id = j.id) AS inputs,
  (SELECT coalesce(${aggregate}(s ORDER BY s.position), '[]') FROM job_step s WHERE s.job_id = j.id) AS steps,
  (SELECT coalesce(${aggregate}(x ORDER BY x.position), '[]') FROM job_export x WHERE x.job_id = j.id) AS exports,
  (SELECT coalesce(${aggregate}(a ORDER BY a.id), '[]') FROM attempt a WHERE a.job_id = j.id) AS attempts,
  (SELECT coalesce(${aggregate}(f ORDER BY f.step_id, f.position), '[]') FROM file f WHERE f.job_id = j.id) AS files`;

/** Selects a `WholeJob` from `job j`. */
export const WHOLE_JOB = wholeJob('json_agg');
/** The same to be kept as jsonb: nothing need be read twice. */
export const WHOLE_JOB_KEPT = wholeJob('jsonb_agg');
