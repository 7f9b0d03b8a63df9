import type { Decimal } from 'decimal.js';

/** An amount as callers get it: four digits behind the point, and up to eight where fewer would not tell all. */
export function amountText(amount: Decimal): string {
  return amount.toFixed(Math.min(8, Math.max(4, amount.decimalPlaces())));
}
