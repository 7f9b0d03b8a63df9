import type { Told } from '../accounts/ledger.js';
import { amountText } from '../conversion/money.js';
import { moneyFor, type Price, type Pricing } from './pricing.js';

/** What one step is expected to cost where it is planned, as its stage keeps it. Null: nobody knows; `most` null: nor how much it may become. */
export interface StepPrice {
  readonly step: string;
  readonly amount: string | null;
  readonly most: string | null;
}

export function toStepPrice(step: string, price: Price | null): StepPrice {
  if (price === null) return { step, amount: null, most: null };
  const amount = amountText(price.amount);
  return { step, amount, most: price.most === price.amount ? amount : price.most === null ? null : amountText(price.most) };
}

/** What a vendor told of a cost, with what that is in money. */
export function toldOf(pricing: Pricing | null, credits: number | null): Told {
  return { credits: credits === null ? null : String(credits), amount: moneyFor(pricing, credits), currency: pricing?.currency ?? null };
}
