import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Database } from '../platform/database.js';
import { Metrics } from '../platform/metrics.js';

/** More are not counted: it is much, and each is an entry of an index that is read. */
const MOST = 10_000;
/** Whoever asks again within this time gets the same: no key is needed to ask. */
const KEPT_MS = 2000;
/** Without an answer within this time the measure is left out, and all others are told. */
const PATIENCE_MS = 1000;

/** How much work waits for a process to take it up, read from the database when metrics are asked for. */
@Injectable()
export class DueWork implements OnModuleInit {
  private look: Promise<void> | null = null;

  constructor(
    private readonly database: Database,
    private readonly metrics: Metrics,
  ) {}

  onModuleInit(): void {
    this.metrics.whenAsked(() => (this.look ??= this.read()));
  }

  private async read(): Promise<void> {
    setTimeout(() => (this.look = null), KEPT_MS).unref();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => (timer = setTimeout(() => reject(new Error('late')), PATIENCE_MS)));
    try {
      const rows = await Promise.race([this.database.query<{ kind: string; count: number }>(DUE), late]);
      for (const { kind, count } of rows) this.metrics.due.set({ kind }, count);
    } catch {
      // What was true a while ago would be taken for what is.
      this.metrics.due.reset();
    } finally {
      clearTimeout(timer);
    }
  }
}

const counted = (kind: string, rows: string): string => `SELECT '${kind}' AS kind, count(*)::int AS count FROM (SELECT 1 FROM ${rows} LIMIT ${MOST}) AS ${kind}`;
const UNLEASED = 'due_at <= now() AND (lease_until IS NULL OR lease_until < now())';

const DUE = {
  name: 'due_work',
  text: [
    counted('stages', `stage WHERE ${UNLEASED}`),
    counted('deliveries', `delivery WHERE ${UNLEASED}`),
    counted('orphans', 'orphan WHERE due_at <= now()'),
    counted('left_behind', 'attempt WHERE watch_due_at <= now()'),
  ].join(' UNION ALL '),
};
