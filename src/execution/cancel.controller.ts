import { Controller, HttpCode, Param, Post, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import { KeyGuard } from '../accounts/key.guard.js';
import { Tenant } from '../accounts/principal.js';
import { UUID } from '../http/paging.js';
import { notFound } from '../http/problem.js';
import { Problems } from '../http/problem.docs.js';
import { JobView } from '../jobs/dto/job.dto.js';
import { JobsService } from '../jobs/jobs.service.js';
import { CancelService } from './cancel.service.js';

@ApiTags('jobs')
@ApiBearerAuth()
@UseGuards(KeyGuard)
@Controller('v1/jobs/:id/cancel')
export class CancelController {
  constructor(
    private readonly cancels: CancelService,
    private readonly jobs: JobsService,
  ) {}

  @Post()
  @HttpCode(202)
  @ApiParam({ name: 'id', description: 'The job\'s id.' })
  @ApiOperation({ summary: 'Cancel a job', description: 'Certain for the caller, best effort at the provider.' })
  @ApiResponse({ status: 202, description: 'The job, canceled.', type: JobView })
  @Problems(401, 404, 409, 503)
  async cancel(@Tenant() tenant: string, @Param('id') id: string): Promise<object> {
    if (!UUID.test(id)) throw notFound('job');
    await this.cancels.cancel(tenant, id);
    return this.jobs.view(await this.jobs.read(tenant, id));
  }
}
