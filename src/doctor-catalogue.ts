import { HttpService } from '@nestjs/axios';
import { ProviderError } from './conversion/errors.js';
import type { Subject } from './doctor-checks.js';
import { failed, ok, warning, type Check } from './doctor-report.js';
import { databaseTrouble } from './platform/database-trouble.js';
import { Database } from './platform/database.js';
import { parseCidrs } from './platform/egress.js';
import { Registry } from './providers/registry.js';
import { CatalogueStore } from './routing/catalogue-store.js';
import { CatalogueSync, type SyncResult } from './routing/catalogue-sync.js';

const NAME = 'catalogue kept';

/** Reads every provider's catalogue now and keeps it, as the service does every few hours; processes that run take it up at once. */
export async function* syncCatalogues({ env, configs }: Subject, signal: AbortSignal): AsyncGenerator<Check> {
  if (env.raw.DATABASE_URL === undefined) {
    yield warning('database', NAME, 'DATABASE_URL is not set', { why: 'The embedded database belongs to the running gateway.', mend: 'restart the gateway: it reads the catalogues as it starts' });
    return;
  }
  const database = Database.open(env.raw.DATABASE_URL, { max: 4 });
  const registry = new Registry(configs, new HttpService(), { allow: parseCidrs(env.raw.EGRESS_ALLOW) }, () => undefined);
  try {
    const catalogues = new CatalogueSync(new CatalogueStore(database), registry);
    for (const { id } of configs) {
      const startedAt = performance.now();
      yield await catalogues.sync(id, signal).then(
        (result) => kept(id, result, performance.now() - startedAt),
        (error: unknown) => notKept(id, error, performance.now() - startedAt),
      );
    }
  } finally {
    await Promise.all([registry.close(), database.close()]);
  }
}

function kept(id: string, { outcome, entries, drift }: SyncResult, ms: number): Check {
  switch (outcome) {
    case 'none':
      return warning(id, NAME, 'the adapter has no way to read one', { ms });
    case 'unchanged':
    case 'overtaken':
      return ok(id, NAME, `${entries} entries, unchanged`, { ms });
    case 'suspect':
      return warning(id, NAME, `${entries} entries, not believed yet: so much is missing that it counts only once it was seen twice`, { ms, mend: 'run this again if the vendor really dropped it' });
    case 'activate':
      return ok(id, NAME, `${entries} entries${drift === null ? '' : `: ${drift.counts.added} added, ${drift.counts.removed} gone, ${drift.counts.options} with other options, ${drift.counts.price} with another price`}`, { ms });
    default:
      return outcome satisfies never;
  }
}

function notKept(id: string, error: unknown, ms: number): Check {
  if (error instanceof ProviderError) return failed(id, NAME, `it cannot be read (${error.kind})`, { ms, why: error.message });
  return failed('database', NAME, databaseTrouble(error) ?? (error instanceof Error ? error.message : 'it cannot be kept'), { ms, mend: 'start the gateway once, so that its migrations are applied' });
}
