import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { Listener } from '../platform/listener.js';
import { LookOut } from '../platform/look-out.js';
import { Metrics } from '../platform/metrics.js';
import { Registry } from '../providers/registry.js';
import { LimitBoard } from './limit-board.js';
import { limitOf } from './throttle.js';
import { LIMITS_CHANNEL, ThrottleStore } from './throttle-store.js';

/** Where something is limited; where nothing is, news are all that could change that, and a word of them may be lost. */
const LOOK_MS = 1000;
const QUIET_MS = 5000;

/** Keeps this process's board of limits as it is in the database, and lets what was learned grow back. */
@Injectable()
export class LimitLoader implements BeforeApplicationShutdown {
  private readonly lookOut = new LookOut(() => this.lookAndGrow(), () => (this.isQuiet() ? QUIET_MS : LOOK_MS), new Logger('limits'));

  constructor(
    private readonly store: ThrottleStore,
    private readonly board: LimitBoard,
    private readonly registry: Registry,
    private readonly metrics: Metrics,
    private readonly listener: Listener,
  ) {}

  async start(): Promise<void> {
    this.listener.on(LIMITS_CHANNEL, () => this.lookOut.now());
    await this.lookOut.start();
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.lookOut.stop();
  }

  async refresh(): Promise<void> {
    const entries = this.registry.all();
    const limited = entries.filter(({ config }) => config.maxConcurrent != null).map(({ id }) => id);
    this.board.put(await this.store.read(this.registry.ids(), limited));
    for (const { id, config } of entries) {
      const { ceiling, waiting } = this.board.of(id);
      const limit = limitOf(config.maxConcurrent ?? null, ceiling);
      if (limit === null) this.metrics.providerCeiling.remove({ provider: id });
      else this.metrics.providerCeiling.set({ provider: id }, limit);
      this.metrics.providerWaiting.set({ provider: id }, waiting);
    }
  }

  private async lookAndGrow(): Promise<void> {
    await this.refresh();
    for (const { id, config } of this.registry.all()) {
      if (this.board.of(id).throttled && this.board.pausedMs(id) === 0) await this.store.grow(id, config.maxConcurrent ?? null);
    }
  }

  private isQuiet(): boolean {
    return this.registry.all().every(({ id, config }) => config.maxConcurrent == null && !this.board.of(id).throttled && this.board.of(id).waiting === 0);
  }
}
