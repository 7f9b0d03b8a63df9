import { Injectable, Logger } from '@nestjs/common';
import { DRIFT_KINDS } from '../conversion/catalogue-diff.js';
import { Metrics } from '../platform/metrics.js';
import { CatalogueSync, type SyncResult } from './catalogue-sync.js';

/** Has catalogues read, and tells what came of it: in the log and in the metrics. */
@Injectable()
export class CatalogueReadings {
  private readonly log = new Logger('catalogue');

  constructor(
    private readonly catalogues: CatalogueSync,
    private readonly metrics: Metrics,
  ) {}

  /** Throws `ProviderError` where the vendor does not give it. */
  async read(provider: string, signal: AbortSignal): Promise<SyncResult> {
    const result = await this.catalogues.sync(provider, signal);
    this.tell(provider, result);
    return result;
  }

  private tell(provider: string, { outcome, entries, before, drift }: SyncResult): void {
    if (outcome === 'suspect') this.log.warn({ provider, entries, before, removed: drift?.counts.removed, msg: 'The catalogue lacks so much that it is not believed until it was seen twice.' });
    if (outcome !== 'activate' || drift === null) return;
    if (before === null) return this.log.debug({ provider, entries, msg: 'The catalogue was read for the first time.' });
    for (const kind of DRIFT_KINDS) if (drift.counts[kind] > 0) this.metrics.catalogueDrift.inc({ provider, kind }, drift.counts[kind]);
    this.log.warn({ provider, entries, ...drift.counts, examples: drift.examples, msg: 'The catalogue changed.' });
  }
}
