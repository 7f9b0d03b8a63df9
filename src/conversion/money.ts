import { Decimal } from 'decimal.js';
import type { Money } from './job-graph.js';

/** An amount as callers get it: four digits behind the point, and up to eight where fewer would not tell all. */
export function amountText(amount: Decimal): string {
  return amount.toFixed(Math.min(8, Math.max(4, amount.decimalPlaces())));
}

/** In what everything is compared, and what one of another currency is worth in it. */
export interface Currencies {
  readonly currency: string;
  readonly rates: Readonly<Record<string, string>>;
}

/** Null: there is no rate for it. */
export function inCommon({ amount, currency }: { readonly amount: string; readonly currency: string }, { currency: common, rates }: Currencies): { readonly amount: string; readonly currency: string } | null {
  const rate = currency === common ? '1' : Object.hasOwn(rates, currency) ? rates[currency] : undefined;
  return rate === undefined ? null : { amount: new Decimal(amount).mul(rate).toFixed(), currency: common };
}

export const moneyText = ({ amount, currency }: Money): string => (amount === null ? 'a price that is not known' : `${amountText(new Decimal(amount))} ${currency}`);
