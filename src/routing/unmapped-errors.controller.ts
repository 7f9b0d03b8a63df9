import { Controller, Get, Param, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import { KeyGuard } from '../accounts/key.guard.js';
import { notFound } from '../http/problem.js';
import { Problems } from '../http/problem.docs.js';
import { Registry } from '../providers/registry.js';
import { UnmappedErrorListView } from './unmapped-error.dto.js';
import { UnmappedErrors } from './unmapped-errors.js';

/** For operators: what a vendor says that nobody understands. */
@ApiTags('providers')
@ApiBearerAuth()
@UseGuards(KeyGuard)
@Controller('v1/providers/:id/unmapped-errors')
export class UnmappedErrorsController {
  constructor(
    private readonly registry: Registry,
    private readonly errors: UnmappedErrors,
  ) {}

  @Get()
  @ApiParam({ name: 'id', description: 'The provider.' })
  @ApiOperation({ summary: 'Errors of a provider that are not understood', description: 'By the vendor\'s own code, with an example of each. `errors` of the account in `PROVIDERS_FILE` says what a code means.' })
  @ApiResponse({ status: 200, description: 'All of them.', type: UnmappedErrorListView })
  @Problems(401, 404, 503)
  async list(@Param('id') id: string): Promise<UnmappedErrorListView> {
    const entry = this.registry.find(id);
    if (entry === null) throw notFound('provider');
    const said = new Map(Object.entries(entry.config.errors ?? {}));
    const data = (await this.errors.of(id)).map(({ code, kind, count, message, firstAt, lastAt, jobId, attemptId }) => ({
      code, kind, mappedTo: said.get(code ?? '') ?? null, count, firstSeenAt: firstAt.toISOString(), lastSeenAt: lastAt.toISOString(), message, example: { jobId, attemptId },
    }));
    return { data, nextCursor: null };
  }
}
