import { Injectable } from '@nestjs/common';
import { Decimal } from 'decimal.js';
import type { OptionsSchema } from '../conversion/catalogue.js';
import { formatsOf } from '../conversion/graph-formats.js';
import type { JobGraph, JobInput, Routing, Step } from '../conversion/job-graph.js';
import { isHeldHere } from '../conversion/places.js';
import type { Offer, Provider, StepWish } from '../conversion/provider.js';
import { Registry, type RegisteredProvider } from '../providers/registry.js';
import { creditsOf, optionsSchema, secondsOf, targetOf, workOf } from './catalogue-view.js';
import { CatalogueViews } from './catalogue-views.js';
import { decideWithin, type Ceiling, type Decided } from './ceiling.js';
import { drawOf } from './draw.js';
import { exclusionsOf, type Exclusion } from './filters.js';
import { hopeOf } from './hope.js';
import { checkOptions, type OptionVerdict } from './option-check.js';
import { optionErrors, type OptionError } from './option-errors.js';
import { nearestOffer } from './nearest-offer.js';
import { groundedBy, roundsOf, without } from './outages.js';
import { LimitBoard } from './limit-board.js';
import type { Candidate, PlanStep, Reliability } from './plan-step.js';
import { priceOf, type PriceSources, type Pricing } from './pricing.js';
import { EVEN } from './rank.js';
import { spilled } from './spill.js';
import { StandingBoard } from './standing-board.js';
import type { Tally } from './track-record.js';
import { planSteps } from './wishes.js';

type RoutedGraph = Pick<JobGraph, 'inputs' | 'exports' | 'routing' | 'quoted' | 'ceiling' | 'tag' | 'metadata'>;

export type Route = Decided & { readonly exclusions: readonly Exclusion[] };

/** What is to be heeded besides what the job says. */
export interface RouteTerms {
  /** What may be spent, instead of what the job says; null: whatever it takes. */
  readonly ceiling?: Ceiling | null;
  /** Who is not to be asked, for reasons that are not the job's. */
  readonly out?: readonly Exclusion[];
  /** A look that was had at the same graph just now. */
  readonly look?: Look;
}

/** All steps of a job, and every provider that they may be asked of: what was asked once is not asked again. */
export interface Look {
  readonly steps: readonly PlanStep[];
  readonly candidates: readonly Candidate[];
}

/** Gathers the facts that the planner needs. */
@Injectable()
export class RouterService {
  constructor(
    private readonly registry: Registry,
    private readonly views: CatalogueViews,
    private readonly board: StandingBoard,
    private readonly limits: LimitBoard,
  ) {}

  /**
   * A plan for `steps` (all of the job's, or those that are left), leaving out the providers in `tried`, and those that are out for now. `net`: where nobody
   * else is left, the least bad of those with an open breaker is used all the same. Who has no room is gone past where waiting costs more than the difference.
   */
  route(graph: RoutedGraph, all: readonly Step[], steps: readonly Step[] = all, tried: readonly string[] = [], net = true, terms: RouteTerms = {}): Route {
    const entries = this.registry.all();
    const { allowed, exclusions } = this.asked(graph, tried, terms.out);
    const { candidates, ...look } = terms.look ?? this.look({ ...graph, steps: all });
    const wanted = look.steps.filter(({ id }) => steps.some((step) => step.id === id));
    const draw = drawOf({ ...graph, steps: all });
    const weights = entries[0]?.config.balanced ?? EVEN;
    const currency = entries.map(({ config }) => config.pricing?.currency).find((told) => told !== undefined) ?? 'USD';
    const operations = [...new Set(steps.map(({ operation }) => operation))];
    const outages = this.board.outages(allowed.map(({ id }) => id), operations);
    const ceiling = terms.ceiling === undefined ? (graph.ceiling ?? null) : terms.ceiling;
    const decide = (out: typeof outages): Route => {
      const { whole, parts } = groundedBy(out, operations);
      const told = [...exclusions, ...whole];
      const decided = decideWithin({
        steps: wanted, candidates: candidates.map((candidate) => without(parts, candidate)), exclusions: told, routing: graph.routing, currency, draw, weights,
        ...(graph.quoted === undefined ? {} : { bound: graph.quoted.providers }),
      }, ceiling);
      return { ...decided, exclusions: [...told, ...parts.map(({ provider, code, message }) => ({ provider, code, message }))] };
    };
    let route = decide(outages);
    for (const out of roundsOf(outages, net)) {
      if ('stages' in route) break;
      route = decide(out);
    }
    const queues = allowed.flatMap(({ id, config }) => this.limits.queueAt(id, config.maxConcurrent ?? null) ?? []);
    if (queues.length === 0 || !('stages' in route)) return route;
    return spilled(route, queues, allowed[0]?.config.waiting?.costPerMinute ?? WAITING_COST, operations, (spills) => decide([...outages, ...spills]));
  }

