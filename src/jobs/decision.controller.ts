import { Controller, Get, Param, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import { KeyGuard } from '../accounts/key.guard.js';
import { Tenant } from '../accounts/principal.js';
import { notFound } from '../http/problem.js';
import { Problems } from '../http/problem.docs.js';
import { DecisionStore } from './decision-store.js';
import { DecisionView } from './dto/quote.dto.js';
import { JobsService } from './jobs.service.js';

@ApiTags('jobs')
@ApiBearerAuth()
@UseGuards(KeyGuard)
@Controller('v1/jobs/:id/decision')
export class DecisionController {
  constructor(
    private readonly jobs: JobsService,
    private readonly decisions: DecisionStore,
  ) {}

  @Get()
  @ApiParam({ name: 'id', description: 'The job\'s id.' })
  @ApiOperation({ summary: 'Why the job runs where it runs', description: 'As it was decided when the job was taken; after a failover, as it was decided then for the steps that were left.' })
  @ApiResponse({ status: 200, description: 'The last decision.', type: DecisionView })
  @Problems(401, 404, 503)
  async read(@Tenant() tenant: string, @Param('id') id: string): Promise<DecisionView> {
    const job = await this.jobs.read(tenant, id);
    const decision = await this.decisions.last(job.id);
    if (decision === null) throw notFound('decision: the job is older than the keeping of decisions');
    return { ...decision, decidedAt: decision.decidedAt.toISOString() };
  }
}
