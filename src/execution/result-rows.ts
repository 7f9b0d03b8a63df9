import { v7 as uuidv7 } from 'uuid';
import type { KeptFile } from '../files/result-keeper.js';
import type { Transaction } from '../platform/transaction.js';
import type { Scene } from './scene.js';

/** The files that steps made, in the order in which they stand, as `insertResults` takes them. */
export function resultRows({ job }: Pick<Scene, 'job'>, provider: string, files: readonly KeptFile[]): string {
  const consumed = new Set(job.graph.steps.flatMap((step) => step.inputs));
  const positions = new Map<string, number>();
  const rows = files.map((file) => {
    const { step, providerFileId, url } = file.source;
    const position = positions.get(step) ?? 0;
    positions.set(step, position + 1);
    return {
      id: uuidv7(), path: file.path, filename: file.filename, content_type: file.contentType, size: file.size, sha256: file.sha256,
      step_id: step, position, is_output: !consumed.has(step), provider, provider_file_id: providerFileId, provider_url: url,
    };
  });
  // What a vendor says need not be well-formed, and jsonb takes nothing else.
  return JSON.stringify(rows, (_name, value: unknown) => (typeof value === 'string' ? value.toWellFormed() : value));
}

/** Names the files of job `job`, which are in `rows`; part of the statement by which the steps are done, or a statement of its own. */
export const insertResults = (job: string, rows: string): string => `
  INSERT INTO file (id, job_id, role, path, filename, content_type, size, sha256, step_id, position, is_output, provider, provider_file_id, provider_url)
  SELECT id, ${job}::uuid, 'result', path, filename, content_type, size, sha256, step_id, position, is_output, provider, provider_file_id, provider_url
  FROM jsonb_to_recordset(${rows}::jsonb) AS f (id uuid, path text, filename text, content_type text, size bigint, sha256 text, step_id text, position int, is_output boolean, provider text, provider_file_id text, provider_url text)`;

const WRITE_RESULTS = { name: 'write_results', text: insertResults('$1', '$2') };

/** Part of the transaction by which the steps are done. */
export function writeResults(sql: Transaction, scene: Pick<Scene, 'job'>, provider: string, files: readonly KeptFile[]): void {
  if (files.length > 0) sql.later(WRITE_RESULTS, [scene.job.id, resultRows(scene, provider, files)]);
}

/** Stages that waited for steps which are all done now. */
export const RELEASE_WAITING = `
  UPDATE stage SET status = 'active', due_at = now()
  WHERE job_id = $1 AND status = 'waiting' AND needs <@ (SELECT coalesce(array_agg(id), '{}') FROM job_step WHERE job_id = $1 AND status = 'done')
  RETURNING 1`;
