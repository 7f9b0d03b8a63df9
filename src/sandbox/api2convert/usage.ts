import type { LedgerJob } from '../ledger.js';
import type { JsonObject } from './job.js';

/** How a period is written, per unit: `2026-11-22`, `2026-11`, `2026`. */
export const PERIODS = { day: /^\d{4}-\d{2}-\d{2}$/, month: /^\d{4}-\d{2}$/, year: /^\d{4}$/ } as const;
export type Unit = keyof typeof PERIODS;

/**
 * What `GET /stats/…` says of an account's jobs in a period: a row per day, per month for a year; none without a job.
 * The vendor leaves the rows free; the figures are the ledger's.
 */
export function usageOf(jobs: readonly LedgerJob[], unit: Unit, period: string): JsonObject[] {
  const length = unit === 'year' ? 'yyyy-mm'.length : 'yyyy-mm-dd'.length;
  const rows = Map.groupBy(jobs.filter((job) => job.createdAt.startsWith(period)), (job) => job.createdAt.slice(0, length));
  return [...rows].sort(([a], [b]) => a.localeCompare(b)).map(([date, those]) => row(date, those));
}

function row(date: string, jobs: readonly LedgerJob[]): JsonObject {
  const ended = (outcome: LedgerJob['outcome']): number => jobs.filter((job) => job.outcome === outcome).length;
  const sum = (field: 'credits' | 'uploads' | 'downloads'): number => jobs.reduce((total, job) => total + job[field], 0);
  return {
    ...{ date, jobs: jobs.length, completed: ended('completed'), failed: ended('failed'), canceled: ended('canceled') },
    ...{ credits: sum('credits'), uploads: sum('uploads'), downloads: sum('downloads') },
  };
}
