import { Controller, Get, Query, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { KeyGuard } from '../accounts/key.guard.js';
import { OPEN_OPTIONS } from '../conversion/catalogue.js';
import { canonicalFormat } from '../conversion/formats.js';
import { OPERATIONS, type ParameterRule } from '../conversion/operations.js';
import { readCursor, toCursor } from '../http/paging.js';
import { Problems } from '../http/problem.docs.js';
import { Registry } from '../providers/registry.js';
import { creditsOf, isVerified, optionsSchema } from './catalogue-view.js';
import { CatalogueViews } from './catalogue-views.js';
import { FormatListView, ListFormatsQuery, ListOperationsQuery, OperationListView, type FormatPairView, type OperationProviderView, type ParameterView } from './catalogue.dto.js';
import { lossesAt, withUnified } from './option-mapping.js';
import { offeredPairs, PAIR_POSITION, pairPosition, providersOf, type Offering, type OperationWish } from './offerings.js';

/** What can be asked for, by the vendors' catalogues as they were last read. */
@ApiTags('catalogue')
@ApiBearerAuth()
@UseGuards(KeyGuard)
@Controller('v1')
export class CatalogueController {
  constructor(
    private readonly registry: Registry,
    private readonly views: CatalogueViews,
  ) {}

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
      page.push({ ...pair, providers: [...pair.providers], verified: pair.providers.some((id) => isVerified(this.views.of(id), 'convert', pair.from, pair.to)) });
    }
    return { data: page, nextCursor: null };
  }

  @Get('operations')
  @ApiOperation({ summary: 'Operations', description: 'What a step can do, with what parameters, and which of the configured providers do it.' })
  @ApiResponse({ status: 200, description: 'Every operation.', type: OperationListView })
  @Problems(401, 422)
  operations(@Query() { operation, from, to }: ListOperationsQuery): OperationListView {
    const offerings = this.offerings();
    const wish = { from: canonical(from) ?? null, to: canonical(to) ?? null };
    const data = [...OPERATIONS.values()].filter(({ name }) => operation === undefined || name === operation).map((known) => ({
      operation: known.name,
      summary: known.summary,
      parameters: Object.fromEntries(Object.entries(known.parameters).map(([name, rule]) => [name, toParameterView(rule)])),
      providers: providersOf(known, offerings, wish).map((provider) => this.toProviderView(provider, known.name, wish)),
    }));
    return { data, nextCursor: null };
  }

  private toProviderView(provider: string, operation: string, { from, to }: OperationWish): OperationProviderView {
    const view = this.views.of(provider);
    const { row } = this.registry.find(provider)?.guarded.inner.options ?? { row: () => null };
    const options = withUnified(optionsSchema(view, operation, to, from) ?? OPEN_OPTIONS, operation, row);
    return { provider, options, credits: creditsOf(view, operation, to, from), losses: lossesAt(operation, row) };
  }

  private offerings(): readonly Offering[] {
    return this.registry.all().map((entry) => ({ id: entry.id, offers: (wish) => this.views.offer(entry, wish) }));
  }
}

const canonical = (format: string | undefined): string | undefined => (format === undefined ? undefined : canonicalFormat(format));

function toParameterView({ allowed, ...rule }: ParameterRule): ParameterView {
  return { ...rule, ...(allowed === undefined ? {} : { enum: allowed }) };
}
