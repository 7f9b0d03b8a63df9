import { Decimal } from 'decimal.js';
import type { Sql } from '../platform/sql.js';
import type { Transaction } from '../platform/transaction.js';
import { BudgetRefused, budgetsFor, coversProvider, leftOf, mostOf, usedUp, type Budget, type BudgetState, type Payer, type Planned } from './budget.js';
import { GIVE_BACK_JOB, GIVE_BACK_STAGES, HOLD_BUDGETS, KEEP_RESERVED, OPEN, RESERVE, spend, STATES } from './budget-sql.js';

export type CountCost = (provider: string, currency: string, amount: number) => void;

/** A provider that a payer's budget for it keeps out. */
export interface SpentOut {
  readonly provider: string;
  readonly code: 'budget';
  readonly message: string;
}

/** What becomes of money besides the ledger: budgets, which reserve before a job is taken and count what attempts cost. Where no budget matches, nothing is asked of the database. */
export class Spending {
  /** How this process knows the budgets to stand; the reservation itself is exact. */
  private board: ReadonlyMap<string, BudgetState> = new Map();
  /** Budgets that refused somebody since they were last looked at. */
  private readonly refusals = new Set<string>();

  constructor(
    private readonly count: CountCost = () => undefined,
    readonly budgets: readonly Budget[] = [],
  ) {}

  /** Once it is committed. A counter only grows: what turns out to have cost less is seen in the ledger alone. */
  counted(provider: string, rows: readonly { readonly amount: string | null; readonly currency: string | null }[]): void {
    for (const { amount, currency } of rows) if (amount !== null && currency !== null && new Decimal(amount).gt(0)) this.count(provider, currency, Number(amount));
  }

  of(payer: Payer): readonly Budget[] {
    return this.budgets.length === 0 ? [] : budgetsFor(this.budgets, payer);
  }

  put(board: ReadonlyMap<string, BudgetState>): void {
    this.board = board;
  }

  takeRefusals(): readonly string[] {
    const refused = [...this.refusals];
    this.refusals.clear();
    return refused;
  }

  /** Providers whose budgets are used up, as far as this process knows. */
  out(payer: Payer): readonly SpentOut[] {
    return this.of(payer).flatMap((budget) => {
      const state = this.board.get(budget.id);
      return budget.provider === undefined || state === undefined || leftOf(budget, state).gt(0) ? [] : [{ provider: budget.provider, code: 'budget' as const, message: usedUp(budget, state, null) }];
    });
  }

  /** First of all that a transaction does to budgets. */
  hold(sql: Transaction, payer: Payer, jobId: string): void {
    const own = this.of(payer);
    if (own.length > 0) sql.later(HOLD_BUDGETS, [...columns(own), jobId]);
  }

  /**
   * Reserves what stages may cost, all of it or nothing. `instead`: what was reserved for those is given back first, and as much of it may be reserved again
   * whatever is left. Throws `BudgetRefused`: then the transaction, or its savepoint, is to be rolled back.
   */
  async reserve(sql: Transaction, payer: Payer, jobId: string, stages: readonly Planned[], instead: readonly string[] = []): Promise<void> {
    const own = this.of(payer);
    if (own.length === 0) return;
    if (instead.length > 0) this.hold(sql, payer, jobId);
    const given = instead.length === 0 ? [] : await sql.query<{ budget: string; amount: string }>(GIVE_BACK_STAGES, [instead]);
    const demands = own.flatMap((budget) => {
      const rows = stages.filter(({ provider }) => coversProvider(budget, provider)).map((stage) => ({ stage: stage.id, budget: budget.id, kind: budget.period, amount: mostOf(stage).toFixed() }));
      const wanted = Decimal.sum(0, ...rows.map(({ amount }) => amount));
      return wanted.isZero() ? [] : [{ budget, rows, wanted, given: Decimal.sum(0, ...given.filter((one) => one.budget === budget.id).map(({ amount }) => amount)) }];
    });
    for (const demand of demands) await this.take(sql, demand);
    if (demands.length > 0) sql.later(KEEP_RESERVED, [jobId, JSON.stringify(demands.flatMap(({ rows }) => rows))]);
  }

  /** The same within a transaction that goes on where it is refused: as if nothing had been tried. */
  async tryReserve(sql: Transaction, payer: Payer, jobId: string, stages: readonly Planned[], instead: readonly string[]): Promise<BudgetRefused | null> {
    if (this.of(payer).length === 0) return null;
    await sql.query('SAVEPOINT reserving');
    try {
      await this.reserve(sql, payer, jobId, stages, instead);
      return null;
    } catch (error) {
      if (!(error instanceof BudgetRefused)) throw error;
      await sql.query('ROLLBACK TO SAVEPOINT reserving');
      return error;
    }
  }

  /** What its stages had reserved. */
  release(sql: Transaction, payer: Payer, stageIds: readonly string[]): void {
    if (this.of(payer).length > 0) sql.later(GIVE_BACK_STAGES, [stageIds]);
  }

  /** All that a job had reserved, whosever it is. */
  releaseJob(sql: Transaction, jobId: string): void {
    if (this.budgets.length === 0) return;
    sql.later(HOLD_BUDGETS, [[], [], jobId]);
    sql.later(GIVE_BACK_JOB, [jobId]);
  }

  /** Ids and kinds of period of the budgets that pay for work at a provider. */
  payingAt(payer: Payer, provider: string): readonly [ids: readonly string[], kinds: readonly string[]] | null {
    const own = this.of(payer).filter((budget) => coversProvider(budget, provider));
    return own.length === 0 ? null : columns(own);
  }

  /** What is booked late. */
  async spendLate(sql: Transaction, payer: Payer, provider: string, jobId: string, amount: Decimal): Promise<void> {
    const paying = this.payingAt(payer, provider);
    if (paying === null || amount.isZero()) return;
    this.hold(sql, payer, jobId);
    await sql.query(SPEND_LATE, [amount.toFixed(), ...paying]);
  }

  private async take(sql: Sql, { budget, wanted, given }: { readonly budget: Budget; readonly wanted: Decimal; readonly given: Decimal }): Promise<void> {
    const reserve = () => sql.query<object>(RESERVE, [budget.id, budget.period, budget.limit.amount, wanted.toFixed(), given.toFixed()]);
    if ((await reserve()).length > 0) return;
    let [state] = await sql.query<BudgetState>(STATES, columns([budget]));
    if (state === undefined) {
      await sql.query(OPEN, columns([budget]));
      if ((await reserve()).length > 0) return;
      [state] = await sql.query<BudgetState>(STATES, columns([budget]));
    }
    this.refusals.add(budget.id);
    throw new BudgetRefused(budget, state ?? { period: '', spent: '0', reserved: '0', renewsAt: null }, wanted);
  }
}

export const columns = (budgets: readonly Budget[]): readonly [ids: readonly string[], kinds: readonly string[]] => [budgets.map(({ id }) => id), budgets.map(({ period }) => period)];

const SPEND_LATE = spend('$1', '$2', '$3');
