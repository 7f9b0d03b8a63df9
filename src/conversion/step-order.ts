import type { Step } from './job-graph.js';

/** The steps in an order in which each comes after what it consumes, or the ids that go round in a circle. */
export function orderSteps(steps: readonly Step[]): { readonly ordered: readonly Step[] } | { readonly cycle: readonly string[] } {
  const waiting = new Map(steps.map((step) => [step.id, step]));
  const ordered: Step[] = [];
  while (waiting.size > 0) {
    const ready = [...waiting.values()].filter((step) => step.inputs.every((id) => !waiting.has(id)));
    if (ready.length === 0) return { cycle: findCycle(waiting) };
    for (const step of ready) {
      waiting.delete(step.id);
      ordered.push(step);
    }
  }
  return { ordered };
}

/** Every step left waits for another one that is left, so going back from any of them ends in a circle. */
function findCycle(waiting: ReadonlyMap<string, Step>): readonly string[] {
  const path: string[] = [];
  let id = waiting.keys().next().value as string;
  while (!path.includes(id)) {
    path.push(id);
    id = waiting.get(id)?.inputs.find((name) => waiting.has(name)) ?? id;
  }
  return path.slice(path.indexOf(id)).reverse();
}
