import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { Listener } from '../platform/listener.js';
import { LookOut } from '../platform/look-out.js';
import { Metrics } from '../platform/metrics.js';
import { Registry } from '../providers/registry.js';
import { ACCOUNT_TROUBLES } from './breaker.js';
import { StandingBoard } from './standing-board.js';
import { StandingStore } from './standing-store.js';
import { STANDING_CHANNEL, UNTOUCHED, WHOLE } from './standing.js';

/** A word of news may be lost; then this is how long a process works by what it knew. The end of a pause is never told: it is seen here. */
const LOOK_MS = 1000;
const MEASURE = { closed: 0, half_open: 1, open: 2 } as const;

/** Keeps this process's board of the providers as it is in the database, whoever changed it. */
@Injectable()
export class StandingLoader implements BeforeApplicationShutdown {
  private readonly lookOut = new LookOut(() => this.refresh(), () => LOOK_MS, new Logger('providers'));

  constructor(
    private readonly store: StandingStore,
    private readonly board: StandingBoard,
    private readonly registry: Registry,
    private readonly metrics: Metrics,
    private readonly listener: Listener,
  ) {}

  /** The first look is waited for: nothing may begin at a provider that an operator took out. */
  async start(): Promise<void> {
    this.listener.on(STANDING_CHANNEL, () => this.lookOut.now());
    await this.lookOut.start();
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.lookOut.stop();
  }

  async refresh(): Promise<void> {
    this.board.put(await this.store.read());
    for (const provider of this.registry.ids()) for (const reason of ACCOUNT_TROUBLES.values()) this.metrics.accountRefused.set({ provider, reason }, this.board.trouble(provider) === reason ? 1 : 0);
    for (const id of this.registry.ids()) this.metrics.breakerState.set({ provider: id }, MEASURE[(this.board.of(id).get(WHOLE) ?? UNTOUCHED).breaker.state]);
  }
}
