import { Injectable } from '@nestjs/common';
import type { Readable } from 'node:stream';
import type { JobBody, StepBody } from '../conversion/job-body.js';
import { OPERATIONS } from '../conversion/operations.js';
import { invalidRequest, Problem } from '../http/problem.js';
import type { ConvertQuery } from './dto/convert-query.dto.js';
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
  async begin(tenant: string, query: ConvertQuery, filename: string, bytes: Readable): Promise<WholeJob> {
    const job = await this.accept(tenant, toJobBody(query, filename));
    return this.uploads.receive(tenant, job.id, 'file', bytes, null);
  }

  private async accept(tenant: string, body: JobBody): Promise<WholeJob> {
    try {
      return await this.jobs.create(tenant, body);
    } catch (error) {
      if (error instanceof Problem && error.more.errors !== undefined) {
        const errors = error.more.errors.map(({ pointer, message }) => ({ pointer: toQueryPointer(pointer), message }));
        throw error.code === 'invalid_request' ? invalidRequest(errors) : new Problem(error.code, error.detail, { ...error.more, errors });
      }
      throw error;
    }
  }
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
