import { Inject, Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { ProviderError } from '../conversion/errors.js';
import type { JobPage } from '../conversion/job-page.js';
import { databaseTrouble } from '../platform/database-trouble.js';
import { Env } from '../platform/env.js';
import { pollOf } from '../providers/provider-config.js';
import { Registry, type RegisteredProvider } from '../providers/registry.js';
import { PollPace } from './poll-pace.js';
import { RollCallStore, type RollCall, type RollCallState } from './roll-call-store.js';

/** Fewer are read one by one. */
const MANY = 100;
/** A list may cost one request for so many of our attempts, whatever else it holds: what it did not show by then is read by itself. */
const ATTEMPTS_A_REQUEST = 40;
const LEAST_REQUESTS = 4;
/** What the list shows is read by itself only when so many roll calls have passed it over. */
const PAUSES = 3;
/** A list that is of no use is asked for less and less often, down to once in so many times. */
const RAREST = 32;

/**
 * Where many attempts run at one provider, its list of jobs is read page by page instead of each job. The list settles nothing: what it calls ended, or shows
 * no more, is read at once; what it shows running need not be read; what it does not show is read by itself, only less often. Any number of processes may
 * ask for the roll: one calls it.
 */
@Injectable()
export class RollCallService implements BeforeApplicationShutdown {
  private readonly log = new Logger('roll call');
  private readonly abort = new AbortController();
  private readonly calling = new Map<string, Promise<void>>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly store: RollCallStore,
    private readonly registry: Registry,
    private readonly pace: PollPace,
    @Inject(Env) private readonly env: Env,
  ) {}

  start(): void {
    if (this.providers().length === 0) return;
    const soonest = Math.min(...this.providers().map(({ config }) => pollOf(config, this.env).ceilingMs));
    let looking: Promise<void> | null = this.store.prepare(this.providers().map(({ id }) => id)).catch((error: unknown) => this.trouble(error)).finally(() => (looking = null));
    this.timer = setInterval(() => {
      looking ??= this.look().catch((error: unknown) => this.trouble(error)).finally(() => (looking = null));
    }, Math.min(2000, Math.max(100, soonest / 4)));
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    this.abort.abort();
    await Promise.all(this.calling.values());
  }

  /** Takes in what all processes know, and calls what is due; whoever waits for a call waits for `calling`. */
  async look(): Promise<void> {
    const providers = new Map(this.providers().map((provider) => [provider.id, provider]));
    for (const state of await this.store.states([...providers.keys()])) {
      const provider = providers.get(state.provider);
      if (provider === undefined) continue;
      this.pace.cover(provider.id, state.coversMs, this.pauseMs(provider, state));
      if (!state.isDue || this.calling.has(provider.id) || this.abort.signal.aborted) continue;
      this.calling.set(provider.id, this.callOn(provider).catch((error: unknown) => this.trouble(error)).finally(() => this.calling.delete(provider.id)));
    }
  }

  async called(): Promise<void> {
    await Promise.all(this.calling.values());
  }

  private providers(): readonly RegisteredProvider[] {
    return this.registry.all().filter(({ guarded }) => guarded.canList);
  }

  private async callOn(provider: RegisteredProvider): Promise<void> {
    const call = await this.store.claim(provider.id);
    if (call === null) return;
    const { ceilingMs } = pollOf(provider.config, this.env);
    if (call.running <= MANY) return this.store.end(call, { dueMs: ceilingMs, coversMs: 0, failures: 0, tookMs: 0 });
    const began = performance.now();
    const outcome = await this.readList(provider, call);
    if (outcome === 'lost') return;
    const tookMs = performance.now() - began;
    if (outcome === 'useful') return this.store.end(call, { dueMs: Math.max(0, ceilingMs - tookMs), coversMs: this.pauseMs(provider, { tookMs }), failures: 0, tookMs });
    if (call.failures === 0) this.log.warn(`${provider.id}: ${outcome.why} Its ${call.running} jobs are read one by one until the list is of use.`);
    await this.store.end(call, { dueMs: Math.max(ceilingMs * Math.min(RAREST, 2 ** call.failures), outcome.retryAfterMs), coversMs: null, failures: call.failures + 1, tookMs });
  }

  private async readList(provider: RegisteredProvider, call: RollCall): Promise<Outcome> {
    const seen = new Set<string>();
    let ours = 0;
    let cursor: string | null = null;
    try {
      for (let left = Math.max(LEAST_REQUESTS, Math.floor(call.running / ATTEMPTS_A_REQUEST)); left > 0; left -= 1) {
        const page: JobPage = await provider.guarded.list(cursor, this.abort.signal);
        const fresh = page.jobs.filter(({ providerJobId }) => !seen.has(providerJobId));
        for (const { providerJobId } of fresh) seen.add(providerJobId);
        const heeded = await this.store.heed(call, fresh, this.pauseMs(provider, call));
        if (heeded === null) return 'lost';
        ours += heeded;
        const isWhole = page.next === null || ours >= call.running;
        // The same page again: the list has no end that could be found.
        if (!isWhole && page.jobs.length > 0 && fresh.length === 0) break;
        if (isWhole) {
          const gone = await this.store.gone(call, [...seen]);
          if (gone === null) return 'lost';
          ours += gone;
          break;
        }
        cursor = page.next;
      }
    } catch (error) {
      if (this.abort.signal.aborted) return 'lost';
      if (error instanceof ProviderError) return { why: `its list of jobs cannot be read: ${error.message}`, retryAfterMs: error.details.retryAfterMs ?? 0 };
      throw error;
    }
    return ours * 2 >= call.running ? 'useful' : { why: `its list of jobs shows only ${ours} of those that run.`, retryAfterMs: 0 };
  }

  private pauseMs({ config }: RegisteredProvider, { tookMs }: Pick<RollCallState, 'tookMs'>): number {
    return PAUSES * Math.max(pollOf(config, this.env).ceilingMs, tookMs);
  }

  private trouble(error: unknown): void {
    this.log.warn(databaseTrouble(error) ?? (error as Error).message);
  }
}

/** `lost`: another process calls the roll by now, or we are stopping. */
type Outcome = 'useful' | 'lost' | { readonly why: string; readonly retryAfterMs: number };
