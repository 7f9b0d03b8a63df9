import { Body, Controller, Get, Param, Patch, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import { KeyGuard } from '../accounts/key.guard.js';
import { OPERATIONS } from '../conversion/operations.js';
import { notFound } from '../http/problem.js';
import { Problems } from '../http/problem.docs.js';
import { Registry, type RegisteredProvider } from '../providers/registry.js';
import { CatalogueViews } from './catalogue-views.js';
import { providersOf } from './offerings.js';
import { ChangeProviderRequest, ProviderListView, ProviderView } from './provider.dto.js';
import { ProviderFacts } from './provider-facts.js';
import { toProviderView } from './provider-view.js';
import { StandingLoader } from './standing-loader.js';
import { StandingStore } from './standing-store.js';
import type { Standings } from './standing.js';

/** For operators: how every provider stands, and its switch. */
@ApiTags('providers')
@ApiBearerAuth()
@UseGuards(KeyGuard)
@Controller('v1/providers')
export class ProvidersController {
  constructor(
    private readonly registry: Registry,
    private readonly views: CatalogueViews,
    private readonly store: StandingStore,
    private readonly facts: ProviderFacts,
    private readonly loader: StandingLoader,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Providers', description: 'Every configured provider: what an operator said of it, how its breakers stand and why, what runs there.' })
  @ApiResponse({ status: 200, description: 'All of them.', type: ProviderListView })
  @Problems(401, 503)
  async list(): Promise<ProviderListView> {
    const standings = await this.store.read();
    return { data: await Promise.all(this.registry.all().map((entry) => this.view(entry, standings))), nextCursor: null };
  }

  @Get(':id')
  @ApiParam({ name: 'id', description: 'The provider.' })
  @ApiOperation({ summary: 'A provider' })
  @ApiResponse({ status: 200, description: 'The provider.', type: ProviderView })
  @Problems(401, 404, 503)
  async read(@Param('id') id: string): Promise<ProviderView> {
    return this.view(this.find(id), await this.store.read());
  }

  @Patch(':id')
  @ApiParam({ name: 'id', description: 'The provider.' })
  @ApiOperation({ summary: 'Take a provider out, or back in', description: 'As a whole, or for one operation. It counts for every process within a second, outlives all of them, and is written to the provider\'s timeline. What runs there ends there.' })
  @ApiResponse({ status: 200, description: 'The provider, as it stands now.', type: ProviderView })
  @Problems(400, 401, 404, 413, 415, 422, 503)
  async change(@Param('id') id: string, @Body() { state, operation }: ChangeProviderRequest): Promise<ProviderView> {
    const entry = this.find(id);
    await this.store.say(id, operation ?? null, state);
    // Whoever answers knows it as soon as it has answered; the others hear of it.
    await this.loader.refresh();
    return this.view(entry, await this.store.read());
  }

  private find(id: string): RegisteredProvider {
    const entry = this.registry.find(id);
    if (entry === null) throw notFound('provider');
    return entry;
  }

  private async view(entry: RegisteredProvider, standings: ReadonlyMap<string, Standings>): Promise<ProviderView> {
    const { id } = entry;
    const [running, bounds, latency, transitions] = await Promise.all([this.facts.running(id), this.facts.bounds(id), this.facts.latency(id), this.facts.transitions(id)]);
    const offering = { id, offers: (wish: Parameters<CatalogueViews['offer']>[1]) => this.views.offer(entry, wish) };
    const offered = [...OPERATIONS.values()].filter((operation) => providersOf(operation, [offering]).length > 0).map(({ name }) => name);
    return toProviderView({ config: entry.config, offered, standings: standings.get(id) ?? new Map(), running, bounds, latency, transitions });
  }
}
