import { Controller, HttpCode, Post, Query, Req, Res, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiConsumes, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { KeyGuard } from '../accounts/key.guard.js';
import { Tenant } from '../accounts/principal.js';
import { safeFilename } from '../conversion/filenames.js';
import { zipOf } from '../files/zip.js';
import { goneSignal } from '../http/gone-signal.js';
import { refuseIdempotencyKey } from '../http/idempotency-key.js';
import { Problem } from '../http/problem.js';
import { Problems } from '../http/problem.docs.js';
import { sendHeaders } from '../http/send-file.js';
import { readFilePart } from '../http/file-part.js';
import { ConvertService } from './convert.service.js';
import { ConvertQuery } from './dto/convert-query.dto.js';
import { JobView } from './dto/job.dto.js';
import { failureOf } from './job-failure.js';
import { outputsOf } from './job-view.js';
import { JobsService } from './jobs.service.js';
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
  ) {}

  @Post()
  @HttpCode(200)
  @ApiOperation({ summary: 'File in, file out', description: 'Converts one file and answers with the result (several results: a ZIP). Takes it longer than `wait`, the job is answered instead, and goes on.' })
  @ApiConsumes('multipart/form-data')
  @ApiBody({ description: 'The file, in the field "file".', schema: { type: 'object', required: ['file'], properties: { file: { type: 'string', format: 'binary', description: 'The file to convert.' } } } })
  @ApiResponse({ status: 200, description: 'The result.', content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } } })
  @ApiResponse({ status: 202, description: 'It takes longer: the job, whose address is in Location.', type: JobView })
  @Problems(401, 409, 413, 415, 422, 502, 503, 504)
  async convert(@Tenant() tenant: string, @Query() query: ConvertQuery, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    refuseIdempotencyKey(request.headers['idempotency-key']);
    const part = await readFilePart(request, 'file');
    const job = await this.converts.begin(tenant, query, safeFilename(part.filename, 'file'), part.file);
    void reply.header('location', `/v1/jobs/${job.id}`);
    const ended = await this.jobs.untilEnded(tenant, job.id, query.wait * 1000, goneSignal(request));
    if (ended === null) return void reply.status(202).send(this.jobs.view(await this.jobs.read(tenant, job.id)));
    if (ended.status !== 'completed') throw failureOf(ended);
    await this.send(tenant, ended, reply);
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
