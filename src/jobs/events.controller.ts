import { Controller, Get, Headers, Param, Query, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import { KeyGuard } from '../accounts/key.guard.js';
import { Tenant } from '../accounts/principal.js';
import { readCursor, toCursor } from '../http/paging.js';
import { invalidRequest } from '../http/problem.js';
import { Problems } from '../http/problem.docs.js';
import { Database } from '../platform/database.js';
import { EventListView } from './dto/job.dto.js';
import { ListEventsQuery } from './dto/list-query.dto.js';
import { readEvents } from './event-store.js';
import { JobsService } from './jobs.service.js';

@ApiTags('jobs')
@ApiBearerAuth()
@UseGuards(KeyGuard)
@Controller('v1/jobs/:id/events')
export class EventsController {
  constructor(
    private readonly jobs: JobsService,
    private readonly database: Database,
  ) {}

  @Get()
  @ApiParam({ name: 'id', description: 'The job\'s id.' })
  @ApiOperation({ summary: 'The job\'s timeline, oldest first' })
  @ApiResponse({ status: 200, description: 'A page of events.', type: EventListView })
  @Problems(401, 404, 422, 503)
  async list(@Tenant() tenant: string, @Param('id') id: string, @Query() query: ListEventsQuery, @Headers('accept') accept: string | undefined): Promise<object> {
    if (accept?.includes('text/event-stream') === true) throw invalidRequest([{ pointer: '/headers/accept', message: 'The live stream is not supported yet; read the events as JSON.' }]);
    const job = await this.jobs.read(tenant, id);
    const after = Number(readCursor(query.cursor, /^\d{1,9}$/) ?? 0);
    const rows = await readEvents(this.database, job.id, after, query.limit + 1);
    const page = rows.slice(0, query.limit);
    return {
      data: page.map(({ at, ...event }) => ({ ...event, at: at.toISOString() })),
      nextCursor: rows.length > query.limit ? toCursor(String(page.at(-1)?.sequence)) : null,
    };
  }
}
