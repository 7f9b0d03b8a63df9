import type { CallbackReading, CreatedJob, Offer, Provider, ProviderTraits, Report, StepWish } from '../../src/conversion/provider.js';
import { optionRows } from '../../src/conversion/unified-options.js';
import { GuardedProvider } from '../../src/providers/guarded-provider.js';
import type { ProviderConfig } from '../../src/providers/provider-config.js';
import type { RegisteredProvider, Registry } from '../../src/providers/registry.js';

/** A provider that talks to nobody: it offers what it is told to, and remembers what was asked of it. */
export class FakeProvider implements Provider {
  readonly adapter = 'fake';
  readonly traits: ProviderTraits;
  readonly options = optionRows(new Map(), new Map());
  readonly canceled: string[] = [];
  /** What a cancel waits for. */
  cancelTakes: Promise<void> = Promise.resolve();
  private created = 0;

  constructor(
    readonly id: string,
    private readonly operations: readonly string[],
    wholeGraph = true,
  ) {
    this.traits = { wholeGraph, startsOnCreate: false, callbacks: 'job', inputTypes: ['url', 'upload', 'base64', 's3'] };
  }

  offers({ operation }: StepWish): Offer {
    return this.operations.includes(operation) ? { offered: true } : { offered: false, reason: `${this.id} has no ${operation}.` };
  }

  takes(): Offer {
    return { offered: true };
  }

  delivers(): Offer {
    return { offered: true };
  }

  async create(): Promise<CreatedJob> {
    this.created += 1;
    return { providerJobId: `${this.id}-${this.created}`, awaitsUploads: [], notes: {} };
  }

  async upload(): Promise<void> {}

  async start(): Promise<void> {}

  async read(): Promise<Report> {
    return { state: 'running', progress: null, word: 'busy' };
  }

  async cancel(providerJobId: string): Promise<void> {
    this.canceled.push(providerJobId);
    await this.cancelTakes;
  }

  readCallback(): CallbackReading {
    return { verdict: 'hint', providerJobId: null };
  }
}

/** The registry as the service sees it, over hand-made providers, in their order. */
export function fakeRegistry(providers: readonly FakeProvider[], config: Partial<ProviderConfig> = {}): Registry {
  const entries: RegisteredProvider[] = providers.map((provider) => ({
    id: provider.id,
    config: { id: provider.id, adapter: 'fake', baseUrl: 'http://127.0.0.1:9', apiKey: 'key', priority: 1, weight: 1, regions: [], settings: {}, ...config },
    guarded: new GuardedProvider(provider),
  }));
  const registry: Pick<Registry, 'all' | 'find' | 'ids' | 'adapters' | 'offered'> = {
    all: () => entries,
    find: (id) => entries.find((entry) => entry.id === id) ?? null,
    ids: () => entries.map(({ id }) => id),
    adapters: () => ['fake'],
    offered: (wish) => providers.some((provider) => provider.offers(wish).offered),
  };
  return registry as Registry;
}
