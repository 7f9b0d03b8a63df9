import { Decimal } from 'decimal.js';

export type CountCost = (provider: string, currency: string, amount: number) => void;

/** What becomes of money that was spent, besides the ledger. */
export class Spending {
  constructor(private readonly count: CountCost = () => undefined) {}

  /** Once it is committed. A counter only grows: what turns out to have cost less is seen in the ledger alone. */
  counted(provider: string, rows: readonly { readonly amount: string | null; readonly currency: string | null }[]): void {
    for (const { amount, currency } of rows) if (amount !== null && currency !== null && new Decimal(amount).gt(0)) this.count(provider, currency, Number(amount));
  }
}
