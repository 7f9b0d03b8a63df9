/** What one look found. `what`: what was found; `why` it matters and how to `mend` it where it is not well. */
export interface Check {
  /** What was looked at: "database", a provider's id. */
  readonly area: string;
  readonly name: string;
  readonly outcome: 'ok' | 'warning' | 'failed';
  readonly what: string;
  readonly why: string | null;
  readonly mend: string | null;
  /** How long it took; null where that says nothing. */
  readonly ms: number | null;
}

export interface Trouble {
  readonly why?: string;
  readonly mend?: string;
  readonly ms?: number | undefined;
}

const made = (outcome: Check['outcome']) => (area: string, name: string, what: string, { why, mend, ms }: Trouble = {}): Check => ({
  area, name, outcome, what, why: why ?? null, mend: mend ?? null, ms: ms === undefined ? null : Math.round(ms),
});

export const ok = made('ok');
export const warning = made('warning');
export const failed = made('failed');

const LABELS: Readonly<Record<Check['outcome'], string>> = { ok: 'ok     ', warning: 'warning', failed: 'FAILED ' };

/** One check in one line, whatever is in its texts. */
export function renderCheck({ area, name, outcome, what, why, mend, ms }: Check): string {
  const took = ms === null ? '' : ` [${ms < 10_000 ? `${ms} ms` : `${Math.round(ms / 1000)} s`}]`;
  const sentences = [`${area} ${name}: ${what}`, ...(why === null ? [] : [why]), ...(mend === null ? [] : [`To mend: ${mend}`])].map(sentence);
  return `${LABELS[outcome]}  ${sentences.join(' ')}${took}`.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ');
}

export function renderSummary(checks: readonly Check[]): string {
  const { ok: well, warnings, failed: bad } = countsOf(checks);
  const verdict = bad > 0 ? 'Not ready: mend what FAILED, and run this again.' : warnings > 0 ? 'Ready, with warnings.' : 'Ready.';
  return `${checks.length} checks: ${well} ok, ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}, ${bad} FAILED. ${verdict}`;
}

export function renderJson(checks: readonly Check[]): string {
  const summary = countsOf(checks);
  return JSON.stringify({ ready: summary.failed === 0, summary, checks }, null, 2);
}

/** A look that found nothing to look at is no pass. */
export function exitCodeOf(checks: readonly Check[]): 0 | 1 {
  return checks.length === 0 || countsOf(checks).failed > 0 ? 1 : 0;
}

function countsOf(checks: readonly Check[]): { ok: number; warnings: number; failed: number } {
  const count = (outcome: Check['outcome']): number => checks.filter((check) => check.outcome === outcome).length;
  return { ok: count('ok'), warnings: count('warning'), failed: count('failed') };
}

function sentence(text: string): string {
  const trimmed = text.trim();
  return /[.!?…]["')]?$/.test(trimmed) ? trimmed : `${trimmed}.`;
}
