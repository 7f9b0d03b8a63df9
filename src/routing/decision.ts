import type { Decimal } from 'decimal.js';
import type { Money, Routing } from '../conversion/job-graph.js';
import { amountText } from '../conversion/money.js';
import type { Decision, ProviderQuote } from './decision-record.js';
import type { Exclusion } from './filters.js';
import { choose } from './choose.js';
import type { Draw } from './draw.js';
import { fitAll, longest, sumOf, type Fit, type Fits } from './fit.js';
import type { Plan } from './plan.js';
import type { Candidate, PlanStep } from './plan-step.js';
import type { Price } from './pricing.js';
import type { Weights } from './rank.js';
import { summaryOf } from './summary.js';

/** All that a decision is made from. */
export interface DecisionFacts {
  readonly steps: readonly PlanStep[];
  /** Every provider, in the order that settles ties. */
  readonly candidates: readonly Candidate[];
  readonly exclusions: readonly Exclusion[];
  readonly routing: Pick<Routing, 'strategy' | 'prefer'> & Partial<Pick<Routing, 'maxAttempts' | 'deadlineSeconds'>>;
  /** The provider that alone may run a step, by the step's id. */
  readonly bound?: Readonly<Record<string, string>>;
  readonly currency: string;
  /** Who has no price for a step may not run it. */
  readonly priced?: boolean;
  /** What `balanced` balances by; evenly where nothing is said. */
  readonly weights?: Weights;
  /** The job's own chance; without it nothing is left to chance. */
  readonly draw?: Draw;
}

/** Quotes and decisions are made here, and nowhere else: from the same facts they are the same. */
export function decideRoute(facts: DecisionFacts): Plan & { readonly decision: Decision } {
  const { steps, candidates, exclusions, routing, currency } = facts;
  const fits = fitAll(steps, candidates, facts.bound, facts.priced);
  const asked = inOrder(candidates.filter(({ id }) => !exclusions.some(({ provider }) => provider === id)), routing.prefer);
  // A provider that the caller prefers is taken whatever else speaks for others.
  const preferred = asked.some(({ id }) => routing.prefer.includes(id) && steps.some((step) => fitOf(fits, step.id, id)?.refusal === null));
  const cautious = facts.bound !== undefined || exclusions.some(({ code }) => code === 'tried');
  const { made, measured, exploration } = choose(asked, { ...facts, fits, cautious, routing: preferred ? { strategy: 'priority' } : routing });
  const quotes = candidates.map((candidate) => quoteOf(candidate, facts, fits));
  const parts = 'stages' in made ? made.stages.map(({ provider, stepIds }, index) => ({ stage: index + 1, provider, steps: stepIds, price: sumOf(stepIds.map((id) => fitOf(fits, id, provider)?.price ?? null)) })) : [];
  const winners = new Set(parts.map(({ provider }) => provider));
  const winner = winners.size > 1 ? 'split' : (parts[0]?.provider ?? null);
  const shown = parts.map(({ price, ...part }) => ({ ...part, cost: toMoney(price, currency) }));
  const how = { strategy: routing.strategy, preferred, exploration, records: measured ? recordsOf(steps, asked, fits) : new Map<string, string>() };
  const summary = summaryOf({ winner, total: sumOf(parts.map(({ price }) => price)), quotes, plan: shown, how, currency });
  return { ...made, decision: { strategy: routing.strategy, winner, summary, quotes, plan: shown, ...(exploration ? { exploration } : {}) } };
}

function inOrder(candidates: readonly Candidate[], prefer: readonly string[]): readonly Candidate[] {
  const rank = ({ id }: Candidate): number => (prefer.includes(id) ? prefer.indexOf(id) : prefer.length);
  return [...candidates].sort((one, other) => rank(one) - rank(other));
}

/** What it would cost there counts even if it may not run: then one sees what a wish of the caller's costs. */
function quoteOf({ id }: Candidate, { steps, exclusions, currency }: DecisionFacts, fits: Fits): ProviderQuote {
  const own = steps.flatMap((step) => fitOf(fits, step.id, id) ?? []);
  const refusals = own.flatMap(({ refusal }) => refusal ?? []);
  const able = refusals.length === 0;
  const price = able ? sumOf(own.map((fit) => fit.price)) : null;
  const cost = toMoney(price, currency);
  const end = (amount: Decimal | null, { amount: middle }: Price): Money => (amount === middle ? cost : { amount: amount === null ? null : amountText(amount), currency });
  const excluded = exclusions.filter(({ provider }) => provider === id);
  // What holds of the provider as a whole is not said again of each step.
  const refused = refusals.filter(({ code }) => !excluded.some((exclusion) => exclusion.code === code)).map(({ code, reason, step }) => ({ code, message: steps.length > 1 ? `"${step}": ${reason}` : reason }));
  const reasons = [...excluded, ...refused];
  return {
    provider: id,
    eligible: reasons.length === 0,
    reasons: reasons.map(({ code, message }) => ({ code, message })),
    cost,
    costRange: price === null ? null : { min: end(price.least, price), max: end(price.most, price) },
    basis: price === null || steps.length === 0 ? 'none' : price.basis,
    seconds: able ? longest(steps, own) : null,
    losses: able ? own.flatMap(({ losses }) => losses) : [],
  };
}

/** What failed lately of what the steps need, in words, by provider. */
function recordsOf(steps: readonly PlanStep[], asked: readonly Candidate[], fits: Fits): ReadonlyMap<string, string> {
  return new Map(asked.flatMap(({ id }) => {
    const records = new Map(steps.map((step) => [step.wishes[0]?.operation, fitOf(fits, step.id, id)?.record]));
    const known = [...records.values()].filter((record) => record != null);
    const failed = Math.round(known.reduce((sum, record) => sum + record.failed, 0));
    return failed === 0 ? [] : [[id, `of ${failed + Math.round(known.reduce((sum, record) => sum + record.ok, 0))} attempts ${failed} failed`] as const];
  }));
}

const fitOf = (fits: Fits, step: string, provider: string): Fit | undefined => fits.get(step)?.find(({ candidate }) => candidate.id === provider);
const toMoney = (price: Price | null, currency: string): Money => ({ amount: price === null ? null : amountText(price.amount), currency });
