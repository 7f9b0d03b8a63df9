import { Body, Controller, Headers, HttpCode, Param, Post, Req, Res, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { KeyGuard } from '../accounts/key.guard.js';
import { Key, Tenant } from '../accounts/principal.js';
import { fingerprintOf, readIdempotencyKey } from '../http/idempotency-key.js';
import { Problems } from '../http/problem.docs.js';
import { JobView } from './dto/job.dto.js';
import { readRetryRequest, RetryRequestDto } from './dto/retry-request.dto.js';
import type { Answer } from './idempotency-store.js';
import { IdempotencyService } from './idempotency.service.js';
import { JobsService } from './jobs.service.js';
import { Keyed, REPLAYED } from './keyed.docs.js';
import { RetryService } from './retry.service.js';
import type { WholeJob } from './rows.js';

@ApiTags('jobs')
@ApiBearerAuth()
@UseGuards(KeyGuard)
@Controller('v1/jobs/:id/retry')
export class RetryController {
  constructor(
    private readonly jobs: JobsService,
    private readonly retries: RetryService,
    private readonly idempotency: IdempotencyService,
  ) {}

  @Post()
  @HttpCode(202)
  @ApiParam({ name: 'id', description: 'The id of a job that has ended.' })
  @ApiOperation({ summary: 'Retry a job', description: 'A new job from an ended one. Steps whose results are still kept are not run again.' })
  @Keyed()
  @ApiBody({ type: RetryRequestDto, required: false })
  @ApiResponse({ status: 202, description: 'The new job; `retryOf` names the old one.', type: JobView, headers: { Location: { description: 'The job\'s address.', schema: { type: 'string' } }, ...REPLAYED } })
  @Problems(400, 401, 402, 404, 409, 415, 422, 503)
  async retry(
    @Tenant() tenant: string,
    @Key() apiKey: string,
    @Param('id') id: string,
    @Body() body: unknown,
    @Headers() headers: Record<string, string | undefined>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    const key = readIdempotencyKey(headers['idempotency-key']);
    const credentials = readRetryRequest(body);
    const old = await this.jobs.read(tenant, id);
    const accepted = (job: WholeJob): Answer => ({ jobId: job.id, status: 202, headers: { location: `/v1/jobs/${job.id}` }, body: this.jobs.view(job) });
    const answer = key === null
      ? accepted(await this.retries.retry(old, credentials, undefined, apiKey))
      : await this.idempotency.once({ tenant, key, fingerprint: fingerprintOf(request.method, request.url, request.body) }, {
          first: async (claim) => accepted(await this.retries.retry(old, credentials, claim, apiKey)),
          resume: async (jobId) => accepted(await this.jobs.read(tenant, jobId)),
        });
    void reply.status(answer.status).headers(answer.headers);
    return answer.body ?? {};
  }
}
