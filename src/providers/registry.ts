import type { HttpService } from '@nestjs/axios';
import type { StepWish } from '../conversion/provider.js';
import { spellingsOf } from '../conversion/redaction.js';
import type { EgressPolicy } from '../platform/egress.js';
import { CATALOG } from './catalog.js';
import { GuardedProvider } from './guarded-provider.js';
import { pacedHttp } from './paced-http.js';
import type { ProviderConfig } from './provider-config.js';
import type { VendorHttp } from './vendor-call.js';
import { vendorHttp, type CallOutcome, type ClosableVendorHttp } from './vendor-http.js';

export interface RegisteredProvider {
  readonly id: string;
  readonly config: ProviderConfig;
  readonly guarded: GuardedProvider;
}

/** Stands between an adapter and its vendor, to see what passes. */
export type Observe = (config: ProviderConfig, http: VendorHttp) => VendorHttp;

export type CallMetrics = (provider: string, call: string, ms: number, outcome: CallOutcome) => void;

/** In every spelling in which a vendor may repeat them. What is as short as a word is no secret, and would be struck from plain sentences. */
const secretsOf = ({ apiKey, webhookSecret }: ProviderConfig): readonly string[] => spellingsOf({ apiKey, webhookSecret: webhookSecret ?? '' }).filter((secret) => secret.length >= 8);

/** The configured providers, made once at start, in the order that settles ties: by priority, then as configured. */
export class Registry {
  private readonly entries: readonly (RegisteredProvider & { readonly http: ClosableVendorHttp })[];

  constructor(configs: readonly ProviderConfig[], http: HttpService, policy: EgressPolicy, metrics: CallMetrics, observe: Observe = (_config, client) => client) {
    this.entries = [...configs]
      .sort((one, other) => one.priority - other.priority)
      .map((config) => {
        const adapter = CATALOG.find(({ name }) => name === config.adapter);
        if (adapter === undefined) throw new Error(`no adapter ${config.adapter}`);
        const client = vendorHttp({ baseUrl: config.baseUrl, http, policy, metrics: (call, ms, outcome) => metrics(config.id, call, ms, outcome) });
        const account = { id: config.id, baseUrl: config.baseUrl, apiKey: config.apiKey, webhookSecret: config.webhookSecret ?? null, settings: config.settings };
        return { id: config.id, config, http: client, guarded: new GuardedProvider(adapter.create(account, pacedHttp(observe(config, client)), () => new Date()), secretsOf(config), config.errors) };
      });
  }

  all(): readonly RegisteredProvider[] {
    return this.entries;
  }

  find(id: string): RegisteredProvider | null {
    return this.entries.find((entry) => entry.id === id) ?? null;
  }

  ids(): readonly string[] {
    return this.entries.map((entry) => entry.id);
  }

  adapters(): readonly string[] {
    return CATALOG.map(({ name }) => name);
  }

  /** Whether anybody at all offers this. */
  offered(wish: StepWish): boolean {
    return this.entries.some((entry) => entry.guarded.inner.offers(wish).offered);
  }

  async close(): Promise<void> {
    await Promise.all(this.entries.map((entry) => entry.http.close()));
  }
}
