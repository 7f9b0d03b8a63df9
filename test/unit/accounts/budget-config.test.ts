import { budgetConfig, toBudgets } from '../../../src/accounts/budget-config.js';
import { budgetsFor, mostOf } from '../../../src/accounts/budget.js';

const MONEY = { currency: 'USD', rates: { EUR: '1.2' } };
const usd = (amount = '200.00') => ({ amount, currency: 'USD' });
const read = (...said: object[]) => toBudgets(said.map((one) => budgetConfig.parse(one)), MONEY, ['fast', 'slow']);
const wrongAt = (said: object) => {
  const issue = budgetConfig.safeParse(said).error?.issues[0];
  return [issue?.path.join('/'), issue?.message];
};

it('a budget is known by its scope and period, in the common currency, and alerts by default', () => {
  expect(read({ tenant: 'billing', period: 'month', limit: usd() }, { period: 'day', limit: { amount: '10', currency: 'EUR' }, alerts: [90] })).toEqual({
    budgets: [
      { id: 'all/day', period: 'day', limit: { amount: '12', currency: 'USD' }, alerts: [90] },
      { id: 'tenant=billing/month', tenant: 'billing', period: 'month', limit: { amount: '200', currency: 'USD' }, alerts: [50, 80, 100] },
    ],
  });
});

it.each<[string, object[], RegExp]>([
  ['a currency without a rate', [{ period: 'day', limit: { amount: '1', currency: 'GBP' } }], /^\/budgets\/0\/limit\/currency: GBP .* add "rates": \{ "GBP": "…" \}/],
  ['a provider that there is not', [{ provider: 'other', period: 'day', limit: usd() }], /^\/budgets\/0\/provider: there is no provider "other"; configured are fast, slow/],
  ['the same twice', [{ period: 'day', limit: usd() }, { period: 'day', limit: usd('5') }], /^\/budgets\/1: there is one of the same scope/],
])('%s is refused at its place, with the mend', (_, said, message) => {
  expect(read(...said)).toEqual({ wrong: expect.stringMatching(message) as string });
});

it.each<[string, object, string]>([
  ['a negative limit', { period: 'day', limit: usd('-1') }, 'limit/amount'],
  ['a limit that is a number', { period: 'day', limit: { amount: 5, currency: 'USD' } }, 'limit/amount'],
  ['a period that there is not', { period: 'week', limit: usd() }, 'period'],
  ['an alert above all of it', { period: 'day', limit: usd(), alerts: [120] }, 'alerts/0'],
])('%s is refused', (_, said, pointer) => {
  expect(wrongAt(said)[0]).toBe(pointer);
});

it('a job counts against every budget that its tenant, key and tag are in, whatever the provider', () => {
  const made = read({ period: 'day', limit: usd() }, { tenant: 'a', period: 'day', limit: usd() }, { tenant: 'b', period: 'day', limit: usd() }, { tag: 't', provider: 'fast', period: 'day', limit: usd() }, { key: 'k', period: 'day', limit: usd() });
  if ('wrong' in made) throw new Error(made.wrong);
  expect(budgetsFor(made.budgets, { tenant: 'a', key: 'admin', tag: 't' }).map(({ id }) => id)).toEqual(['all/day', 'tag=t,provider=fast/day', 'tenant=a/day']);
  expect(budgetsFor(made.budgets, { tenant: 'c', key: 'k', tag: null }).map(({ id }) => id)).toEqual(['all/day', 'key=k/day']);
});

it('what is reserved is the upper end of what it may cost; what is expected, where that is not known', () => {
  const of = (...prices: { amount: string | null; most: string | null }[]) => mostOf({ prices }).toFixed();
  expect([of({ amount: '0.02', most: '0.05' }, { amount: '0.01', most: '0.01' }), of({ amount: '0.02', most: null }), of({ amount: null, most: null })]).toEqual(['0.06', '0.02', '0']);
});
