import { Injectable } from '@nestjs/common';
import type { Readable } from 'node:stream';
import type { JobBody, StepBody } from '../conversion/job-body.js';
import { OPERATIONS } from '../conversion/operations.js';
import { sha256Of } from '../files/sha256.js';
import { invalidRequest, Problem } from '../http/problem.js';
import type { ConvertQuery } from './dto/convert-query.dto.js';
import type { Claim } from './idempotency-claim.js';
import { mismatch } from './idempotency.service.js';
import { JobsService } from './jobs.service.js';
import type { WholeJob } from './rows.js';
import { UploadService } from './upload.service.js';

/** `POST /v1/convert`: one file in, one step, the result out. */
@Injectable()
export class ConvertService {
  constructor(
    private readonly jobs: JobsService,
    private readonly uploads: UploadService,
  ) {}

  /** The job with its file in: queued. */
  async begin(tenant: string, query: ConvertQuery, filename: string, bytes: Readable, claim?: Claim, key?: string): Promise<WholeJob> {
    const job = await this.accept(tenant, toJobBody(query, filename), claim, key);
    return this.uploads.receive(tenant, job.id, 'file', bytes, null);
  }

  /** The job of an earlier, equal request that did not live to answer: its file is taken if it has none, and must be the same if it has. */
  async resume(tenant: string, jobId: string, bytes: Readable): Promise<WholeJob> {
    const job = await this.jobs.read(tenant, jobId);
    if (job.status === 'awaiting_input') return this.uploads.receive(tenant, jobId, 'file', bytes, null);
    await requireSameFile(job, bytes);
    return job;
  }

  /** Throws `idempotency_mismatch` where the job was made of another file. */
  async compare(tenant: string, jobId: string, bytes: Readable): Promise<void> {
    await requireSameFile(await this.jobs.read(tenant, jobId), bytes);
  }

  private async accept(tenant: string, body: JobBody, claim: Claim | undefined, key: string | undefined): Promise<WholeJob> {
    try {
      return await this.jobs.create(tenant, body, claim, key);
    } catch (error) {
      if (error instanceof Problem && error.more.errors !== undefined) {
        const errors = error.more.errors.map(({ pointer, message }) => ({ pointer: toQueryPointer(pointer), message }));
        throw error.code === 'invalid_request' ? invalidRequest(errors) : new Problem(error.code, error.detail, { ...error.more, errors });
      }
      throw error;
    }
  }
}

async function requireSameFile({ inputs, files }: WholeJob, bytes: Readable): Promise<void> {
  const file = files.find(({ id }) => id === inputs[0]?.file_id);
  // A job that ended before its file came is answered as it is, whatever comes now.
  if (file === undefined) return void bytes.resume();
  if ((await sha256Of(bytes, Number(file.size))) !== file.sha256) throw mismatch();
}

function toJobBody(query: ConvertQuery, filename: string): JobBody {
  const given = readOptions(query.options);
  const known = OPERATIONS.get(query.operation)?.parameters ?? {};
  const parameters = Object.fromEntries(Object.entries(given).filter(([name]) => Object.hasOwn(known, name)));
  const options = Object.fromEntries(Object.entries(given).filter(([name]) => !Object.hasOwn(known, name)));
  for (const [name, value] of Object.entries(parameters)) {
    const type = known[name]?.type === 'integer' ? 'number' : 'string';
    if (typeof value !== type) throw invalidRequest([{ pointer: '/options', message: `"${name}" must be a ${type}.` }]);
  }
  const step: StepBody = { operation: query.operation, ...(parameters as Partial<StepBody>), ...(query.to === undefined ? {} : { to: query.to }), options };
  return { inputs: [{ id: 'file', type: 'upload', filename }], steps: [step] };
}

function readOptions(text: string | undefined): Record<string, unknown> {
  if (text === undefined) return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Told below: it is no JSON object either way.
  }
  throw invalidRequest([{ pointer: '/options', message: 'Must be a JSON object, such as {"quality":80}.' }]);
}

/** A complaint about the job that was made of the query, told of the query: which files a step takes follows from its operation alone. */
function toQueryPointer(pointer: string): string {
  const field = /^\/steps\/0\/(\w+)/.exec(pointer)?.[1];
  if (field === 'inputs') return '/operation';
  return field === 'to' || field === 'operation' ? `/${field}` : field === undefined ? pointer : '/options';
}
