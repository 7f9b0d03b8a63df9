import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { CatalogueIndex } from '../conversion/catalogue-index.js';
import { databaseTrouble } from '../platform/database-trouble.js';
import { Listener } from '../platform/listener.js';
import { CatalogueStore } from './catalogue-store.js';
import { CatalogueViews } from './catalogue-views.js';
import { LearnedPairs } from './learned-pairs.js';
import { LearnedPrices } from './learned-prices.js';

/** A word of news may be lost; then this is how long others work by an older catalogue. */
const LOOK_MS = 5000;
/** News of many pairs at once are read together. */
const SETTLE_MS = 50;

/** Keeps this process's views of the catalogues as they are in the database, whoever changed them. */
@Injectable()
export class CatalogueLoader implements BeforeApplicationShutdown {
  private readonly log = new Logger('catalogue');
  private readonly loaded = new Map<string, number>();
  private learned = '';
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> | null = null;
  private again = false;
  private stopped = false;

  constructor(
    private readonly store: CatalogueStore,
    private readonly pairs: LearnedPairs,
    private readonly views: CatalogueViews,
    private readonly listener: Listener,
    private readonly prices: LearnedPrices,
  ) {}

  start(): void {
    this.listener.on('conversion_catalogue', () => this.lookIn(SETTLE_MS));
    this.lookIn(0);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.looking;
  }

  /** Reads what changed since the last look. */
  async refresh(): Promise<void> {
    for (const version of await this.store.active(this.views.ids())) {
      if (this.loaded.get(version.provider) === version.version) continue;
      const index = new CatalogueIndex(new Set(version.covered), new Set(version.gone));
      for await (const entries of this.store.parts(version)) index.add(entries);
      // Pruned while it was read: the next look finds its successor.
      if (index.size !== version.entries) continue;
      this.views.put(version.provider, { live: index });
      this.loaded.set(version.provider, version.version);
    }
    await this.prices.refresh();
    const state = await this.pairs.state(this.views.ids());
    if (state === this.learned) return;
    const learned = await this.pairs.read(this.views.ids());
    for (const provider of this.views.ids()) this.views.put(provider, { learned: learned.get(provider) ?? new Map() });
    this.learned = state;
  }

  private lookIn(ms: number): void {
    if (this.stopped) return;
    if (this.looking !== null) {
      this.again = true;
      return;
    }
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void (this.looking = this.look()), ms);
  }

  private async look(): Promise<void> {
    this.again = false;
    await this.refresh().catch((error: unknown) => this.log.warn(databaseTrouble(error) ?? (error as Error).message));
    this.looking = null;
    this.lookIn(this.again ? SETTLE_MS : LOOK_MS);
  }
}
