import type { JobGraph } from '../conversion/job-graph.js';

/** What a vendor tells of a job that is not done. */
export interface Unfinished {
  readonly graph: Pick<JobGraph, 'steps' | 'exports'>;
  /** Steps of its stage that are not done yet, as far as we know. */
  readonly left: readonly string[];
  /** Those of them of which it tells files. */
  readonly told: ReadonlySet<string>;
}

/**
 * The steps that count as done from now on, whatever becomes of the rest: what they made is there, and so is what was before them. One whose results are
 * to be delivered is not among them, for it is the vendor that made a result who delivers it; nor are they ever all: the job's own end tells of the last one.
 */
export function stepsToKeep({ graph, left, told }: Unfinished): ReadonlySet<string> {
  const kept = new Set<string>();
  for (const { id, inputs } of graph.steps) {
    if (!left.includes(id) || !told.has(id) || graph.exports.some((target) => target.inputs.includes(id))) continue;
    if (inputs.every((input) => !left.includes(input) || kept.has(input))) kept.add(id);
  }
  return left.every((id) => kept.has(id)) ? new Set() : kept;
}

/** Whether somebody needs a step's files who is not among `others`: another step, or the caller. */
export function neededBeside({ steps }: Pick<JobGraph, 'steps'>, step: string, others: ReadonlySet<string>): boolean {
  const consumers = steps.filter(({ inputs }) => inputs.includes(step));
  return consumers.length === 0 || consumers.some(({ id }) => !others.has(id));
}
