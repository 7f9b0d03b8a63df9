import type { CallbackReading, RawCallback } from '../../src/conversion/callback.js';
import type { CreatedJob, Offer, Provider, ProviderTraits, Report, RunningJob, StepWish } from '../../src/conversion/provider.js';
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
  /** How often somebody asked how a job stands. */
  asked = 0;
  /** Whether it is in the configuration. */
  configured = true;
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
    this.asked += 1;
    return { state: 'running', progress: null, word: 'busy' };
  }

  async cancel(providerJobId: string): Promise<void> {
    this.canceled.push(providerJobId);
    await this.cancelTakes;
  }

  /** Signed by the word "genuine", refused where it is "forged"; "job" in the body is the vendor's job. */
  readCallback({ headers, body }: RawCallback): CallbackReading {
    const [, providerJobId = null] = /"job":"([^"]+)"/.exec(body.toString()) ?? [];
    if (headers['signature'] === 'forged') return { verdict: 'refused' };
    return { verdict: headers['signature'] === 'genuine' ? 'proven' : 'hint', providerJobId };
  }

  /** "canceled" and "busy" are all that it understands. */
  readCallbackReport(job: RunningJob, body: string): Report | null {
    if (!body.includes(`"job":"${job.providerJobId}"`)) return null;
    if (body.includes('canceled')) return { state: 'canceled', cost: { credits: null } };
    return body.includes('busy') ? { state: 'running', progress: null, word: 'busy' } : null;
  }
}

/** The registry as the service sees it, over hand-made providers, in their order. */
export function fakeRegistry(providers: readonly FakeProvider[], config: Partial<ProviderConfig> = {}): Registry {
  const entries: RegisteredProvider[] = providers.map((provider) => ({
    id: provider.id,
    config: { id: provider.id, adapter: 'fake', baseUrl: 'http://127.0.0.1:9', apiKey: 'key', priority: 1, weight: 1, regions: [], settings: {}, ...config },
    guarded: new GuardedProvider(provider),
  }));
  const there = () => entries.filter((_, index) => providers[index]?.configured);
  const registry: Pick<Registry, 'all' | 'find' | 'ids' | 'adapters' | 'offered'> = {
    all: there,
    find: (id) => there().find((entry) => entry.id === id) ?? null,
    ids: () => there().map(({ id }) => id),
    adapters: () => ['fake'],
    offered: (wish) => providers.some((provider) => provider.offers(wish).offered),
  };
  return registry as Registry;
}
