import { Injectable, Logger } from '@nestjs/common';
import { ProviderError } from '../conversion/errors.js';
import { Listener } from '../platform/listener.js';
import { Periodic, type PeriodicTask } from '../platform/periodic.js';
import { Registry } from '../providers/registry.js';
import { CatalogueReadings } from './catalogue-readings.js';
import { CatalogueStore } from './catalogue-store.js';

/** Why a catalogue is read. What was read a moment ago, for whatever reason, is not read again for this one. */
type Cause = 'start' | 'schedule' | 'refusal';

const RECENTLY_MS: Readonly<Record<Cause, number>> = { start: 60_000, schedule: 1_800_000, refusal: 600_000 };

/** Every six hours, a different quarter of an hour for each provider: a vendor never sees all its customers at once. */
const EVERY_SIX_HOURS = '0 */6 * * *';
const SPREAD_MS = 15 * 60_000;

const SYNC = 'catalogue-sync';

/** When the vendors' catalogues are read: at start, every six hours, and when a vendor refused what it was thought to offer. Of all processes one does it. */
@Injectable()
export class CatalogueSchedule {
  private readonly log = new Logger('catalogue');

  constructor(
    private readonly periodic: Periodic,
    private readonly readings: CatalogueReadings,
    private readonly store: CatalogueStore,
    private readonly registry: Registry,
    private readonly listener: Listener,
  ) {}

  get tasks(): readonly PeriodicTask[] {
    return [this.schedule(), this.task()];
  }

  begin(): void {
    this.listener.on('conversion_refusal', (provider) => void this.ask(provider, 'refusal', 0));
    void this.askAll('start', () => 0);
  }

  /** The clock asks for all; each provider then has its own moment. */
  private schedule(): PeriodicTask {
    return { name: 'catalogue-schedule', cron: EVERY_SIX_HOURS, run: () => this.askAll('schedule', () => Math.random() * SPREAD_MS) };
  }

  private task(): PeriodicTask {
    return { name: SYNC, cron: null, run: ({ provider, cause }, signal) => this.read(String(provider), isCause(cause) ? cause : 'schedule', signal) };
  }

  private async askAll(cause: Cause, afterMs: () => number): Promise<void> {
    for (const provider of this.registry.ids()) await this.ask(provider, cause, afterMs());
  }

  private ask(provider: string, cause: Cause, afterMs: number): Promise<void> {
    return this.periodic.ask({ name: SYNC, payload: { provider, cause }, key: `${SYNC} ${provider}`, afterMs });
  }

  private async read(provider: string, cause: Cause, signal: AbortSignal): Promise<void> {
    const { active, last } = await this.store.standing(provider);
    const agoMs = Math.min(active?.agoMs ?? Infinity, last?.agoMs ?? Infinity);
    if (this.registry.find(provider) === null || agoMs < RECENTLY_MS[cause]) return;
    try {
      await this.readings.read(provider, signal);
    } catch (error) {
      if (error instanceof ProviderError && !signal.aborted) this.log.warn({ provider, kind: error.kind, code: error.code, msg: `The catalogue cannot be read: ${error.message}` });
      throw error;
    }
  }
}

function isCause(value: unknown): value is Cause {
  return typeof value === 'string' && Object.hasOwn(RECENTLY_MS, value);
}
