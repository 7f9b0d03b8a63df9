import { percentile } from './measure.ts';
import { report } from './report.ts';
import type { Figures } from './rounds.ts';

const dist = (path: string): string => new URL(`../../dist/${path}`, import.meta.url).href;

const STEPS = 12;
const PROVIDERS = 10;
/** Milliseconds that a decision may take, but for one in a hundred. */
const FLOOR_MS = 2;
/** Each is timed so often in a round and the fastest counts: what the machine does besides is no part of a decision. */
const TRIES = 5;

type Deciding = typeof import('../../src/routing/decision.js');
type Stages = typeof import('../../src/routing/stages.js');
type Prices = typeof import('../../src/routing/pricing.js');
type Candidate = import('../../src/routing/plan-step.js').Candidate;
type PlanStep = import('../../src/routing/plan-step.js').PlanStep;
type Pricing = import('../../src/routing/pricing.js').Pricing;

interface Problem {
  readonly steps: readonly PlanStep[];
  readonly candidates: readonly Candidate[];
}

/**
 * Whole decisions about 12-step graphs and 10 providers (fits, prices from tables, the exact plan, the record with its sentence), beside the greedy plan of the same
 * graphs (each step at its cheapest, cut into stages by the same code), which is the least that a plan can cost. Prices are such that splits pay: every
 * provider is the cheapest for some steps, and often several are. In "many ties" no prices are known, and every provider runs a part of the steps.
 */
export async function planner(quick: boolean): Promise<boolean> {
  const [{ decideRoute }, { cutStages }, { priceOf }] = await Promise.all([import(dist('routing/decision.js')) as Promise<Deciding>, import(dist('routing/stages.js')) as Promise<Stages>, import(dist('routing/pricing.js')) as Promise<Prices>]);
  const count = quick ? 100 : 300;
  const problems = (ties: boolean): readonly Problem[] => Array.from({ length: count }, (_, index) => problem(index + 1, ties, priceOf));
  const [priced, tied] = [problems(false), problems(true)];
  const decide = ({ steps, candidates }: Problem): unknown => decideRoute({ steps, candidates, exclusions: [], routing: { strategy: 'cheapest', prefer: [] }, currency: 'USD' });
  const greedy = ({ steps, candidates }: Problem): unknown => cutStages(steps, new Map(steps.map((step) => [step.id, cheapest(step, candidates)])));
  for (let warm = 0; warm < 3; warm += 1) for (const one of [...priced, ...tied]) [decide, greedy].forEach((way) => way(one));
  const rounds: [Figures[], Figures[]] = [[], []];
  for (let round = 0; round < (quick ? 3 : 9); round += 1) {
    rounds[0].push({ ...timed(priced, decide), ...named('tied', timed(tied, decide)) });
    rounds[1].push({ ...timed(priced, greedy), ...named('tied', timed(tied, greedy)) });
  }
  report(
    [
      { figure: 'p50', label: 'p50, ms', digits: 3 }, { figure: 'p99', label: 'p99, ms', digits: 3 }, { figure: 'max', label: 'slowest, ms', digits: 3 },
      { figure: 'tied p50', label: 'many ties: p50, ms', digits: 3 }, { figure: 'tied p99', label: 'many ties: p99, ms', digits: 3 },
    ],
    ['decision', 'greedy'],
    rounds,
  );
  const p99 = percentile(rounds[0].map((figures) => figures['p99'] ?? Number.NaN), 0.5);
  console.log(`Deciding about a ${STEPS}-step graph and ${PROVIDERS} providers: p99 ${p99.toFixed(3)} ms in the median of rounds, ${p99 < FLOOR_MS ? 'held' : 'MISSED'} (under ${FLOOR_MS} ms).`);
  return p99 < FLOOR_MS;
}

const named = (name: string, figures: Figures): Figures => Object.fromEntries(Object.entries(figures).map(([figure, value]) => [`${name} ${figure}`, value]));

function timed(problems: readonly Problem[], way: (one: Problem) => unknown): Figures {
  const times = problems.map((one) => Math.min(...Array.from({ length: TRIES }, () => {
    const before = performance.now();
    way(one);
    return performance.now() - before;
  })));
  return { p50: percentile(times, 0.5), p99: percentile(times, 0.99), max: Math.max(...times) };
}

function cheapest(step: PlanStep, candidates: readonly Candidate[]): Candidate {
  const [first, ...rest] = candidates;
  if (first === undefined) throw new Error('no candidate');
  const price = (candidate: Candidate): number => step.wishes.map((wish) => candidate.price(wish)?.amount.toNumber() ?? Infinity).reduce((sum, next) => sum + next, 0);
  return rest.reduce((best, next) => (price(next) < price(best) ? next : best), first);
}

/** Every step takes one or two of the steps before it, or files of the job. */
function problem(seed: number, ties: boolean, priceOf: Prices['priceOf']): Problem {
  const random = mulberry(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const steps = Array.from({ length: STEPS }, (_, index): PlanStep => {
    const over = [...new Set(Array.from({ length: 1 + below(2) }, () => (index === 0 || below(5) === 0 ? `file${below(3)}` : `s${below(index)}`)))];
    return { id: `s${index}`, inputs: over, wishes: [{ operation: `operation-${index}`, from: 'jpg', parameters: { to: 'png' }, options: {} }], files: [], exports: [], consumed: false };
  });
  const candidates = Array.from({ length: PROVIDERS }, (_, place): Candidate => {
    const rows = steps.map(({ wishes }, index) => ({ operation: wishes[0]?.operation ?? '', credits: 1 + below(6), runs: place === index % PROVIDERS || below(2) === 0 }));
    const pricing: Pricing | null = ties ? null : { currency: 'USD', perCredit: '0.0125', credits: rows.map(({ operation, credits }) => ({ operation, credits })) };
    const offered = new Map(rows.map(({ operation, runs }) => [operation, runs || !ties]));
    return {
      id: `p${place}`, wholeGraph: place % 2 === 0, takes: () => ({ offered: true }), delivers: () => ({ offered: true }), judge: () => [], seconds: () => 1,
      offers: ({ operation }) => (offered.get(operation) === true ? { offered: true } : { offered: false, reason: 'It is not offered there.' }),
      price: (wish) => priceOf(wish, { pricing, vendor: () => null, learned: () => null }),
    };
  });
  return { steps, candidates };
}

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
