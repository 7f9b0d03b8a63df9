import { Decimal } from 'decimal.js';
import type { Money } from '../conversion/job-graph.js';
import { amountText, moneyText } from '../conversion/money.js';
import { decideRoute, type DecisionFacts } from './decision.js';
import type { Decision } from './decision-record.js';
import type { Plan } from './plan.js';

/** The most that a plan may cost, in the common currency. */
export interface Ceiling {
  readonly amount: string;
  readonly currency: string;
}

/** The lower of two; null: none. */
export function lower(one: Ceiling | null, other: Ceiling | null): Ceiling | null {
  if (one === null || other === null) return one ?? other;
  return new Decimal(other.amount).lt(one.amount) ? other : one;
}

/** `above`: there are plans, and this is what the cheapest of them would cost. */
export type Decided = Plan & { readonly decision: Decision; readonly above?: Money };

/**
 * The strategy's choice among the plans that cost no more than that: its own if it is one of them; else without the providers that are too dear for all of
 * it; else the cheapest there is. It is what a plan is expected to cost that counts.
 */
export function decideWithin(facts: DecisionFacts, ceiling: Ceiling | null): Decided {
  if (ceiling === null) return decideRoute(facts);
  const priced = { ...facts, priced: true };
  const first = decideRoute(priced);
  if (!('stages' in first) || fits(first.decision, ceiling)) return told(first, ceiling);
  const dear = first.decision.quotes.filter(({ cost }) => isAbove(cost, ceiling)).map(({ provider, cost }) => ({ provider, code: 'max_cost' as const, message: tooDear(cost, ceiling) }));
  const second = decideRoute({ ...priced, exclusions: [...facts.exclusions, ...dear] });
  if ('stages' in second && fits(second.decision, ceiling)) return told(second, ceiling);
  const { strategy } = facts.routing;
  const cheapest = decideRoute({ ...priced, routing: { ...facts.routing, strategy: 'cheapest', prefer: [] } });
  if ('stages' in cheapest && fits(cheapest.decision, ceiling)) return told({ ...cheapest, decision: { ...cheapest.decision, strategy } }, ceiling);
  const above = totalOf(cheapest.decision) ?? { amount: null, currency: ceiling.currency };
  const summary = `Nobody can run it for ${moneyText(ceiling)}: the cheapest would be ${moneyText(above)}, ${cheapest.decision.winner === 'split' ? 'split' : `at ${cheapest.decision.winner ?? 'nobody'}`}.`;
  return told({ refusals: [], decision: { ...cheapest.decision, strategy, winner: null, plan: [], summary }, above }, ceiling);
}

/** Of a plan as a whole; null as soon as a part of it has no price. */
export function totalOf({ plan }: Pick<Decision, 'plan'>): Money | null {
  const [first] = plan;
  if (first === undefined || plan.some(({ cost }) => cost.amount === null)) return null;
  return { amount: amountText(Decimal.sum(...plan.map(({ cost }) => cost.amount ?? 0))), currency: first.cost.currency };
}

const fits = (decision: Decision, ceiling: Ceiling): boolean => {
  const total = totalOf(decision);
  return total !== null && !isAbove(total, ceiling);
};

const isAbove = ({ amount }: Money, ceiling: Ceiling): boolean => amount !== null && new Decimal(amount).gt(ceiling.amount);
const tooDear = (cost: Money, ceiling: Ceiling): string => `It would cost ${moneyText(cost)} there, and ${moneyText(ceiling)} may be spent.`;

/** Whoever would be too dear for all of it is not eligible, though he may have a part of a split plan. */
function told(decided: Decided, ceiling: Ceiling): Decided {
  const quotes = decided.decision.quotes.map((quote) => {
    if (!isAbove(quote.cost, ceiling) || quote.reasons.some(({ code }) => code === 'max_cost')) return quote;
    return { ...quote, eligible: false, reasons: [...quote.reasons, { code: 'max_cost', message: tooDear(quote.cost, ceiling) }] };
  });
  return { ...decided, decision: { ...decided.decision, quotes } };
}