  /** The nearest thing to a step that nobody does, which one of those who may be asked would do: a sentence, null where nothing is near. */
  nearest(graph: RoutedGraph & Pick<JobGraph, 'steps'>, stepId: string): string | null {
    const { allowed } = this.asked(graph);
    const step = planSteps(graph, graph.steps, formatsOf(graph.inputs, graph.steps)).find(({ id }) => id === stepId);
    return step === undefined ? null : nearestOffer(step, (wish) => allowed.some((entry) => this.views.offer(entry, wish).offered));
  }

  /** For what is asked of one graph at one moment. */
  look(graph: RoutedGraph & Pick<JobGraph, 'steps'>): Look {
    return { steps: planSteps(graph, graph.steps, formatsOf(graph.inputs, graph.steps)), candidates: this.registry.all().map((entry) => toCandidate(entry, graph.routing, this.views, this.board)) };
  }

  /** What is wrong with a job's options, whoever of those that may run it does. */
  optionErrors(graph: RoutedGraph & Pick<JobGraph, 'steps'>, { steps, candidates }: Look = this.look(graph)): readonly OptionError[] {
    const { allowed } = this.asked(graph);
    const isAllowed = (candidate: Candidate): boolean => allowed.some(({ id }) => id === candidate.id);
    return optionErrors(steps, candidates.filter(isAllowed), candidates.filter((candidate) => !isAllowed(candidate)));
  }

  private asked({ routing, quoted }: RoutedGraph, tried: readonly string[] = [], out: readonly Exclusion[] = []): { readonly allowed: readonly RegisteredProvider[]; readonly exclusions: readonly Exclusion[] } {
    const told = this.registry.all().map((entry) => ({ entry, exclusions: [...exclusionsOf({ id: entry.id, regions: entry.config.regions, routing, quoted, tried }), ...out.filter(({ provider }) => provider === entry.id)] }));
    return { allowed: told.filter(({ exclusions }) => exclusions.length === 0).map(({ entry }) => entry), exclusions: told.flatMap(({ exclusions }) => exclusions) };
  }
}

/** Of a minute, where nobody said what waiting is worth: in the currency of the prices. */
const WAITING_COST = '0.01';

function optionsOf(views: CatalogueViews, id: string, wish: StepWish): OptionsSchema | null {
  return optionsSchema(views.of(id), wish.operation, targetOf(wish), wish.from);
}

/** Where the caller wants everything as asked, what would be lost makes a provider impossible. */
function judged(verdicts: readonly OptionVerdict[], strict: boolean): readonly OptionVerdict[] {
  const lost = (verdict: OptionVerdict): OptionVerdict => ({ ...verdict, kind: 'refused', lossy: true, message: `"${verdict.option}" would ${verdict.kind === 'dropped' ? 'have no effect' : 'be followed only roughly'}, and routing.strict forbids that. ${verdict.message}` });
  return strict ? verdicts.map((verdict) => (verdict.kind === 'refused' ? verdict : lost(verdict))) : verdicts;
}

function takes(provider: Provider, file: JobInput): Offer {
  if (isHeldHere(file)) return { offered: true };
  return provider.traits.inputTypes.includes(file.type) ? provider.takes(file) : { offered: false, reason: `It takes no input of type "${file.type}".` };
}

function toCandidate(entry: RegisteredProvider, routing: Routing, views: CatalogueViews, board: StandingBoard): Candidate {
  const { id, config, guarded } = entry;
  const sources: PriceSources = {
    pricing: config.pricing ?? null,
    vendor: (wish) => creditsOf(views.of(id), wish.operation, targetOf(wish), wish.from),
    learned: (wish) => workOf(views.of(id), wish, 'credits'),
  };
  return {
    id,
    weight: config.weight,
    wholeGraph: guarded.inner.traits.wholeGraph,
    offers: onceEach((wish) => views.offer(entry, wish)),
    takes: (file) => takes(guarded.inner, file),
    delivers: (target, consumed) => guarded.inner.delivers(target, consumed),
    judge: onceEach((wish) => judged(checkOptions(guarded.inner, optionsOf(views, id, wish), wish), routing.strict)),
    price: (wish) => priceOf(wish, sources),
    seconds: (wish) => secondsOf(views.of(id), wish),
    hope: (wish) => hopeOf(views.of(id), wish, sources),
    record: (operation) => reliabilityOf(board.record(id, operation), sources.pricing),
  };
}

function reliabilityOf(record: Tally | null, pricing: Pricing | null): Reliability | null {
  return record === null || record.failed === 0 ? null : { ok: record.ok, failed: record.failed, failedCost: new Decimal(record.wasted).div(record.failed).mul(pricing?.perCredit ?? 0) };
}

/** One decision asks the same of one wish several times: of its refusals, its losses, its price. */
function onceEach<Answer extends object>(ask: (wish: StepWish) => Answer): (wish: StepWish) => Answer {
  const told = new WeakMap<StepWish, Answer>();
  return (wish) => {
    const answer = told.get(wish) ?? ask(wish);
    told.set(wish, answer);
    return answer;
  };
}
