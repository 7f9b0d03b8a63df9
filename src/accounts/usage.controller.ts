import { Controller, Get, Query, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { Problems } from '../http/problem.docs.js';
import { KeyGuard } from './key.guard.js';
import { Caller, reachOf, type Principal } from './principal.js';
import { readGroups, UsageListView, UsageQuery } from './usage.dto.js';
import { UsageStore } from './usage-store.js';

@ApiTags('usage')
@ApiBearerAuth()
@UseGuards(KeyGuard)
@Controller('v1/usage')
export class UsageController {
  constructor(private readonly store: UsageStore) {}

  @Get()
  @ApiOperation({ summary: 'What was spent', description: 'As the ledger tells it: every attempt that ended, by what is asked for. Of all tenants for a key with the scope `admin`, of its own for any other.' })
  @ApiResponse({ status: 200, description: 'The sums.', type: UsageListView })
  @Problems(401, 422, 503)
  async read(@Caller() caller: Principal, @Query() { groupBy, from, to, tenant }: UsageQuery): Promise<UsageListView> {
    const time = (text: string | undefined): Date | null => (text === undefined ? null : new Date(text));
    const groups = groupBy === undefined ? [] : readGroups(groupBy);
    return { data: await this.store.read({ groups, tenant: reachOf(caller, tenant ?? null), from: time(from), to: time(to) }), nextCursor: null };
  }
}
