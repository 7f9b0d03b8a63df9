import { Decimal } from 'decimal.js';
import type { Routing } from '../conversion/job-graph.js';
import type { Decision, PlannedPart, ProviderQuote } from './decision-record.js';
import type { Price } from './pricing.js';

interface Outcome extends Pick<Decision, 'winner' | 'quotes' | 'plan'> {
  readonly routing: Pick<Routing, 'prefer'>;
  readonly currency: string;
  readonly total: Price | null;
  /** False: prices had no say. */
  readonly byPrice: boolean;
}

/** A decision in one sentence, for people: "fast: 0.012 USD against 0.020 at thorough.". */
export function summaryOf({ winner, total, quotes, plan, byPrice, routing, currency }: Outcome): string {
  if (winner === null) return quotes.length === 0 ? 'No provider is configured.' : `Nobody can run it: ${quotes.map(whyNot).join('; ')}.`;
  const who = winner === 'split' ? `split, ${plan.map(share).join(', then ')}` : winner;
  const others = quotes.filter(({ provider, eligible }) => eligible && provider !== winner);
  const left = quotes.filter(({ provider, eligible }) => !eligible && !plan.some((part) => part.provider === provider));
  const why = byPrice ? '' : `, ${routing.prefer.length > 0 ? 'as preferred' : 'by priority'}`;
  return `${who}${why}: ${total === null ? 'at a price that is not known' : `${figure(total.amount)} ${currency}`}${against(others, total !== null)}${left.map((quote) => `; not ${whyNot(quote)}`).join('')}.`;
}

const share = ({ provider, steps }: PlannedPart): string => `${steps.map((id) => `"${id}"`).join(' and ')} at ${provider}`;
const whyNot = ({ provider, reasons }: ProviderQuote): string => `${provider}, ${(reasons[0]?.message ?? 'it cannot').replace(/\.$/, '')}`;

function against(others: readonly ProviderQuote[], priced: boolean): string {
  if (others.length === 0) return '';
  const said = others.map(({ provider, cost: { amount } }) => `${amount === null ? 'a price that is not known' : figure(new Decimal(amount))} at ${provider}`);
  return ` ${priced ? 'against' : 'beside'} ${said.join(' and ')}`;
}

/** At least three digits behind the point, so that small prices can be compared at a glance. */
const figure = (amount: Decimal): string => amount.toDecimalPlaces(8).toFixed(Math.min(8, Math.max(3, amount.decimalPlaces())));
