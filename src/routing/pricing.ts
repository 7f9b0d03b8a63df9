import { Decimal } from 'decimal.js';
import { canonicalFormat, categoryOf } from '../conversion/formats.js';
import { amountText } from '../conversion/money.js';
import { OPERATIONS } from '../conversion/operations.js';
import type { StepWish } from '../conversion/provider.js';
import type { Figure } from './learned-work.js';

/** A row of a provider's price table; the first that matches counts, "*" matches all. */
export interface CreditRow {
  readonly operation?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly category?: string | undefined;
  /** For one file. */
  readonly credits?: number | undefined;
  /** For one minute of one file. */
  readonly creditsPerMinute?: number | undefined;
}

export interface Pricing {
  readonly currency: string;
  /** Money for one credit, a decimal string. */
  readonly perCredit: string;
  readonly credits: readonly CreditRow[];
  /** Rows that count whatever the vendor tells, or was learned. */
  readonly overrides?: readonly CreditRow[];
}

/** Where a price comes from, the surest first. */
export const BASES = ['override', 'vendor', 'learned', 'table', 'none'] as const;
export type Basis = (typeof BASES)[number];

/** In the currency of the configuration. `most` null: nobody can tell before it ran. */
export interface Price {
  readonly amount: Decimal;
  readonly least: Decimal;
  readonly most: Decimal | null;
  readonly basis: Exclude<Basis, 'none'>;
}

/** What is known of prices at one provider, in the vendor's credits. */
export interface PriceSources {
  readonly pricing: Pricing | null;
  /** As its live catalogue tells. */
  readonly vendor: (wish: StepWish) => number | null;
  /** As work of this kind really cost. */
  readonly learned: (wish: StepWish) => Figure | null;
}

interface Credits {
  readonly amount: Decimal;
  readonly least: Decimal;
  readonly most: Decimal | null;
}

/** What a step costs, by the first source that tells: an override, the vendor itself, what was learned, the configured table. Null: none does, or nobody knows what a credit is worth. */
export function priceOf(wish: StepWish, { pricing, vendor, learned }: PriceSources): Price | null {
  if (pricing === null) return null;
  const override = rowCredits(pricing.overrides ?? [], wish);
  if (override !== null) return toPrice(wish, pricing, override, 'override');
  const told = vendor(wish);
  // What is no price must not be routed by: every comparison with it would be false.
  if (told !== null && Number.isFinite(told) && told >= 0) return toPrice(wish, pricing, exactly(told), 'vendor');
  const figure = learned(wish);
  if (figure !== null) return toPrice(wish, pricing, { amount: figure.mean, least: figure.least, most: figure.most }, 'learned');
  const row = rowCredits(pricing.credits, wish);
  return row === null ? null : toPrice(wish, pricing, row, 'table');
}

/** How often a step's price is paid: for each file, or once where all of them become one. */
export function timesPaid({ operation, files = { least: 1, most: 1 } }: StepWish): { readonly least: number; readonly most: number | null } {
  return OPERATIONS.get(operation)?.files === 'each' ? files : { least: 1, most: 1 };
}

function toPrice(wish: StepWish, { perCredit }: Pricing, { amount, least, most }: Credits, basis: Price['basis']): Price {
  const times = timesPaid(wish);
  const paid = (credits: Decimal, files: number): Decimal => (credits === amount && files === times.least ? price : credits.mul(perCredit).mul(files));
  const price = amount.mul(perCredit).mul(times.least);
  return { amount: price, least: paid(least, times.least), most: most === null || times.most === null ? null : paid(most, times.most), basis };
}

/** By the first row that matches. A minute is assumed where length counts: nobody knows it before the vendor does. */
function rowCredits(rows: readonly CreditRow[], wish: StepWish): Credits | null {
  const row = rows.find((candidate) => matches(candidate, wish));
  if (row?.credits !== undefined) return exactly(row.credits);
  return row?.creditsPerMinute === undefined ? null : { ...exactly(row.creditsPerMinute), least: new Decimal(0), most: null };
}

function exactly(credits: number): Credits {
  const amount = new Decimal(credits);
  return { amount, least: amount, most: amount };
}

function matches(row: CreditRow, { operation, from, parameters }: StepWish): boolean {
  const target = typeof parameters['to'] === 'string' ? parameters['to'] : null;
  const category = (target === null ? null : categoryOf(target)) ?? (from === null ? null : categoryOf(from));
  return same(row.operation, operation) && same(format(row.from), from) && same(format(row.to), target) && same(row.category, category);
}

const format = (pattern: string | undefined): string | undefined => (pattern === undefined || pattern === '*' ? pattern : canonicalFormat(pattern));
const same = (pattern: string | undefined, value: string | null): boolean => pattern === undefined || pattern === '*' || pattern === value;

/** What so many credits cost; null without a price. */
export function moneyFor(pricing: Pricing | null, credits: number | null): string | null {
  return pricing === null || credits === null ? null : amountText(new Decimal(pricing.perCredit).mul(credits));
}
