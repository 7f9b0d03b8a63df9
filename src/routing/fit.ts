import { Decimal } from 'decimal.js';
import { OPERATIONS } from '../conversion/operations.js';
import type { Offer } from '../conversion/provider.js';
import type { Loss } from '../conversion/unified-options.js';
import { pointerOf } from './option-check.js';
import type { Candidate, Hope, PlanStep, Reliability } from './plan-step.js';
import { BASES, type Price } from './pricing.js';

export interface Refusal {
  readonly step: string;
  readonly provider: string;
  /** `losses`: it would do it, but not exactly as asked, and `routing.strict` forbids that. */
  readonly code: 'capability' | 'input' | 'export' | 'option' | 'losses' | 'not_quoted' | 'max_cost';
  readonly reason: string;
  /** The input or export of the job that is in the way, where it is not the step itself. */
  readonly place?: string;
  /** The option in the way, as a JSON Pointer within the step. */
  readonly at?: string;
}

/** One step at one provider: why not, or at what price, how fast, and what is lost. */
export interface Fit {
  readonly candidate: Candidate;
  readonly refusal: Refusal | null;
  readonly price: Price | null;
  readonly seconds: number;
  readonly losses: readonly Loss[];
  readonly record: Reliability | null;
  /** Asked only where it may matter. */
  readonly hope: () => Hope;
}

/** Of every step, by its id: how it fits each of the candidates, in their order. */
export type Fits = ReadonlyMap<string, readonly Fit[]>;

/** `bound`: the provider that alone may run a step, by the step's id. `priced`: who has no price for a step may not run it. */
export function fitAll(steps: readonly PlanStep[], candidates: readonly Candidate[], bound: Readonly<Record<string, string>> = {}, priced = false): Fits {
  return new Map(steps.map((step) => [step.id, candidates.map((candidate) => fit(step, candidate, bound[step.id] ?? candidate.id, priced))]));
}

function fit(step: PlanStep, candidate: Candidate, only: string, priced: boolean): Fit {
  const elsewhere: Refusal = { step: step.id, provider: candidate.id, code: 'not_quoted', reason: `The quote gives "${step.id}" to "${only}".` };
  const refusal = only === candidate.id ? refusalOf(candidate, step) : elsewhere;
  if (refusal !== null) return { candidate, refusal, price: null, seconds: 0, losses: [], record: null, hope: () => ({}) };
  const [wish] = step.wishes;
  const price = stepPrice(candidate, step);
  const dark: Refusal | null = priced && price === null ? { step: step.id, provider: candidate.id, code: 'max_cost', reason: 'It has no price for this, and there is a limit to what may be spent.' } : null;
  return {
    candidate, refusal: dark, price, seconds: Math.max(0, ...step.wishes.map((one) => candidate.seconds(one))), losses: lossesOf(candidate, step),
    record: wish === undefined ? null : (candidate.record?.(wish.operation) ?? null),
    // Of several formats at once nothing is learned either.
    hope: () => (wish === undefined || step.wishes.length > 1 ? {} : (candidate.hope?.(wish) ?? {})),
  };
}

/** Each option once, although the formats that go in may be several. */
function lossesOf(candidate: Candidate, { id, wishes }: PlanStep): readonly Loss[] {
  const losses = new Map<string, Loss>();
  for (const { option, kind, message } of wishes.flatMap((wish) => candidate.judge(wish))) {
    if (kind !== 'refused') losses.set(option, { step: id, option, kind, message });
  }
  return [...losses.values()];
}

function refusalOf(candidate: Candidate, { id, wishes, files, exports, consumed }: PlanStep): Refusal | null {
  const asked: readonly (readonly [Offer, Refusal['code'], place?: string])[] = [
    ...wishes.map((wish) => [candidate.offers(wish), 'capability'] as const),
    ...files.map((file) => [candidate.takes(file), 'input', file.id] as const),
    ...exports.map((target) => [candidate.delivers(target, consumed), 'export', target.id] as const),
  ];
  for (const [offer, code, place] of asked) {
    if (!offer.offered) return { step: id, provider: candidate.id, code, reason: offer.reason, ...(place === undefined ? {} : { place }) };
  }
  const wrong = wishes.flatMap((wish) => candidate.judge(wish)).find(({ kind }) => kind === 'refused');
  return wrong === undefined ? null : { step: id, provider: candidate.id, code: wrong.lossy === true ? 'losses' : 'option', reason: wrong.message, at: pointerOf(wrong) };
}

/** Over all formats that go in; where all files become one it is paid once, at the dearest. */
function stepPrice(candidate: Candidate, { wishes }: PlanStep): Price | null {
  const prices = wishes.map((wish) => candidate.price(wish));
  const [first] = wishes;
  if (prices.length < 2 || first === undefined || OPERATIONS.get(first.operation)?.files !== 'together') return sumOf(prices);
  const known = prices.filter((price) => price !== null);
  return known.length < prices.length ? null : known.reduce((dearest, price) => (price.amount.gt(dearest.amount) ? price : dearest));
}

/** From start to end: steps wait for those whose results they take, others run side by side. `own`: the fit of each step. */
export function longest(steps: readonly PlanStep[], own: readonly Fit[]): number {
  const ends = new Map<string, number>();
  steps.forEach(({ id, inputs }, index) => ends.set(id, Math.max(0, ...inputs.map((input) => ends.get(input) ?? 0)) + (own[index]?.seconds ?? 0)));
  return Math.round(Math.max(0, ...ends.values()) * 10) / 10;
}

/** Null as soon as one is not known. It is as sure as the least sure of them. */
export function sumOf(prices: readonly (Price | null)[]): Price | null {
  // Most jobs have one step.
  if (prices.length === 1) return prices[0] ?? null;
  return prices.reduce<Price | null>((sum, price) => {
    if (sum === null || price === null) return null;
    const basis = BASES.indexOf(price.basis) > BASES.indexOf(sum.basis) ? price.basis : sum.basis;
    return { amount: sum.amount.add(price.amount), least: sum.least.add(price.least), most: sum.most === null || price.most === null ? null : sum.most.add(price.most), basis };
  }, { amount: new Decimal(0), least: new Decimal(0), most: new Decimal(0), basis: 'override' });
}
