import { z } from 'zod';
import { inCommon, type Currencies } from '../conversion/money.js';
import { nameOf, PERIODS, type Budget } from './budget.js';

const word = z.string().min(1).max(128).optional();
const percent = z.number().int('must be a whole number of percent').min(1, 'must be a percentage above 0').max(100, 'must be at most 100, in percent');

/** As the configuration says it. */
export const budgetConfig = z.strictObject({
  tenant: word,
  key: word,
  tag: word,
  provider: word,
  period: z.enum(PERIODS, `must be one of ${PERIODS.join(', ')}`),
  limit: z.strictObject({
    amount: z.string().regex(/^\d{1,12}(\.\d{1,8})?$/, 'must be a decimal number that is not negative, as text, such as "200.00"'),
    currency: z.string().regex(/^[A-Z]{3}$/, 'must be a currency code such as "USD"'),
  }),
  alerts: z.array(percent).default([50, 80, 100]),
});

/** In the common currency, and in the order in which everybody takes them. `wrong`: with its pointer, and the mend. */
export function toBudgets(said: readonly z.output<typeof budgetConfig>[], money: Currencies, providers: readonly string[]): { readonly budgets: readonly Budget[] } | { readonly wrong: string } {
  const budgets: Budget[] = [];
  for (const [index, budget] of said.entries()) {
    const { limit, provider } = budget;
    const common = inCommon(limit, money);
    const id = nameOf(budget);
    if (common === null) return { wrong: `/budgets/${index}/limit/currency: ${limit.currency} cannot be compared with ${money.currency} without a rate; add "rates": { "${limit.currency}": "…" }, what one ${limit.currency} is worth in ${money.currency}.` };
    if (provider !== undefined && !providers.includes(provider)) return { wrong: `/budgets/${index}/provider: there is no provider "${provider}"; configured are ${providers.join(', ')}.` };
    if (budgets.some((other) => other.id === id)) return { wrong: `/budgets/${index}: there is one of the same scope and period already, "${id}"; leave one of them out.` };
    budgets.push({ ...budget, id, limit: common });
  }
  return { budgets: budgets.sort((one, other) => (one.id < other.id ? -1 : 1)) };
}
