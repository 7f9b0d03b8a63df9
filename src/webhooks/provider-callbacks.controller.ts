import { Controller, Get, HttpCode, Param, Post, Query, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import { KeyGuard } from '../accounts/key.guard.js';
import { readCursor, toCursor, UUID } from '../http/paging.js';
import { notFound } from '../http/problem.js';
import { Problems } from '../http/problem.docs.js';
import { Registry } from '../providers/registry.js';
import { CallbackStore, type CallbackRow } from './callback-store.js';
import { CallbackListView, ListCallbacksQuery, ReplayedCallbackView, type CallbackView } from './callback.dto.js';

/** For operators: what a provider's vendor called about, and once more the same. */
@ApiTags('callbacks')
@ApiBearerAuth()
@UseGuards(KeyGuard)
@Controller('v1/providers/:id/callbacks')
export class ProviderCallbacksController {
  constructor(
    private readonly registry: Registry,
    private readonly store: CallbackStore,
  ) {}

  @Get()
  @ApiParam({ name: 'id', description: 'The provider.' })
  @ApiOperation({ summary: 'Callbacks of a provider, newest first', description: 'What was kept of them. Copies of a body that had come before are counted, and not kept.' })
  @ApiResponse({ status: 200, description: 'A page of callbacks.', type: CallbackListView })
  @Problems(401, 404, 422, 503)
  async list(@Param('id') id: string, @Query() { outcome, attempt, limit, cursor }: ListCallbacksQuery): Promise<CallbackListView> {
    this.requireProvider(id);
    const found = await this.store.list({ provider: id, outcome, attempt, before: readCursor(cursor, UUID), limit: limit + 1 });
    const page = found.slice(0, limit);
    return { data: page.map(toView), nextCursor: found.length > limit ? toCursor(page.at(-1)?.id ?? '') : null };
  }

  @Post(':callbackId/replay')
  @HttpCode(202)
  @ApiParam({ name: 'id', description: 'The provider.' })
  @ApiParam({ name: 'callbackId', description: 'The callback.' })
  @ApiOperation({ summary: 'Replay a callback', description: 'It is taken in as if it had just come: a job that was not known is looked for again, and its attempt is looked at, by the body where that was proven, else by asking the provider. Of an attempt that has ended nothing changes.' })
  @ApiResponse({ status: 202, description: 'The callback, and what came of it.', type: ReplayedCallbackView })
  @Problems(401, 404, 503)
  async replay(@Param('id') id: string, @Param('callbackId') callbackId: string): Promise<ReplayedCallbackView> {
    this.requireProvider(id);
    const replayed = UUID.test(callbackId) ? await this.store.replay(id, callbackId) : null;
    if (replayed === null) throw notFound('callback');
    return { ...toView(replayed.row), effect: replayed.effect };
  }

  private requireProvider(id: string): void {
    if (this.registry.find(id) === null) throw notFound('provider');
  }
}

function toView(row: CallbackRow): CallbackView {
  return {
    id: row.id, provider: row.provider, attemptId: row.attempt_id, jobId: row.provider_job_id, outcome: row.outcome, receivedAt: row.received_at.toISOString(),
    body: row.body, replayedAt: row.replayed_at?.toISOString() ?? null,
  };
}
