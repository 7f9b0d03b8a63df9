import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { Decimal } from 'decimal.js';
import { Database } from '../platform/database.js';
import { Listener } from '../platform/listener.js';
import { LookOut } from '../platform/look-out.js';
import { Metrics } from '../platform/metrics.js';
import { BudgetStore } from './budget-store.js';
import { Spending } from './spending.js';

/** Where it is told that a budget refused somebody. */
const BUDGET_CHANNEL = 'conversion_budget';

const LOOK_MS = 1000;
/** So often what stands there is held against the ledger and the reservations, and periods to come are opened. */
const MEND_EVERY = 60;

/** Keeps this process's view of the budgets as they stand in the database, tells when one is nearly used up, and sees to it that what they say is what was spent. */
@Injectable()
export class BudgetLoader implements BeforeApplicationShutdown {
  private readonly log = new Logger('budgets');
  private readonly lookOut = new LookOut(() => this.refresh(), () => LOOK_MS, this.log);
  private looks = 0;

  constructor(
    private readonly store: BudgetStore,
    private readonly spending: Spending,
    private readonly metrics: Metrics,
    private readonly listener: Listener,
    private readonly database: Database,
  ) {}

  /** The first look is waited for: a budget that is new counts what was spent before. */
  async start(): Promise<void> {
    if (this.spending.budgets.length === 0) return;
    this.listener.on(BUDGET_CHANNEL, () => this.lookOut.now());
    await this.lookOut.start();
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.lookOut.stop();
  }

  async refresh(): Promise<void> {
    const { budgets } = this.spending;
    if (this.looks % MEND_EVERY === 0) await this.mend();
    this.looks += 1;
    const states = await this.store.states(budgets);
    this.spending.put(states);
    const refused = this.spending.takeRefusals();
    for (const budget of budgets) {
      const state = states.get(budget.id);
      if (state === undefined) continue;
      this.metrics.budgetUsed.set({ budget: budget.id }, Number(new Decimal(state.spent).div(Decimal.max(budget.limit.amount, '0.00000001'))));
      // Whoever was refused was told that it is used up: what is left may be too little for anything.
      for (const threshold of await this.store.alert(budget, state, refused.includes(budget.id))) {
        this.log.warn({ budget: budget.id, period: state.period, threshold, spent: state.spent, limit: budget.limit.amount, currency: budget.limit.currency, msg: `The budget "${budget.id}" is used up to ${threshold} %.` });
      }
    }
    if (refused.length > 0) this.database.tell(BUDGET_CHANNEL, '');
  }

  private async mend(): Promise<void> {
    const { budgets } = this.spending;
    const isNew = new Set(await this.store.open(budgets));
    for (const budget of budgets) {
      const drifts = await this.store.mend(budget);
      if (drifts.length > 0 && !isNew.has(budget.id)) this.log.warn({ budget: budget.id, drifts, msg: 'A budget did not say what was spent and reserved. It does now.' });
    }
  }
}
