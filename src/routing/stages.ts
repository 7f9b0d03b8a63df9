import type { Candidate, PlanStep } from './plan-step.js';

export interface PlannedStage {
  readonly provider: string;
  /** In an order in which every step comes after what it consumes. */
  readonly stepIds: readonly string[];
  /** Steps of other stages of this plan whose results must be there first. */
  readonly needs: readonly string[];
}

/**
 * Cuts assigned steps into stages by the providers' rules: one vendor job runs a whole graph, or it applies every conversion to every file it
 * has, so that a stage holds only steps over the same set of files. A step's level is the number of times the work changes vendor jobs
 * on the way to it; steps of one level never wait for each other's stages, so the stages cannot wait in a circle.
 */
export function cutStages(steps: readonly PlanStep[], assignment: ReadonlyMap<string, Candidate>): readonly PlannedStage[] {
  const planned = new Map(steps.map((step) => [step.id, step]));
  const levels = new Map<string, number>();
  const groups = new Map<string, { provider: string; steps: PlanStep[] }>();
  for (const step of steps) {
    const candidate = assignment.get(step.id);
    if (candidate === undefined) continue;
    const level = Math.max(0, ...step.inputs.filter((id) => planned.has(id)).map((id) => (levels.get(id) ?? 0) + (staysWith(candidate, assignment.get(id)) ? 0 : 1)));
    levels.set(step.id, level);
    const files = candidate.wholeGraph ? '' : step.inputs.join(' ');
    const key = `${candidate.id} ${level} ${files}${candidate.wholeGraph || step.inputs.length > 0 ? '' : step.id}`;
    const group = groups.get(key) ?? { provider: candidate.id, steps: [] };
    group.steps.push(step);
    groups.set(key, group);
  }
  return [...groups.values()].map(({ provider, steps: members }) => {
    const own = new Set(members.map((step) => step.id));
    const needs = members.flatMap((step) => step.inputs.filter((id) => planned.has(id) && !own.has(id)));
    return { provider, stepIds: members.map((step) => step.id), needs: [...new Set(needs)] };
  });
}

const staysWith = (candidate: Candidate, before: Candidate | undefined): boolean => candidate.wholeGraph && before?.id === candidate.id;
