import type { Catalogue, CatalogueEntry } from '../../../src/conversion/catalogue.js';
import { Database } from '../../../src/platform/database.js';
import { Listener } from '../../../src/platform/listener.js';
import { Metrics } from '../../../src/platform/metrics.js';
import { Periodic } from '../../../src/platform/periodic.js';
import { CatalogueLoader } from '../../../src/routing/catalogue-loader.js';
import { CatalogueSchedule } from '../../../src/routing/catalogue-schedule.js';
import { CatalogueReadings } from '../../../src/routing/catalogue-readings.js';
import { CatalogueStore } from '../../../src/routing/catalogue-store.js';
import { CatalogueSync, type SyncResult } from '../../../src/routing/catalogue-sync.js';
import { CatalogueViews } from '../../../src/routing/catalogue-views.js';
import { LearnedPrices } from '../../../src/routing/learned-prices.js';
import { LearnedPairs } from '../../../src/routing/learned-pairs.js';
import type { TestDatabase } from '../../support/database.js';
import { FakeProvider, fakeRegistry } from '../../support/fake-provider.js';

export const target = (to: string, more: Partial<CatalogueEntry> = {}): CatalogueEntry => ({
  operation: 'convert', name: `image/${to}`, from: null, to, options: { type: 'object', properties: { quality: { type: 'integer', minimum: 1 } }, additionalProperties: false }, credits: null, ...more,
});

export const targets = (count: number, first = 0): CatalogueEntry[] => Array.from({ length: count }, (_, index) => target(`t${first + index}`));

/** A vendor whose catalogue is what the test says. */
export class ListingProvider extends FakeProvider {
  entries: readonly CatalogueEntry[] = [];
  covers: readonly string[] = ['*'];
  failure: Error | null = null;
  reads = 0;

  constructor(id: string) {
    super(id, ['convert', 'compress', 'thumbnail']);
  }

  async catalogue(): Promise<Catalogue> {
    this.reads += 1;
    await new Promise((resolve) => setTimeout(resolve, 30));
    if (this.failure !== null) throw this.failure;
    return { entries: this.entries, covers: this.covers, remarks: [] };
  }
}

/** One process of the service, as far as catalogues are concerned. */
export interface Replica {
  readonly store: CatalogueStore;
  readonly views: CatalogueViews;
  readonly loader: CatalogueLoader;
  readonly metrics: Metrics;
  readonly database: Database;
  readonly schedule: CatalogueSchedule;
  readonly startSchedule: () => void;
  readonly listener: Listener;
  sync(provider: string): Promise<SyncResult>;
  close(): Promise<void>;
}

export function replica(test: TestDatabase, providers: readonly FakeProvider[]): Replica {
  const database = Database.open(test.url);
  const registry = fakeRegistry(providers);
  const [store, pairs, views, metrics, listener, periodic] = [new CatalogueStore(database), new LearnedPairs(database), new CatalogueViews(registry), new Metrics(), new Listener(database), new Periodic(database)];
  const catalogues = new CatalogueSync(store, registry);
  const readings = new CatalogueReadings(catalogues, metrics);
  const loader = new CatalogueLoader(store, pairs, views, listener, new LearnedPrices(database, views));
  const schedule = new CatalogueSchedule(periodic, readings, store, registry, listener);
  return {
    store, views, loader, metrics, database, schedule, listener,
    startSchedule: () => periodic.start(schedule.tasks, () => schedule.begin()),
    sync: (provider) => readings.read(provider, new AbortController().signal),
    close: async () => {
      await Promise.all([periodic.beforeApplicationShutdown(), loader.beforeApplicationShutdown()]);
      await listener.onApplicationShutdown();
      await database.close();
    },
  };
}

