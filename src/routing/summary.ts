import { Decimal } from 'decimal.js';
import type { Strategy } from '../conversion/job-graph.js';
import type { Decision, PlannedPart, ProviderQuote } from './decision-record.js';
import type { Price } from './pricing.js';

interface Outcome extends Pick<Decision, 'winner' | 'quotes' | 'plan'> {
  readonly currency: string;
  readonly total: Price | null;
  readonly how: How;
}

/** What a decision was made by. */
interface How {
  readonly strategy: Strategy;
  /** The caller named the providers that come first. */
  readonly preferred: boolean;
  readonly exploration: boolean;
  /** What failed lately, by provider; empty where it decided nothing. */
  readonly records: ReadonlyMap<string, string>;
}

const CHOSEN: Readonly<Record<Strategy, string>> = {
  cheapest: '', fastest: 'expected to be the fastest', 'most-reliable': 'the most reliable', balanced: 'the best by price, speed and reliability', priority: 'by priority', weighted: 'drawn by weight',
};

/** A decision in one sentence, for people: "fast: 0.012 USD against 0.020 at thorough.". */
export function summaryOf({ winner, total, quotes, plan, how, currency }: Outcome): string {
  if (winner === null) return quotes.length === 0 ? 'No provider is configured.' : `Nobody can run it: ${quotes.map(whyNot).join('; ')}.`;
  const who = winner === 'split' ? `split, ${plan.map(share).join(', then ')}` : winner;
  const others = quotes.filter(({ provider, eligible }) => eligible && provider !== winner);
  const left = quotes.filter(({ provider, eligible }) => !eligible && !plan.some((part) => part.provider === provider));
  const why = how.exploration ? 'to find out how it does by now' : how.preferred ? 'as preferred' : CHOSEN[how.strategy];
  const price = total === null ? 'at a price that is not known' : `${figure(total.amount)} ${currency}`;
  const told = (quote: ProviderQuote): string => `${how.strategy === 'fastest' && !how.preferred ? ` in ${quote.seconds ?? 0} s` : ''}${recordOf(quote.provider, how)}`;
  const own = quotes.find(({ provider }) => provider === winner);
  return `${who}${why === '' ? '' : `, ${why}`}: ${price}${own === undefined ? '' : told(own)}${against(others, total !== null, told)}${left.map((quote) => `; not ${whyNot(quote)}`).join('')}.`;
}

const share = ({ provider, steps }: PlannedPart): string => `${steps.map((id) => `"${id}"`).join(' and ')} at ${provider}`;
const whyNot = ({ provider, reasons }: ProviderQuote): string => `${provider}, ${(reasons[0]?.message ?? 'it cannot').replace(/\.$/, '')}`;

function recordOf(provider: string, { records }: How): string {
  const record = records.get(provider);
  return record === undefined ? '' : ` (${record})`;
}

function against(others: readonly ProviderQuote[], priced: boolean, told: (quote: ProviderQuote) => string): string {
  if (others.length === 0) return '';
  const said = others.map((quote) => `${quote.cost.amount === null ? 'a price that is not known' : figure(new Decimal(quote.cost.amount))} at ${quote.provider}${told(quote)}`);
  return ` ${priced ? 'against' : 'beside'} ${said.join(' and ')}`;
}

/** At least three digits behind the point, so that small prices can be compared at a glance. */
const figure = (amount: Decimal): string => amount.toDecimalPlaces(8).toFixed(Math.min(8, Math.max(3, amount.decimalPlaces())));
