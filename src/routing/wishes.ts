import { formatsInto, type Formats } from '../conversion/graph-formats.js';
import type { Step } from '../conversion/job-graph.js';
import type { PlanStep } from './plan-step.js';

/** What a step asks of a provider, for each format that goes in. */
export function planSteps(steps: readonly Step[], formats: Formats): readonly PlanStep[] {
  return steps.map((step) => {
    const incoming = formatsInto(step, formats);
    const froms = incoming.length === 0 ? [null] : [...new Set(incoming)];
    return {
      id: step.id,
      inputs: step.inputs,
      wishes: froms.map((from) => ({ operation: step.operation, from, parameters: step.parameters, options: step.options })),
    };
  });
}
