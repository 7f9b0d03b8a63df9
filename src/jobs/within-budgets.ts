import { Decimal } from 'decimal.js';
import { BudgetRefused, leftOf } from '../accounts/budget.js';
import type { SpentOut } from '../accounts/spending.js';
import { Problem } from '../http/problem.js';
import type { Ceiling } from '../routing/ceiling.js';
import type { Route } from '../routing/router.service.js';

/** What budgets leave of the choice. */
export interface Means {
  /** Providers whose budgets do not reach. */
  readonly out: readonly SpentOut[];
  /** What is left of the least of the other budgets that did not reach. */
  readonly left: Ceiling | null;
}

export const NO_BOUNDS: Means = { out: [], left: null };

/**
 * Writes the first plan that the budgets pay for: a provider whose budget does not reach is left out, and where another budget does not reach a plan is asked
 * for that costs no more than is left of it. `plan` gives null where there is none, and then that budget's refusal is the answer.
 */
export async function withinBudgets<Plan, Made>(write: (plan: Plan) => Promise<Made>, plan: (means: Means) => Plan | null): Promise<Made> {
  let means = NO_BOUNDS;
  let refused: unknown = null;
  for (;;) {
    const made = plan(means);
    if (made === null) throw refused;
    try {
      return await write(made);
    } catch (error) {
      if (!(error instanceof BudgetRefused)) throw error;
      const less = lessThan(means, error);
      if (less === null) throw error;
      [means, refused] = [less, error];
    }
  }
}

/** Null where no plan could do with less: the same was left when this one was asked for. */
function lessThan({ out, left }: Means, { budget, state, detail }: BudgetRefused): Means | null {
  if (budget.provider !== undefined) return { out: [...out, { provider: budget.provider, code: 'budget', message: detail }], left };
  const rest = leftOf(budget, state);
  return rest.lte(0) || (left !== null && rest.gte(new Decimal(left.amount))) ? null : { out, left: { amount: rest.toFixed(), currency: budget.limit.currency } };
}

/** Whether it is money alone that nobody runs it for: what is left of which budgets. `freely`: the route as if there were none. */
export function unpaid({ exclusions }: Pick<Route, 'exclusions'>, freely: () => Route): Problem | null {
  const spentOut = exclusions.filter(({ code }) => code === 'budget');
  if (spentOut.length === 0 || !('stages' in freely())) return null;
  return new Problem('budget_exceeded', [...new Set(spentOut.map(({ message }) => message))].join(' '));
}
