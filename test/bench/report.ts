import { median } from './measure.ts';
import type { Figures } from './rounds.ts';

/** A line of the report. Bounds are of the ratio of the first contender to the second; `least`: it must reach them, else it must not exceed them. */
export interface Line {
  readonly figure: string;
  readonly label: string;
  readonly digits: number;
  readonly bounds?: { readonly least: boolean; readonly floor: number; readonly goal: number; readonly lead: number };
}

/** Prints the lines: the median of the rounds and, in brackets, the lowest and the highest. Ratios are taken round by round. True when every floor is held. */
export function report(lines: readonly Line[], names: readonly [string, string], [ours, theirs]: readonly [readonly Figures[], readonly Figures[]]): boolean {
  let held = true;
  const table = lines.map(({ figure, label, digits, bounds }) => {
    const values = [ours, theirs].map((rounds) => rounds.map((round) => round[figure] ?? Number.NaN)) as [number[], number[]];
    const ratios = values[0].map((value, index) => value / (values[1][index] ?? Number.NaN));
    const row = [label, ...values.map((rounds) => spread(rounds, digits)), spread(ratios, 2)];
    if (bounds === undefined) return [...row, '', '', ''];
    const missed = !(bounds.least ? median(ratios) >= bounds.floor : median(ratios) <= bounds.floor);
    if (missed) held = false;
    const sign = bounds.least ? '≥' : '≤';
    return [...row, `${sign} ${bounds.floor.toFixed(2)} ${missed ? 'MISSED' : 'held'}`, `${sign} ${bounds.goal.toFixed(2)}`, `${sign} ${bounds.lead.toFixed(2)}`];
  });
  print([['', ...names, 'ratio', 'floor', 'goal', 'lead'], ...table]);
  return held;
}

function spread(values: readonly number[], digits: number): string {
  if (values.some((value) => Number.isNaN(value))) return 'unknown';
  const show = (value: number) => value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return `${show(median(values))} (${show(Math.min(...values))}–${show(Math.max(...values))})`;
}

function print(rows: readonly (readonly string[])[]): void {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  for (const row of rows) console.log(row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd());
}
