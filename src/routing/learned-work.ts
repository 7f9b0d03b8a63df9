import { Decimal } from 'decimal.js';

/** What one run of a step really took at a provider. `at`: when it ended, in ms since 1970 by the database's clock. */
export interface WorkSample {
  /** For one file where an operation is done file by file; null where the vendor did not tell. */
  readonly credits: number | null;
  readonly seconds: number;
  readonly at: number;
}

/** A figure that a few odd samples do not move. */
export interface Figure {
  readonly mean: Decimal;
  /** Of the samples that count. */
  readonly least: Decimal;
  readonly most: Decimal;
  /** How far they are from the mean, on the average. */
  readonly spread: Decimal;
  readonly samples: number;
  /** Since the newest of them. */
  readonly ageMs: number;
}

/** What was learned of a kind of work; null where too few samples tell. */
export interface LearnedWork {
  readonly credits: Figure | null;
  readonly seconds: Figure | null;
}

/** Fewer teach nothing: one of them may have been the odd one. */
export const FEWEST_SAMPLES = 3;
const DAYS = 30;
/** So many median deviations (as standard deviations of a normal spread) away is odd. */
const ODD = new Decimal(3).mul('1.4826');

const SIZES: readonly (readonly [name: string, below: number])[] = [['small', 1_000_000], ['medium', 10_000_000], ['large', 100_000_000]];

/** Files of one class are taken to cost alike. */
export function sizeClass(bytes: number | null | undefined): string {
  return bytes == null ? 'unknown' : (SIZES.find(([, below]) => bytes < below)?.[0] ?? 'huge');
}

/** The mean of what lies near the median. Null for fewer than `FEWEST_SAMPLES`. */
export function robustMean(values: readonly (readonly [value: Decimal, at: number])[], now: number): Figure | null {
  if (values.length < FEWEST_SAMPLES) return null;
  const middle = median(values.map(([value]) => value));
  const reach = median(values.map(([value]) => value.sub(middle).abs())).mul(ODD);
  const near = values.filter(([value]) => value.sub(middle).abs().lte(reach));
  const kept = near.map(([value]) => value);
  const mean = Decimal.sum(...kept).div(kept.length);
  return {
    mean, least: Decimal.min(...kept), most: Decimal.max(...kept), spread: Decimal.sum(...kept.map((value) => value.sub(mean).abs())).div(kept.length),
    samples: kept.length, ageMs: Math.max(0, now - Math.max(...near.map(([, at]) => at))),
  };
}

/** A change of the mean by so much, or by so many of its standard errors, is no news. */
const LEAST_CHANGE = '0.1';
const ERRORS = 2;

/** A figure as it is made known: the mean stays what was `told` until the samples have left that behind. */
export function settledFigure(figure: Figure | null, told: number | null): Figure | null {
  if (figure === null || told === null) return figure;
  const still = Decimal.max(new Decimal(told).mul(LEAST_CHANGE), figure.spread.mul(ERRORS).div(Math.sqrt(figure.samples)));
  return figure.mean.sub(told).abs().gt(still) ? figure : { ...figure, mean: new Decimal(told) };
}

/** Of several kinds of one work the mean of those that are known, each by its samples: it stays when they do. */
export function joinedFigure(all: Figure | null, parts: readonly (Figure | null)[]): Figure | null {
  const known = parts.filter((part) => part !== null);
  if (all === null || known.length === 0) return all;
  return { ...all, mean: Decimal.sum(...known.map(({ mean, samples }) => mean.mul(samples))).div(known.reduce((sum, { samples }) => sum + samples, 0)) };
}

function median(values: readonly Decimal[]): Decimal {
  const sorted = [...values].sort((one, other) => one.cmp(other));
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return low === undefined || high === undefined ? new Decimal(0) : low.add(high).div(2);
}

/** One sample that is none would make the mean none, and every comparison with it false. */
const isCost = (credits: number | null): credits is number => credits !== null && Number.isFinite(credits) && credits >= 0;

/** What was learned of one kind of work. What is older than a month tells nothing of today. */
export function learnedOf(samples: readonly WorkSample[], now: number): LearnedWork {
  const recent = samples.filter(({ at }) => now - at < DAYS * 86_400_000);
  return {
    credits: robustMean(recent.flatMap(({ credits, at }) => (isCost(credits) ? [[new Decimal(credits), at] as const] : [])), now),
    seconds: robustMean(recent.map(({ seconds, at }) => [new Decimal(seconds), at] as const), now),
  };
}
