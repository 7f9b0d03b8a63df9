import { Readable } from 'node:stream';
import { Controller, Get, Headers, Param, Query, Req, Res, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiExtraModels, ApiHeader, ApiOperation, ApiParam, ApiResponse, ApiTags, getSchemaPath } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { KeyGuard } from '../accounts/key.guard.js';
import { Tenant } from '../accounts/principal.js';
import { noSuchEvent, readLastEventId, wantsEventStream } from '../http/event-stream-wish.js';
import { goneSignal } from '../http/gone-signal.js';
import { readCursor, toCursor } from '../http/paging.js';
import { invalidRequest, unavailable } from '../http/problem.js';
import { Problems } from '../http/problem.docs.js';
import { Database } from '../platform/database.js';
import { EventListView } from './dto/job.dto.js';
import { ListEventsQuery } from './dto/list-query.dto.js';
import { EventFeed } from './event-feed.js';
import { readEvents, toEventView } from './event-store.js';
import { eventStream } from './event-stream.js';
import { JobsService } from './jobs.service.js';

const PAGE = 100;
const ABOUT =
  'With `Accept: text/event-stream` the same events come as they happen: `id` is the sequence, `event` the type, `data` the event as in the list. `Last-Event-ID` goes on behind that event, whichever replica is asked. '
  + 'The stream ends by itself once the job has ended and its last event was sent; a reader that comes again behind it is answered `204`, which tells an EventSource to stay away.';
const STREAM_HEADERS = { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no', vary: 'accept' } as const;

@ApiTags('jobs')
@ApiExtraModels(EventListView)
@ApiBearerAuth()
@UseGuards(KeyGuard)
@Controller('v1/jobs/:id/events')
export class EventsController {
  constructor(
    private readonly jobs: JobsService,
    private readonly database: Database,
    private readonly feed: EventFeed,
  ) {}

  @Get()
  @ApiParam({ name: 'id', description: 'The job\'s id.' })
  @ApiHeader({ name: 'Last-Event-ID', required: false, description: 'With the stream: the last event that was seen.', schema: { type: 'integer', minimum: 0 } })
  @ApiOperation({ summary: 'The job\'s timeline, oldest first, or live', description: ABOUT })
  @ApiResponse({
    status: 200,
    description: 'A page of events, or the stream.',
    content: { 'application/json': { schema: { $ref: getSchemaPath(EventListView) } }, 'text/event-stream': { schema: { type: 'string', example: 'id: 4\nevent: job.processing\ndata: {"sequence":4,"type":"job.processing","at":"…","cause":"timer","detail":{}}\n\n' } } },
  })
  @ApiResponse({ status: 204, description: 'With the stream and Last-Event-ID: the job has ended, and that was its last event.' })
  @Problems(401, 404, 422, 503)
  async list(
    @Tenant() tenant: string,
    @Param('id') id: string,
    @Query() query: ListEventsQuery,
    @Headers() headers: Record<string, string | undefined>,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const job = await this.jobs.read(tenant, id);
    void reply.header('vary', 'accept');
    if (wantsEventStream(headers['accept'])) return this.stream(job.id, headers['last-event-id'], request, reply);
    const after = Number(readCursor(query.cursor, /^\d{1,9}$/) ?? 0);
    const found = (await readEvents(this.database, job.id, after, query.limit + 1))?.events ?? [];
    const page = found.slice(0, query.limit);
    return void reply.send({ data: page.map(toEventView), nextCursor: found.length > query.limit ? toCursor(String(page.at(-1)?.sequence)) : null });
  }

  private async stream(jobId: string, lastEventId: string | undefined, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const paged = ['cursor', 'limit'].find((name) => name in (request.query as object));
    if (paged !== undefined) throw invalidRequest([{ pointer: `/${paged}`, message: 'The stream has no pages; Last-Event-ID says where it goes on.' }]);
    const after = readLastEventId(lastEventId);
    const state = await readEvents(this.database, jobId, after, 1);
    if (state !== null && after > state.last) throw noSuchEvent(`The job has ${state.last} events so far.`);
    if (after > 0 && (state === null || (state.ended && state.events.length === 0))) return void reply.status(204).send();
    // A HEAD route of Fastify's would read the stream to its end.
    if (request.method === 'HEAD') return void reply.headers(STREAM_HEADERS).send();
    const watch = this.feed.watch(jobId);
    if (watch.closed) throw unavailable('The service is stopping.');
    void reply.headers(STREAM_HEADERS);
    // A reader that is gone is waited for no longer.
    const gone = goneSignal(request);
    const close = (): void => watch.close();
    gone.addEventListener('abort', close, { once: true });
    reply.raw.once('close', () => {
      close();
      gone.removeEventListener('abort', close);
    });
    if (gone.aborted) close();
    const text = eventStream({ read: (behind) => readEvents(this.database, jobId, behind, PAGE), watch, after, stalled: () => reply.raw.destroy() });
    return void reply.send(Readable.from(text));
  }
}
