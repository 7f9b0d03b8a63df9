import { Body, Controller, Get, Headers, HttpCode, Param, Post, Query, Req, Res, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiHeader, ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { KeyGuard } from '../accounts/key.guard.js';
import { Tenant } from '../accounts/principal.js';
import { goneSignal } from '../http/gone-signal.js';
import { readPreferWait } from '../http/prefer.js';
import { refuseIdempotencyKey } from '../http/idempotency-key.js';
import { Problems } from '../http/problem.docs.js';
import { JobListView, JobView } from './dto/job.dto.js';
import { JOB_EXAMPLES } from './dto/job-examples.js';
import { JobRequestDto } from './dto/job-request.dto.js';
import { ListJobsQuery } from './dto/list-query.dto.js';
import { JobsService } from './jobs.service.js';

@ApiTags('jobs')
@ApiBearerAuth()
@UseGuards(KeyGuard)
@Controller('v1/jobs')
export class JobsController {
  constructor(private readonly jobs: JobsService) {}

  @Post()
  @HttpCode(202)
  @ApiOperation({ summary: 'Send a job', description: 'Takes the job in and answers at once; with `Prefer: wait=N` after the job ended, or after N seconds.' })
  @ApiHeader({ name: 'Prefer', required: false, description: 'wait=N: wait up to N seconds (1 to 60) for the job\'s end.', schema: { type: 'string', example: 'wait=20' } })
  @ApiBody({ type: JobRequestDto, examples: JOB_EXAMPLES })
  @ApiResponse({ status: 202, description: 'The job is taken; its address is in Location.', type: JobView, headers: { Location: { description: 'The job\'s address.', schema: { type: 'string' } } } })
  @ApiResponse({ status: 200, description: 'With Prefer: the job, which ended in time.', type: JobView })
  @Problems(400, 401, 413, 415, 422, 503)
  async create(
    @Tenant() tenant: string,
    @Body() body: JobRequestDto,
    @Headers() headers: Record<string, string | undefined>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    refuseIdempotencyKey(headers['idempotency-key']);
    const waitMs = readPreferWait(headers['prefer']);
    const job = await this.jobs.create(tenant, body);
    const ended = waitMs === 0 ? null : await this.jobs.untilEnded(tenant, job.id, waitMs, goneSignal(request));
    void reply.header('location', `/v1/jobs/${job.id}`).status(ended === null ? 202 : 200);
    if (waitMs > 0) void reply.header('preference-applied', 'wait');
    return this.jobs.view(ended ?? (waitMs > 0 ? await this.jobs.read(tenant, job.id) : job));
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
