import type { Replayed } from './replay.js';
import { UNITS } from './world.js';

/** What one way of choosing came to, beside the best choice in hindsight. */
export interface Line {
  readonly name: string;
  readonly spent: number;
  /** Of all jobs. */
  readonly success: number;
  readonly p50: number;
  readonly p95: number;
  /** Spent beyond the best, in all and of the best. */
  readonly regret: number;
  readonly share: number;
  /** Jobs that could have gone well. */
  readonly lost: number;
}

/** How much more than the best in hindsight `cheapest` may spend. */
export const TOLERATED = 0.03;

export function lineOf(replayed: Replayed, best: Replayed): Line {
  const { name, spent, succeeded, took, done } = replayed;
  const regret = (spent - best.spent) / UNITS;
  return {
    name, spent: spent / UNITS, success: succeeded / Math.max(1, done.length), p50: at(took, 0.5), p95: at(took, 0.95),
    regret, share: best.spent === 0 ? 0 : (spent - best.spent) / best.spent,
    lost: done.reduce((count, ok, number) => count + (ok === 0 && best.done[number] === 1 ? 1 : 0), 0),
  };
}

/** In seconds; not a number where nothing went well. */
function at(took: Float64Array, share: number): number {
  return (took[Math.min(took.length - 1, Math.floor(took.length * share))] ?? Number.NaN) / 1000;
}

export function table(lines: readonly Line[], currency: string): string {
  const shown = (value: number, digits: number): string => (Number.isNaN(value) ? '-' : value.toFixed(digits));
  const rows = lines.map(({ name, spent, success, p50, p95, regret, share, lost }) =>
    [name, shown(spent, 2), `${shown(success * 100, 2)} %`, shown(p50, 1), shown(p95, 1), shown(regret, 2), `${shown(share * 100, 1)} %`, String(lost)]);
  const all = [['', `spent, ${currency}`, 'success', 'p50, s', 'p95, s', 'regret', 'of best', 'lost'], ...rows];
  const widths = all[0]?.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? [];
  return all.map((row) => row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ').trimEnd()).join('\n');
}

/** Whether `cheapest` kept what is promised of it, in a sentence. */
export function promise({ share, lost }: Pick<Line, 'share' | 'lost'>): { readonly held: boolean; readonly text: string } {
  const held = share <= TOLERATED && lost === 0;
  const success = lost === 0 ? 'at no lower success' : `and ${lost} jobs fewer went well`;
  return { held, text: `cheapest spends ${(share * 100).toFixed(2)} % more than the best choice in hindsight, ${success}: ${held ? 'held' : 'MISSED'} (within ${TOLERATED * 100} %, at no lower success).` };
}
