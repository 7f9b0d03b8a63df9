import { Controller, Get, Query, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { KeyGuard } from '../accounts/key.guard.js';
import { canonicalFormat } from '../conversion/formats.js';
import { OPERATIONS, type ParameterRule } from '../conversion/operations.js';
import { readCursor, toCursor } from '../http/paging.js';
import { Problems } from '../http/problem.docs.js';
import { Registry } from '../providers/registry.js';
import { FormatListView, ListFormatsQuery, OperationListView, type FormatPairView, type ParameterView } from './catalogue.dto.js';
import { offeredPairs, PAIR_POSITION, pairPosition, providersOf, type Offering } from './offerings.js';

/** What can be asked for, from what is known without asking the vendors. */
@ApiTags('catalogue')
@ApiBearerAuth()
@UseGuards(KeyGuard)
@Controller('v1')
export class CatalogueController {
  constructor(private readonly registry: Registry) {}

  @Get('formats')
  @ApiOperation({ summary: 'Conversions between formats', description: 'Every pair of formats that a configured provider offers to convert.' })
  @ApiResponse({ status: 200, description: 'A page of pairs.', type: FormatListView })
  @Problems(401, 422)
  formats(@Query() { from, to, limit, cursor }: ListFormatsQuery): FormatListView {
    const wish = { from: canonical(from), to: canonical(to), after: readCursor(cursor, PAIR_POSITION) };
    const page: FormatPairView[] = [];
    for (const pair of offeredPairs(this.offerings(), wish)) {
      const last = page.at(-1);
      if (last !== undefined && page.length === limit) return { data: page, nextCursor: toCursor(pairPosition(last)) };
      page.push({ ...pair, providers: [...pair.providers], verified: false });
    }
    return { data: page, nextCursor: null };
  }

  @Get('operations')
  @ApiOperation({ summary: 'Operations', description: 'What a step can do, with what parameters, and which of the configured providers do it.' })
  @ApiResponse({ status: 200, description: 'Every operation.', type: OperationListView })
  @Problems(401)
  operations(): OperationListView {
    const offerings = this.offerings();
    const data = [...OPERATIONS.values()].map((operation) => ({
      operation: operation.name,
      summary: operation.summary,
      parameters: Object.fromEntries(Object.entries(operation.parameters).map(([name, rule]) => [name, toParameterView(rule)])),
      providers: providersOf(operation, offerings).map((provider) => ({ provider, options: { type: 'object', additionalProperties: true }, credits: null })),
    }));
    return { data, nextCursor: null };
  }

  private offerings(): readonly Offering[] {
    return this.registry.all().map(({ id, guarded }) => ({ id, offers: (wish) => guarded.inner.offers(wish) }));
  }
}

const canonical = (format: string | undefined): string | undefined => (format === undefined ? undefined : canonicalFormat(format));

function toParameterView({ allowed, ...rule }: ParameterRule): ParameterView {
  return { ...rule, ...(allowed === undefined ? {} : { enum: allowed }) };
}
