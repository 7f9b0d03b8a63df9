import { percentile } from './measure.ts';
import { report } from './report.ts';
import type { Figures } from './rounds.ts';

const dist = (path: string): string => new URL(`../../dist/${path}`, import.meta.url).href;

const STEPS = 12;
const PROVIDERS = 4;
/** Milliseconds that the median graph may take (issue "planner": a 12-step graph over 4 providers). */
const FLOOR_MS = 5;

type Planner = typeof import('../../src/routing/plan.js');
type Stages = typeof import('../../src/routing/stages.js');
type Candidate = import('../../src/routing/plan-step.js').Candidate;
type PlanStep = import('../../src/routing/plan-step.js').PlanStep;
type Decimal = import('decimal.js').Decimal;
type Price = import('../../src/routing/pricing.js').Price;

interface Problem {
  readonly steps: readonly PlanStep[];
  readonly candidates: readonly Candidate[];
}

/**
 * Plans 12-step graphs over 4 providers, exactly, beside the greedy plan of the same graphs (each step at its cheapest, cut into stages by the same code), which is
 * the least that a plan can cost. Prices are such that splits pay: every provider is the cheapest for some steps.
 */
export async function planner(quick: boolean): Promise<boolean> {
  const [{ plan }, { cutStages }, { Decimal }] = await Promise.all([import(dist('routing/plan.js')) as Promise<Planner>, import(dist('routing/stages.js')) as Promise<Stages>, import('decimal.js')]);
  const problems = Array.from({ length: quick ? 60 : 300 }, (_, index) => problem(index + 1, (cents) => new Decimal(cents).div(100)));
  const exact = ({ steps, candidates }: Problem): unknown => plan(steps, candidates);
  const greedy = ({ steps, candidates }: Problem): unknown => cutStages(steps, new Map(steps.map((step) => [step.id, cheapest(step, candidates)])));
  for (const one of problems) {
    exact(one);
    greedy(one);
  }
  const rounds: [Figures[], Figures[]] = [[], []];
  for (let round = 0; round < (quick ? 3 : 9); round += 1) [exact, greedy].forEach((way, place) => rounds[place]?.push(timed(problems, way)));
  report(
    [{ figure: 'p50', label: 'p50, ms', digits: 3 }, { figure: 'p99', label: 'p99, ms', digits: 3 }, { figure: 'max', label: 'slowest, ms', digits: 3 }],
    ['exact', 'greedy'],
    rounds,
  );
  const medians = rounds[0].map((figures) => figures['p50'] ?? Number.NaN);
  const middle = percentile(medians, 0.5);
  console.log(`A ${STEPS}-step graph over ${PROVIDERS} providers: ${middle.toFixed(3)} ms in the median of rounds, ${middle < FLOOR_MS ? 'held' : 'MISSED'} (under ${FLOOR_MS} ms).`);
  return middle < FLOOR_MS;
}

function timed(problems: readonly Problem[], way: (one: Problem) => unknown): Figures {
  const times = problems.map((one) => {
    const before = performance.now();
    way(one);
    return performance.now() - before;
  });
  return { p50: percentile(times, 0.5), p99: percentile(times, 0.99), max: Math.max(...times) };
}

function cheapest(step: PlanStep, candidates: readonly Candidate[]): Candidate {
  const [first, ...rest] = candidates;
  if (first === undefined) throw new Error('no candidate');
  const price = (candidate: Candidate): number => step.wishes.map((wish) => candidate.price(wish)?.amount.toNumber() ?? Infinity).reduce((sum, next) => sum + next, 0);
  return rest.reduce((best, next) => (price(next) < price(best) ? next : best), first);
}

/** Every step takes one or two of the steps before it, or files of the job. */
function problem(seed: number, money: (cents: number) => Decimal): Problem {
  const random = mulberry(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const steps = Array.from({ length: STEPS }, (_, index): PlanStep => {
    const over = [...new Set(Array.from({ length: 1 + below(2) }, () => (index === 0 || below(5) === 0 ? `file${below(3)}` : `s${below(index)}`)))];
    return { id: `s${index}`, inputs: over, wishes: [{ operation: `operation-${index}`, from: 'jpg', parameters: { to: 'png' }, options: {} }], files: [], exports: [], consumed: false };
  });
  const candidates = Array.from({ length: PROVIDERS }, (_, place): Candidate => {
    const prices = new Map(steps.map(({ wishes }) => [wishes[0]?.operation ?? '', priced(money(1 + below(6)))]));
    return {
      id: `p${place}`, wholeGraph: place % 2 === 0, offers: () => ({ offered: true }), takes: () => ({ offered: true }), delivers: () => ({ offered: true }), judge: () => [],
      price: ({ operation }) => prices.get(operation) ?? null, seconds: () => 1,
    };
  });
  return { steps, candidates };
}

const priced = (amount: Decimal): Price => ({ amount, least: amount, most: amount, basis: 'table' });

/** A small generator whose numbers are the same in every run. */
function mulberry(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
