import { Decimal } from 'decimal.js';
import { moneyText } from '../conversion/money.js';
import { Problem } from '../http/problem.js';

export const PERIODS = ['day', 'month', 'total'] as const;
export type Period = (typeof PERIODS)[number];

/** What may be spent in a period by whoever it is for; what it does not name, it is for all of. */
export interface Budget {
  /** Its scope and period: the same as long as these are. */
  readonly id: string;
  readonly tenant?: string | undefined;
  readonly key?: string | undefined;
  readonly tag?: string | undefined;
  readonly provider?: string | undefined;
  readonly period: Period;
  /** In the common currency. */
  readonly limit: { readonly amount: string; readonly currency: string };
  /** In percent. */
  readonly alerts: readonly number[];
}

/** Whose job it is. */
export interface Payer {
  readonly tenant: string;
  readonly key: string;
  readonly tag: string | null;
}

/** What a stage may cost, and where. */
export interface Planned {
  readonly id: string;
  readonly provider: string;
  readonly prices: readonly { readonly amount: string | null; readonly most: string | null }[];
}

/** How a budget stands now. */
export interface BudgetState {
  readonly period: string;
  readonly spent: string;
  readonly reserved: string;
  /** ISO 8601; null: never. */
  readonly renewsAt: string | null;
}

export function nameOf({ period, ...scope }: Omit<Budget, 'id' | 'limit' | 'alerts'>): string {
  const named = (['tenant', 'key', 'tag', 'provider'] as const).flatMap((field) => (scope[field] === undefined ? [] : [`${field}=${scope[field]}`]));
  return `${named.length === 0 ? 'all' : named.join(',')}/${period}`;
}

/** Those that a payer's jobs count against, wherever they run; in the order in which everybody takes them. */
export function budgetsFor(budgets: readonly Budget[], payer: Payer): readonly Budget[] {
  return budgets.filter(({ tenant, key, tag }) => (tenant ?? payer.tenant) === payer.tenant && (key ?? payer.key) === payer.key && (tag ?? payer.tag) === payer.tag);
}

export const coversProvider = ({ provider }: Budget, at: string): boolean => (provider ?? at) === at;

/** The upper end of what a stage may cost; what is expected, where nobody knows the end; nothing, where nobody knows that either. */
export function mostOf({ prices }: Pick<Planned, 'prices'>): Decimal {
  return prices.reduce((sum, { amount, most }) => sum.add(most ?? amount ?? 0), new Decimal(0));
}

export function leftOf({ limit }: Budget, { spent, reserved }: Pick<BudgetState, 'spent' | 'reserved'>): Decimal {
  return Decimal.max(0, new Decimal(limit.amount).sub(spent).sub(reserved));
}

/** In words: what is left of it, what was wanted, and when it begins anew. */
export function usedUp(budget: Budget, state: BudgetState, wanted: Decimal | null): string {
  const { currency } = budget.limit;
  const left = moneyText({ amount: leftOf(budget, state).toFixed(), currency });
  const want = wanted === null ? '' : `, and this may cost ${moneyText({ amount: wanted.toFixed(), currency })}`;
  return `Of the budget "${budget.id}" of ${moneyText(budget.limit)} ${left} are left${want}. ${state.renewsAt === null ? 'It does not renew.' : `It renews at ${state.renewsAt}.`}`;
}

/** Nothing was reserved of any budget. */
export class BudgetRefused extends Problem {
  constructor(
    readonly budget: Budget,
    readonly state: BudgetState,
    wanted: Decimal,
  ) {
    super('budget_exceeded', usedUp(budget, state, wanted));
  }
}
