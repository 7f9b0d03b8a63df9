import { Injectable } from '@nestjs/common';
import type { OptionsSchema } from '../conversion/catalogue.js';
import { formatsOf } from '../conversion/graph-formats.js';
import type { JobGraph, JobInput, Routing, Step } from '../conversion/job-graph.js';
import { isHeldHere } from '../conversion/places.js';
import type { Offer, Provider, StepWish } from '../conversion/provider.js';
import { Registry, type RegisteredProvider } from '../providers/registry.js';
import { optionsSchema } from './catalogue-view.js';
import { CatalogueViews } from './catalogue-views.js';
import { checkOptions, type OptionVerdict } from './option-check.js';
import { optionErrors, type OptionError } from './option-errors.js';
import { nearestOffer } from './nearest-offer.js';
import { plan, type Plan } from './plan.js';
import type { Candidate } from './plan-step.js';
import { tablePrice } from './pricing.js';
import { planSteps } from './wishes.js';

/** Why a provider is not asked at all, whatever the steps are. */
export interface Exclusion {
  readonly provider: string;
  readonly code: 'not_in_only' | 'excluded' | 'region' | 'tried';
  readonly message: string;
}

type RoutedGraph = Pick<JobGraph, 'inputs' | 'exports' | 'routing'>;

export type Route = Plan & { readonly exclusions: readonly Exclusion[] };

/** Gathers the facts that the planner needs. */
@Injectable()
export class RouterService {
  constructor(
    private readonly registry: Registry,
    private readonly views: CatalogueViews,
  ) {}

  /** A plan for `steps` (all of the job's, or those that are left), leaving out the providers in `tried`. */
  route(graph: RoutedGraph, all: readonly Step[], steps: readonly Step[] = all, tried: readonly string[] = []): Route {
    const { allowed, exclusions } = this.asked(graph.routing, tried);
    const wanted = planSteps(graph, all, formatsOf(graph.inputs, all)).filter(({ id }) => steps.some((step) => step.id === id));
    return { ...plan(wanted, preferred(allowed, graph.routing).map((entry) => toCandidate(entry, graph.routing, this.views))), exclusions };
  }

  /** The nearest thing to a step that nobody does, which one of those who may be asked would do: a sentence, null where nothing is near. */
  nearest(graph: RoutedGraph & Pick<JobGraph, 'steps'>, stepId: string): string | null {
    const { allowed } = this.asked(graph.routing, []);
    const step = planSteps(graph, graph.steps, formatsOf(graph.inputs, graph.steps)).find(({ id }) => id === stepId);
    return step === undefined ? null : nearestOffer(step, (wish) => allowed.some((entry) => this.views.offer(entry, wish).offered));
  }

  /** What is wrong with a job's options, whoever of those that may run it does. */
  optionErrors(graph: RoutedGraph & Pick<JobGraph, 'steps'>): readonly OptionError[] {
    const { allowed } = this.asked(graph.routing, []);
    const others = this.registry.all().filter((entry) => !allowed.includes(entry));
    const candidates = (entries: readonly RegisteredProvider[]) => entries.map((entry) => toCandidate(entry, graph.routing, this.views));
    return optionErrors(planSteps(graph, graph.steps, formatsOf(graph.inputs, graph.steps)), candidates(allowed), candidates(others));
  }

  private asked(routing: Routing, tried: readonly string[]): { readonly allowed: readonly RegisteredProvider[]; readonly exclusions: readonly Exclusion[] } {
    const exclusions: Exclusion[] = [];
    const allowed = this.registry.all().filter((entry) => {
      const exclusion = excludes(entry, routing, tried);
      if (exclusion !== null) exclusions.push(exclusion);
      return exclusion === null;
    });
    return { allowed, exclusions };
  }
}

function excludes({ id, config }: RegisteredProvider, routing: Routing, tried: readonly string[]): Exclusion | null {
  const out = (code: Exclusion['code'], message: string): Exclusion => ({ provider: id, code, message });
  if (routing.only.length > 0 && !routing.only.includes(id)) return out('not_in_only', `"${id}" is not among routing.only.`);
  if (routing.exclude.includes(id)) return out('excluded', `"${id}" is in routing.exclude.`);
  if (routing.regions.length > 0 && !config.regions.some((region) => routing.regions.includes(region))) return out('region', `"${id}" is in none of the regions ${routing.regions.join(', ')}.`);
  if (tried.includes(id)) return out('tried', `"${id}" was tried.`);
  return null;
}

function optionsOf(views: CatalogueViews, id: string, { operation, parameters, from }: StepWish): OptionsSchema | null {
  return optionsSchema(views.of(id), operation, typeof parameters['to'] === 'string' ? parameters['to'] : null, from);
}

/** Where the caller wants everything as asked, what would be lost makes a provider impossible. */
function judged(verdicts: readonly OptionVerdict[], strict: boolean): readonly OptionVerdict[] {
  const lost = (verdict: OptionVerdict): OptionVerdict => ({ ...verdict, kind: 'refused', message: `"${verdict.option}" would ${verdict.kind === 'dropped' ? 'have no effect' : 'be followed only roughly'}, and routing.strict forbids that. ${verdict.message}` });
  return strict ? verdicts.map((verdict) => (verdict.kind === 'refused' ? verdict : lost(verdict))) : verdicts;
}

function takes(provider: Provider, file: JobInput): Offer {
  if (isHeldHere(file)) return { offered: true };
  return provider.traits.inputTypes.includes(file.type) ? provider.takes(file) : { offered: false, reason: `It takes no input of type "${file.type}".` };
}

function preferred(entries: readonly RegisteredProvider[], routing: Routing): readonly RegisteredProvider[] {
  const rank = ({ id }: RegisteredProvider) => (routing.prefer.includes(id) ? routing.prefer.indexOf(id) : routing.prefer.length);
  return [...entries].sort((one, other) => rank(one) - rank(other));
}

/** A provider that the caller prefers is taken whatever it costs: prices only count among the others. */
function toCandidate(entry: RegisteredProvider, routing: Routing, views: CatalogueViews): Candidate {
  const { id, config, guarded } = entry;
  const byPrice = routing.strategy === 'cheapest' && routing.prefer.length === 0;
  return {
    id,
    wholeGraph: guarded.inner.traits.wholeGraph,
    offers: onceEach((wish) => views.offer(entry, wish)),
    takes: (file) => takes(guarded.inner, file),
    delivers: (target, consumed) => guarded.inner.delivers(target, consumed),
    judge: onceEach((wish) => judged(checkOptions(guarded.inner, optionsOf(views, id, wish), wish), routing.strict)),
    price: (wish) => (byPrice ? tablePrice(config.pricing ?? null, wish) : null),
  };
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
