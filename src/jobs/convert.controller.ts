import { Controller, HttpCode, Post, Query, Req, Res, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiConsumes, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { KeyGuard } from '../accounts/key.guard.js';
import { Key, Tenant } from '../accounts/principal.js';
import { safeFilename } from '../conversion/filenames.js';
import { zipOf } from '../files/zip.js';
import { goneSignal } from '../http/gone-signal.js';
import { fingerprintOf, readIdempotencyKey } from '../http/idempotency-key.js';
import { Problem } from '../http/problem.js';
import { Problems } from '../http/problem.docs.js';
import { sendHeaders } from '../http/send-file.js';
import { cutWhenSilent } from '../http/silent-body.js';
import { readFilePart } from '../http/file-part.js';
import { ConvertService } from './convert.service.js';
import { ConvertQuery } from './dto/convert-query.dto.js';
import { JobView } from './dto/job.dto.js';
import type { Answer } from './idempotency-store.js';
import { IdempotencyService } from './idempotency.service.js';
import { failureOf } from './job-failure.js';
import { outputsOf } from './job-view.js';
import { JobsService } from './jobs.service.js';
import { Keyed } from './keyed.docs.js';
import { OutputService } from './output.service.js';
import type { WholeJob } from './rows.js';

@ApiTags('convert')
@ApiBearerAuth()
@UseGuards(KeyGuard)
@Controller('v1/convert')
export class ConvertController {
  constructor(
    private readonly converts: ConvertService,
    private readonly jobs: JobsService,
    private readonly outputs: OutputService,
    private readonly idempotency: IdempotencyService,
  ) {}

  @Post()
  @HttpCode(200)
  @ApiOperation({ summary: 'File in, file out', description: 'Converts one file and answers with the result (several results: a ZIP). Takes it longer than `wait`, the job is answered instead, and goes on.' })
  @Keyed()
  @ApiConsumes('multipart/form-data')
  @ApiBody({ description: 'The file, in the field "file".', schema: { type: 'object', required: ['file'], properties: { file: { type: 'string', format: 'binary', description: 'The file to convert.' } } } })
  @ApiResponse({ status: 200, description: 'The result.', content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } } })
  @ApiResponse({ status: 202, description: 'It takes longer: the job, whose address is in Location.', type: JobView })
  @Problems(401, 402, 409, 413, 415, 422, 502, 503, 504)
  async convert(@Tenant() tenant: string, @Key() apiKey: string, @Query() query: ConvertQuery, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const key = readIdempotencyKey(request.headers['idempotency-key']);
    const part = await readFilePart(request, 'file');
    cutWhenSilent(request, part.file);
    const filename = safeFilename(part.filename, 'file');
    const wait = (job: WholeJob): Promise<Answer> => this.answer(job, query.wait * 1000, goneSignal(request));
    try {
      const answer = key === null
        ? await wait(await this.converts.begin(tenant, query, filename, part.file, undefined, apiKey))
        : await this.idempotency.once({ tenant, key, fingerprint: fingerprintOf(request.method, request.url, { filename }) }, {
          first: async (claim) => wait(await this.converts.begin(tenant, query, filename, part.file, claim, apiKey)),
          resume: async (jobId) => wait(await this.converts.resume(tenant, jobId, part.file)),
          compare: (jobId) => this.converts.compare(tenant, jobId, part.file),
        });
      await this.give(tenant, answer, reply);
    } finally {
      // Who is still sending would not hear what is answered.
      part.file.resume();
    }
  }

  private async answer(job: WholeJob, waitMs: number, signal: AbortSignal): Promise<Answer> {
    const ended = await this.jobs.untilEnded(job.tenant, job.id, waitMs, signal);
    const known = { jobId: job.id, headers: { location: `/v1/jobs/${job.id}` }, body: null };
    if (ended === null) return { ...known, status: 202, body: this.jobs.view(await this.jobs.read(job.tenant, job.id)) };
    return { ...known, status: ended.status === 'completed' ? 200 : failureOf(ended).status };
  }

  private async give(tenant: string, { jobId, status, headers, body }: Answer, reply: FastifyReply): Promise<void> {
    void reply.headers(headers);
    if (body !== null) return void reply.status(status).send(body);
    const job = await this.jobs.read(tenant, jobId);
    if (job.status !== 'completed') throw failureOf(job);
    await this.send(tenant, job, reply);
  }

  private async send(tenant: string, job: WholeJob, reply: FastifyReply): Promise<void> {
    const files = await Promise.all(outputsOf(job).map(({ id }) => this.outputs.find(tenant, job.id, id)));
    const only = files[0];
    if (only === undefined) throw new Problem('output_invalid', 'The job ended without a result.', { status: 502 });
    if (files.length === 1) {
      return void reply.headers({ ...sendHeaders(only.file.filename, only.file.content_type), etag: only.etag, 'content-length': only.size }).send(only.open());
    }
    return void reply.headers(sendHeaders('results.zip', 'application/zip')).send(zipOf(files.map(({ file, open }) => ({ filename: file.filename, open }))));
  }
}
