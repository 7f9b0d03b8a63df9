import type { FieldError, JobBody } from '../conversion/job-body.js';
import { outputSteps, type JobGraph } from '../conversion/job-graph.js';
import { moneyText } from '../conversion/money.js';
import { Problem } from '../http/problem.js';
import type { Route } from '../routing/router.service.js';
import { indexOfStep } from './job-reader.service.js';

/** Nobody offers it, or those who do are left out by the caller's own wishes: two different things to mend. */
export function refusal(route: Extract<Route, { refusals: unknown }>, graph: JobGraph, body: JobBody, nearest: (step: string) => string | null): Problem {
  const ceiling = graph.routing.maxCost;
  if (ceiling !== null && (route.above !== undefined || route.refusals.some(({ code }) => code === 'max_cost'))) {
    const what = route.above === undefined ? route.decision.summary : `The cheapest plan would cost ${moneyText(route.above)}, and routing.maxCost is ${moneyText(ceiling)}.`;
    return new Problem('no_eligible_provider', `${what} Raise it, or leave it out.`, { errors: [{ pointer: '/routing/maxCost', message: what }] });
  }
  const reasons = new Map<string, string[]>();
  for (const { step, place, at, provider, reason } of route.refusals) {
    const pointer = at === undefined ? pointerOf(step, place, graph, body) : `/steps/${indexOfStep(step, body)}${at}`;
    reasons.set(pointer, [...(reasons.get(pointer) ?? []), `${provider}: ${reason}`]);
  }
  for (const step of new Set(route.refusals.filter(({ place, at }) => place === undefined && at === undefined).map((refused) => refused.step))) {
    const works = nearest(step);
    if (works !== null) reasons.get(pointerOf(step, undefined, graph, body))?.push(works);
  }
  const errors: FieldError[] = [...reasons].map(([pointer, said]) => ({ pointer, message: [...new Set(said)].join(' ') }));
  if (graph.routing.strict && route.refusals.some(({ at }) => at !== undefined)) return new Problem('no_eligible_provider', errors.map(({ message }) => message).join(' '), { errors });
  if (route.exclusions.length > 0) {
    const who = [...route.exclusions.map(({ message }) => message), ...errors.map(({ message }) => message)].join(' ');
    return new Problem('no_eligible_provider', `No provider that may run this job offers all of it. ${who}`, { errors: [{ pointer: '/routing', message: who }] });
  }
  const names = outputSteps(graph.steps).map(({ id }) => id).join(', ');
  return new Problem('unsupported_conversion', errors.length > 0 ? errors.map(({ message }) => message).join(' ') : `No provider is configured that could make ${names}.`, { errors });
}

function pointerOf(stepId: string, place: string | undefined, graph: JobGraph, body: JobBody): string {
  const input = graph.inputs.findIndex(({ id }) => id === place);
  if (input >= 0) return `/inputs/${input}`;
  const target = graph.exports.findIndex(({ id }) => id === place);
  if (target >= 0) return `/exports/${target}`;
  const index = indexOfStep(stepId, body);
  return body.steps[index]?.to === undefined ? `/steps/${index}` : `/steps/${index}/to`;
}
