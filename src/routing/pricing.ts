import { Decimal } from 'decimal.js';
import { canonicalFormat, categoryOf } from '../conversion/formats.js';
import type { StepWish } from '../conversion/provider.js';

/** A row of a provider's price table; the first that matches counts, "*" matches all. */
export interface CreditRow {
  readonly operation?: string;
  readonly from?: string;
  readonly to?: string;
  readonly category?: string;
  readonly credits?: number;
  readonly creditsPerMinute?: number;
}

export interface Pricing {
  readonly currency: string;
  /** Money for one credit, a decimal string. */
  readonly perCredit: string;
  readonly credits: readonly CreditRow[];
}

/** The price of a step by the configured table, in the table's currency; null when no row matches. A minute is assumed where length counts. */
export function tablePrice(pricing: Pricing | null, wish: StepWish): Decimal | null {
  const row = pricing?.credits.find((candidate) => matches(candidate, wish));
  const credits = row?.credits ?? row?.creditsPerMinute;
  return pricing === null || credits === undefined ? null : new Decimal(pricing.perCredit).mul(credits);
}

function matches(row: CreditRow, wish: StepWish): boolean {
  const target = typeof wish.parameters['to'] === 'string' ? wish.parameters['to'] : null;
  const category = target === null ? null : categoryOf(target);
  return (
    same(row.operation, wish.operation) &&
    same(row.from === undefined || row.from === '*' ? row.from : canonicalFormat(row.from), wish.from) &&
    same(row.to === undefined || row.to === '*' ? row.to : canonicalFormat(row.to), target) &&
    same(row.category, category)
  );
}

const same = (pattern: string | undefined, value: string | null): boolean => pattern === undefined || pattern === '*' || pattern === value;

/** What so many credits cost; null without a price. */
export function moneyFor(pricing: Pricing | null, credits: number | null): string | null {
  return pricing === null || credits === null ? null : new Decimal(pricing.perCredit).mul(credits).toFixed(4);
}
