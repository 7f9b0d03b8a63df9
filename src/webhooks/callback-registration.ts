import { Injectable, Logger } from '@nestjs/common';
import { ProviderError } from '../conversion/errors.js';
import { PublicAddress } from '../http/public-address.js';
import { Periodic, type PeriodicTask } from '../platform/periodic.js';
import { Registry, type RegisteredProvider } from '../providers/registry.js';
import { CallbackTokens } from './callback-tokens.js';

const TASK = 'callback-registration';
const EVERY_TEN_MINUTES = '*/10 * * * *';

/** Sees to it that the vendors whose callbacks belong to an account, and not to a job, know where to call: at start, and again when somebody took it away. */
@Injectable()
export class CallbackRegistration {
  private readonly log = new Logger('callbacks');

  constructor(
    private readonly registry: Registry,
    private readonly tokens: CallbackTokens,
    private readonly address: PublicAddress,
    private readonly periodic: Periodic,
  ) {}

  /** None where this process knows of no address: work that it took it would only keep from those who do. */
  get tasks(): readonly PeriodicTask[] {
    if (!this.registry.all().some((provider) => this.baseFor(provider) !== null)) return [];
    return [{ name: TASK, cron: EVERY_TEN_MINUTES, run: (_payload, signal) => this.registerAll(signal) }];
  }

  begin(): void {
    if (this.tasks.length > 0) void this.periodic.ask({ name: TASK, payload: {}, key: TASK, afterMs: 0 });
  }

  async registerAll(signal: AbortSignal): Promise<void> {
    for (const provider of this.registry.all()) {
      const base = this.baseFor(provider);
      if (base === null) continue;
      const { id, guarded } = provider;
      const token = await this.tokens.of(id);
      try {
        const outcome = await guarded.registerCallbacks(`${base}/v1/callbacks/${encodeURIComponent(id)}/${token}`, (endpoint) => endpoint.endsWith(`/${token}`), signal);
        if (outcome === 'made') this.log.log({ provider: id, msg: 'The provider was told where to call back.' });
      } catch (error) {
        if (!(error instanceof ProviderError)) throw error;
        // Polling does without; in ten minutes it is tried again.
        this.log.warn({ provider: id, kind: error.kind, code: error.code, msg: `The provider could not be told where to call back: ${error.message}` });
      }
    }
  }

  private baseFor({ config, guarded }: RegisteredProvider): string | null {
    return guarded.inner.traits.callbacks === 'account' && guarded.canRegisterCallbacks ? this.address.callbackBase(config.baseUrl) : null;
  }
}
