import { Injectable } from '@nestjs/common';
import { Decimal } from 'decimal.js';
import { Database } from '../platform/database.js';
import type { Budget, BudgetState } from './budget.js';
import { GIVE_BACK_ENDED, HOLD_ALL, MEND, OPEN, STATES } from './budget-sql.js';
import { columns } from './spending.js';

/** By how much a budget did not say what it should. */
export interface Drift {
  readonly period: string;
  readonly spent: string;
  readonly reserved: string;
}

/** The budgets as all processes share them. What moves them stands in `spending.ts`. */
@Injectable()
export class BudgetStore {
  /** What this process knows to be told. */
  private readonly told = new Set<string>();

  constructor(private readonly database: Database) {}

  /** Opens the periods of now and of soon. Ids of those that are new. */
  async open(budgets: readonly Budget[]): Promise<readonly string[]> {
    return (await this.database.query<{ budget: string }>(OPEN, columns(budgets))).map(({ budget }) => budget);
  }

  async states(budgets: readonly Budget[]): Promise<ReadonlyMap<string, BudgetState>> {
    const rows = await this.database.query<BudgetState & { readonly budget: string }>(STATES, columns(budgets));
    return new Map(rows.map(({ budget, ...state }) => [budget, state]));
  }

  /** Puts right what does not agree with the ledger and the reservations, and gives back what jobs left reserved that have ended. While nothing moves: whoever does waits. */
  async mend({ id, period, tenant, key, tag, provider }: Budget): Promise<readonly Drift[]> {
    return this.database.transaction(async (sql) => {
      await sql.query(HOLD_ALL, [id]);
      const left = await sql.query<{ budget: string; amount: string }>(GIVE_BACK_ENDED, [id]);
      const drifts = await sql.query<Drift>(MEND, [id, period, tenant ?? null, key ?? null, tag ?? null, provider ?? null]);
      return [...left.map(({ amount }) => ({ period, spent: '0', reserved: new Decimal(amount).neg().toFixed() })), ...drifts];
    });
  }

  /** Thresholds that were passed and that nobody told of yet, in this period: whoever gets them tells. */
  async alert(budget: Budget, { period, spent }: BudgetState, refused: boolean): Promise<readonly number[]> {
    const passed = budget.alerts.filter((threshold) => (refused && threshold === 100) || (new Decimal(spent).gt(0) && new Decimal(spent).mul(100).gte(new Decimal(budget.limit.amount).mul(threshold))));
    const news = passed.filter((threshold) => !this.told.has(`${budget.id} ${period} ${threshold}`));
    if (news.length === 0) return [];
    const rows = await this.database.query<{ threshold: number }>('INSERT INTO budget_alert (budget, period, threshold) SELECT $1, $2, unnest($3::int[]) ON CONFLICT DO NOTHING RETURNING threshold', [budget.id, period, news]);
    for (const threshold of news) this.told.add(`${budget.id} ${period} ${threshold}`);
    return rows.map(({ threshold }) => threshold).sort((one, other) => one - other);
  }
}
