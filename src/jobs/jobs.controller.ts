import { Body, Controller, Get, Headers, HttpCode, Param, Post, Query, Req, Res, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiHeader, ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { KeyGuard } from '../accounts/key.guard.js';
import { Key, Tenant } from '../accounts/principal.js';
import { goneSignal } from '../http/gone-signal.js';
import { readPreferWait } from '../http/prefer.js';
import { fingerprintOf, readIdempotencyKey } from '../http/idempotency-key.js';
import { Problems } from '../http/problem.docs.js';
import { JobListView, JobView } from './dto/job.dto.js';
import { JOB_EXAMPLES } from './dto/job-examples.js';
import { JobRequestDto } from './dto/job-request.dto.js';
import { ListJobsQuery } from './dto/list-query.dto.js';
import type { Answer } from './idempotency-store.js';
import { IdempotencyService, type KeyedWork } from './idempotency.service.js';
import { JobsService } from './jobs.service.js';
import { Keyed, REPLAYED } from './keyed.docs.js';
import type { WholeJob } from './rows.js';

@ApiTags('jobs')
@ApiBearerAuth()
@UseGuards(KeyGuard)
@Controller('v1/jobs')
export class JobsController {
  constructor(
    private readonly jobs: JobsService,
    private readonly idempotency: IdempotencyService,
  ) {}

  @Post()
  @HttpCode(202)
  @ApiOperation({ summary: 'Send a job', description: 'Takes the job in and answers at once; with `Prefer: wait=N` after the job ended, or after N seconds.' })
  @Keyed()
  @ApiHeader({ name: 'Prefer', required: false, description: 'wait=N: wait up to N seconds (1 to 60) for the job\'s end.', schema: { type: 'string', example: 'wait=20' } })
  @ApiBody({ type: JobRequestDto, examples: JOB_EXAMPLES })
  @ApiResponse({ status: 202, description: 'The job is taken; its address is in Location.', type: JobView, headers: { Location: { description: 'The job\'s address.', schema: { type: 'string' } }, ...REPLAYED } })
  @ApiResponse({ status: 200, description: 'With Prefer: the job, which ended in time.', type: JobView })
  @Problems(400, 401, 402, 409, 413, 415, 422, 503)
  async create(
    @Tenant() tenant: string,
    @Key() apiKey: string,
    @Body() body: JobRequestDto,
    @Headers() headers: Record<string, string | undefined>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    const key = readIdempotencyKey(headers['idempotency-key']);
    const waitMs = readPreferWait(headers['prefer']);
    const finish = (job: WholeJob): Promise<Answer> => this.answer(job, waitMs, goneSignal(request));
    const work: KeyedWork = {
      first: async (claim) => finish(await this.jobs.create(tenant, body, claim, apiKey)),
      resume: async (jobId) => finish(await this.jobs.read(tenant, jobId)),
      ...(waitMs === 0 ? { atOnce: (job) => this.accepted(job) } : {}),
    };
    const answer = key === null ? await finish(await this.jobs.create(tenant, body, undefined, apiKey)) : await this.idempotency.once({ tenant, key, fingerprint: fingerprintOf(request.method, request.url, request.body) }, work);
    void reply.status(answer.status).headers(answer.headers);
    return answer.body ?? {};
  }

  private async answer(job: WholeJob, waitMs: number, signal: AbortSignal): Promise<Answer> {
    if (waitMs === 0) return this.accepted(job);
    const ended = await this.jobs.untilEnded(job.tenant, job.id, waitMs, signal);
    const { headers, body } = this.accepted(ended ?? (await this.jobs.read(job.tenant, job.id)));
    return { jobId: job.id, status: ended === null ? 202 : 200, headers: { ...headers, 'preference-applied': 'wait' }, body };
  }

  private accepted(job: WholeJob): Answer {
    return { jobId: job.id, status: 202, headers: { location: `/v1/jobs/${job.id}` }, body: this.jobs.view(job) };
  }

  @Get()
  @ApiOperation({ summary: 'List jobs, newest first' })
  @ApiResponse({ status: 200, description: 'A page of jobs.', type: JobListView })
  @Problems(401, 422, 503)
  async list(@Tenant() tenant: string, @Query() query: ListJobsQuery): Promise<object> {
    return this.jobs.list(tenant, query);
  }

  @Get(':id')
  @ApiParam({ name: 'id', description: 'The job\'s id.' })
  @ApiOperation({ summary: 'Read a job' })
  @ApiResponse({ status: 200, description: 'The job.', type: JobView })
  @Problems(401, 404, 503)
  async read(@Tenant() tenant: string, @Param('id') id: string): Promise<object> {
    return this.jobs.view(await this.jobs.read(tenant, id));
  }
}
