import { BudgetRefused } from '../accounts/budget.js';
import type { SpentOut } from '../accounts/spending.js';
import { Problem } from '../http/problem.js';
import type { Route } from '../routing/router.service.js';

/** Writes the first plan that the budgets pay for: a provider whose budget does not reach is left out, and the job planned without it. */
export async function withinBudgets<Plan, Made>(first: Plan, write: (plan: Plan) => Promise<Made>, without: (out: readonly SpentOut[]) => Plan): Promise<Made> {
  const out: SpentOut[] = [];
  for (let plan = first; ; plan = without(out)) {
    try {
      return await write(plan);
    } catch (error) {
      if (!(error instanceof BudgetRefused) || error.budget.provider === undefined) throw error;
      out.push({ provider: error.budget.provider, code: 'budget', message: error.detail });
    }
  }
}

/** Whether it is money alone that nobody runs it for: what is left of which budgets. `freely`: the route as if there were none. */
export function unpaid({ exclusions }: Pick<Route, 'exclusions'>, freely: () => Route): Problem | null {
  const spentOut = exclusions.filter(({ code }) => code === 'budget');
  if (spentOut.length === 0 || !('stages' in freely())) return null;
  return new Problem('budget_exceeded', [...new Set(spentOut.map(({ message }) => message))].join(' '));
}
