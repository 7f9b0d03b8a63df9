import { Inject, Injectable } from '@nestjs/common';
import type { Readable } from 'node:stream';
import { v7 as uuidv7 } from 'uuid';
import { safeFilename } from '../conversion/filenames.js';
import { contentTypeOf } from '../files/kinds.js';
import { FileTooLarge, Staging, StagingTrouble, type StagedFile } from '../files/staging.js';
import { conflict, invalidRequest, notFound, Problem, unavailable } from '../http/problem.js';
import { databaseTrouble } from '../platform/database-trouble.js';
import { Database } from '../platform/database.js';
import { Env } from '../platform/env.js';
import { appendEvents } from './event-store.js';
import { JobStore } from './job-store.js';
import type { WholeJob } from './rows.js';

/** Receives the bytes of `upload` inputs, and queues the job once the last one is in. */
@Injectable()
export class UploadService {
  constructor(
    private readonly database: Database,
    private readonly store: JobStore,
    private readonly staging: Staging,
    @Inject(Env) private readonly env: Env,
  ) {}

  async receive(tenant: string, jobId: string, inputId: string, bytes: Readable, announced: number | null): Promise<WholeJob> {
    const promised = await this.expectUpload(tenant, jobId, inputId);
    const { MAX_UPLOAD_BYTES } = this.env.raw;
    if (announced !== null && announced > MAX_UPLOAD_BYTES) throw tooLarge(MAX_UPLOAD_BYTES);
    const staged = await this.stage(bytes, MAX_UPLOAD_BYTES);
    if (staged.size === 0) {
      await this.staging.remove(staged.path);
      throw invalidRequest([{ pointer: '', message: 'The body is empty; send the file\'s bytes.' }]);
    }
    if (promised !== null && promised !== staged.size) {
      await this.staging.remove(staged.path);
      throw invalidRequest([{ pointer: '', message: `The job announced ${promised} bytes for "${inputId}", and ${staged.size} came. Nothing was kept; send the file again.` }]);
    }
    const replaced = await this.attach(tenant, jobId, inputId, staged).catch(async (error: unknown) => {
      // A commit whose answer was lost may have been made: then these bytes are the job's.
      if (databaseTrouble(error) === null) await this.staging.remove(staged.path);
      throw error;
    });
    if (replaced !== null) await this.staging.remove(replaced);
    const job = await this.store.find(tenant, jobId);
    if (job === null) throw notFound('job');
    return job;
  }

  /** The size that the job announced for it, in bytes, or null. */
  private async expectUpload(tenant: string, jobId: string, inputId: string): Promise<number | null> {
    const job = await this.store.find(tenant, jobId);
    if (job === null) throw notFound('job');
    const input = job.inputs.find(({ id }) => id === inputId);
    if (input === undefined) throw notFound('input');
    if (input.type !== 'upload') throw conflict(`The input "${inputId}" is of type "${input.type}"; only uploads receive bytes.`);
    if (job.status !== 'awaiting_input') throw conflict(`The job is ${job.status}; its uploads can no longer be replaced.`);
    const asked = job.graph.inputs.find(({ id }) => id === inputId);
    return asked?.type === 'upload' ? (asked.size ?? null) : null;
  }

  private async stage(bytes: Readable, maxBytes: number): Promise<StagedFile> {
    try {
      return await this.staging.write(bytes, maxBytes);
    } catch (error) {
      if (error instanceof FileTooLarge) throw tooLarge(maxBytes);
      if (error instanceof StagingTrouble) throw unavailable(`${error.message} The upload was not taken; the job still waits for it.`, 30);
      if ((error as NodeJS.ErrnoException).code === 'ERR_STREAM_PREMATURE_CLOSE' || (error as NodeJS.ErrnoException).code === 'ECONNRESET') {
        throw new Problem('invalid_request', 'The upload broke off. Nothing was kept; send the file again.');
      }
      throw error;
    }
  }

  /** Returns the path of the file that was replaced, if there was one. */
  private async attach(tenant: string, jobId: string, inputId: string, staged: StagedFile): Promise<string | null> {
    return this.database.transaction(async (sql) => {
      const [job] = await sql.query<{ deadline: number }>(
        `SELECT (graph->'routing'->>'deadlineSeconds')::int AS deadline FROM job WHERE id = $1 AND tenant = $2 AND status = 'awaiting_input' FOR UPDATE`,
        [jobId, tenant],
      );
      if (job === undefined) throw conflict('The job is no longer waiting for uploads.');
      const [old] = await sql.query<{ filename: string | null; path: string | null; file_id: string | null }>(
        'SELECT i.filename, f.path, i.file_id FROM job_input i LEFT JOIN file f ON f.id = i.file_id WHERE i.job_id = $1 AND i.id = $2',
        [jobId, inputId],
      );
      const filename = safeFilename(old?.filename, inputId);
      const fileId = uuidv7();
      await sql.query(`INSERT INTO file (id, job_id, role, path, filename, content_type, size, sha256) VALUES ($1, $2, 'upload', $3, $4, $5, $6, $7)`, [
        fileId, jobId, staged.path, filename, contentTypeOf(filename), staged.size, staged.sha256,
      ]);
      await sql.query(`UPDATE job_input SET file_id = $3, status = 'ready' WHERE job_id = $1 AND id = $2`, [jobId, inputId, fileId]);
      if (old?.file_id != null) await sql.query('DELETE FROM file WHERE id = $1', [old.file_id]);
      const [queued] = await sql.query<{ id: string }>(
        `UPDATE job SET status = 'queued', queued_at = now(), deadline_at = now() + make_interval(secs => $2)
         WHERE id = $1 AND status = 'awaiting_input' AND NOT EXISTS (SELECT 1 FROM job_input WHERE job_id = $1 AND status = 'awaiting') RETURNING id`,
        [jobId, job.deadline],
      );
      appendEvents(sql, jobId, [
        { type: 'input.received', cause: 'caller', detail: { input: inputId, size: staged.size } },
        ...(queued === undefined ? [] : [{ type: 'job.queued', cause: 'caller' as const }]),
      ]);
      if (queued !== undefined) {
        await sql.query(`UPDATE stage SET status = 'active', due_at = now() WHERE job_id = $1 AND status = 'waiting' AND needs = '{}'`, [jobId]);
        sql.tell('conversion_due', '');
      }
      return old?.path ?? null;
    });
  }
}

const tooLarge = (maxBytes: number): Problem => new Problem('payload_too_large', `The file is larger than the ${maxBytes} bytes that are taken here (MAX_UPLOAD_BYTES).`);
