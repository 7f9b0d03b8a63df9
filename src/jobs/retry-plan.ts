import { outputSteps, type JobGraph, type JobInput } from '../conversion/job-graph.js';
import type { ExportRow, FileRow, StepRow } from './rows.js';

/** What of an ended job a new one builds on. */
export interface Remains {
  readonly graph: JobGraph;
  readonly steps: readonly StepRow[];
  readonly exports: readonly ExportRow[];
  /** Results whose bytes are still kept. */
  readonly kept: readonly FileRow[];
  /** All results that there were. */
  readonly results: readonly FileRow[];
}

/**
 * The steps that a retry has to run again: those whose results are wanted and are not kept, and those whose results are still to be delivered,
 * for it is the vendor that made a result who delivers it. What only kept results needed is not run.
 */
export function stepsToRun({ graph, steps, exports, kept, results }: Remains): ReadonlySet<string> {
  const outputs = new Set(outputSteps(graph.steps).map(({ id }) => id));
  const wanted = new Set<string>();
  for (const { id } of [...graph.steps].reverse()) {
    const done = steps.find((row) => row.id === id)?.status === 'done';
    const made = results.filter((file) => file.step_id === id);
    const there = done && made.length > 0 && made.every((file) => kept.some((one) => one.id === file.id));
    const deliveries = graph.exports.filter((target) => target.inputs.includes(id)).map((target) => exports.find((row) => row.id === target.id)?.status);
    const open = deliveries.some((status) => status !== 'delivered');
    // Where it was delivered by a vendor that keeps nothing of it, there is nothing more to want.
    const gone = !there && !(done && made.length === 0 && deliveries.length > 0 && !open);
    const asked = outputs.has(id) || graph.steps.some((step) => wanted.has(step.id) && step.inputs.includes(id));
    if (open || (asked && (outputs.has(id) ? gone : !there))) wanted.add(id);
  }
  return wanted;
}

/** The inputs of the job that those steps take themselves. */
export function inputsOf(graph: JobGraph, steps: ReadonlySet<string>): readonly JobInput[] {
  const taken = new Set(graph.steps.filter(({ id }) => steps.has(id)).flatMap(({ inputs }) => inputs));
  return graph.inputs.filter(({ id }) => taken.has(id));
}
