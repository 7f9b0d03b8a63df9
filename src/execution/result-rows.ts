import { v7 as uuidv7 } from 'uuid';
import type { KeptFile } from '../files/result-keeper.js';
import type { Transaction } from '../platform/transaction.js';
import type { Scene } from './scene.js';

/** Names the files that steps made, in the order in which they stand; part of the transaction by which the steps are done. */
export function writeResults(sql: Transaction, { job }: Pick<Scene, 'job'>, provider: string, files: readonly KeptFile[]): void {
  const consumed = new Set(job.graph.steps.flatMap((step) => step.inputs));
  const positions = new Map<string, number>();
  for (const file of files) {
    const step = file.source.step;
    const position = positions.get(step) ?? 0;
    positions.set(step, position + 1);
    sql.later(
      `INSERT INTO file (id, job_id, role, path, filename, content_type, size, sha256, step_id, position, is_output, provider, provider_file_id, provider_url)
       VALUES ($1, $2, 'result', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
      [uuidv7(), job.id, file.path, file.filename, file.contentType, file.size, file.sha256, step, position, !consumed.has(step), provider, file.source.providerFileId, file.source.url],
    );
  }
}

/** Stages that waited for steps which are all done now. */
export const RELEASE_WAITING = `
  UPDATE stage SET status = 'active', due_at = now()
  WHERE job_id = $1 AND status = 'waiting' AND needs <@ (SELECT coalesce(array_agg(id), '{}') FROM job_step WHERE job_id = $1 AND status = 'done')
  RETURNING 1`;
