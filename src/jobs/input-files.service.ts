import { Injectable } from '@nestjs/common';
import { Readable } from 'node:stream';
import { v7 as uuidv7 } from 'uuid';
import type { FieldError } from '../conversion/job-body.js';
import type { JobGraph } from '../conversion/job-graph.js';
import { contentTypeOf } from '../files/kinds.js';
import { Staging, StagingTrouble } from '../files/staging.js';
import { unavailable } from '../http/problem.js';
import { Database } from '../platform/database.js';
import type { NewFile } from './new-job.js';

/** An output of an earlier job that a new one takes in. */
export interface FoundOutput {
  readonly path: string;
  readonly filename: string;
  readonly contentType: string;
  readonly size: number;
  readonly sha256: string;
}

/** The files that a job has from its first moment: those that came inside its body, and outputs of earlier jobs. */
@Injectable()
export class InputFilesService {
  constructor(
    private readonly database: Database,
    private readonly staging: Staging,
  ) {}

  /** The outputs that inputs name, by input id; another tenant's are not there. */
  async find(tenant: string, graph: JobGraph): Promise<{ readonly found: ReadonlyMap<string, FoundOutput>; readonly errors: readonly FieldError[] }> {
    const found = new Map<string, FoundOutput>();
    const errors: FieldError[] = [];
    for (const [index, input] of graph.inputs.entries()) {
      if (input.type !== 'job-output') continue;
      const [row] = await this.database.query<FoundOutput & { readonly gone: boolean }>(
        `SELECT f.path, f.filename, f.content_type AS "contentType", f.size::float8 AS size, f.sha256, f.path IS NULL OR f.erased_at IS NOT NULL OR coalesce(f.expires_at < now(), false) AS gone
         FROM file f JOIN job j ON j.id = f.job_id WHERE f.id = $1 AND j.id = $2 AND j.tenant = $3 AND f.is_output`,
        [input.outputId, input.jobId, tenant],
      );
      if (row === undefined) errors.push({ pointer: `/inputs/${index}/outputId`, message: `The job ${input.jobId} has no such output.` });
      else if (row.gone) errors.push({ pointer: `/inputs/${index}/outputId`, message: 'The output is no longer kept; its retention is over.' });
      else found.set(input.id, row);
    }
    return { found, errors };
  }

  /** Keeps the bytes as files of the new job, so that every provider after the first can have them too, and whatever becomes of the earlier job. */
  async keep(graph: JobGraph, found: ReadonlyMap<string, FoundOutput>): Promise<ReadonlyMap<string, NewFile>> {
    const files = new Map<string, NewFile>();
    try {
      for (const input of graph.inputs) {
        const output = found.get(input.id);
        if (output !== undefined) files.set(input.id, { ...output, id: uuidv7(), path: await this.staging.duplicate(output.path) });
        if (input.type !== 'base64') continue;
        const filename = input.filename ?? input.id;
        const staged = await this.staging.write(Readable.from([Buffer.from(input.data, 'base64')]), Number.MAX_SAFE_INTEGER);
        files.set(input.id, { id: uuidv7(), path: staged.path, filename, contentType: contentTypeOf(filename), size: staged.size, sha256: staged.sha256 });
      }
    } catch (error) {
      await this.drop(files);
      if (error instanceof StagingTrouble) throw unavailable(`${error.message} The job was not taken; send it again.`, 30);
      throw error;
    }
    return files;
  }

  async drop(files: ReadonlyMap<string, NewFile>): Promise<void> {
    await Promise.all([...files.values()].map(({ path }) => this.staging.remove(path)));
  }
}

/** What is known of such an input only once its output was found: its name, and by that its format. */
export function withNames(graph: JobGraph, found: ReadonlyMap<string, FoundOutput>): JobGraph {
  if (found.size === 0) return graph;
  return { ...graph, inputs: graph.inputs.map((input) => (input.type === 'job-output' ? { ...input, filename: found.get(input.id)?.filename ?? input.id } : input)) };
}
