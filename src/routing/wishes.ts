import { formatsInto, type Formats } from '../conversion/graph-formats.js';
import type { JobGraph, Step } from '../conversion/job-graph.js';
import type { PlanStep } from './plan-step.js';

/** What a step asks of a provider: for each format that goes in, and with the files and deliveries that are its own. */
export function planSteps({ inputs, exports }: Pick<JobGraph, 'inputs' | 'exports'>, steps: readonly Step[], formats: Formats): readonly PlanStep[] {
  return steps.map((step) => {
    const incoming = formatsInto(step, formats);
    const froms = incoming.length === 0 ? [null] : [...new Set(incoming)];
    return {
      id: step.id,
      inputs: step.inputs,
      wishes: froms.map((from) => ({ operation: step.operation, from, parameters: step.parameters, options: step.options, adapterOptions: step.providerOptions })),
      files: inputs.filter((input) => step.inputs.includes(input.id)),
      exports: exports.filter((target) => target.inputs.includes(step.id)),
      consumed: steps.some((other) => other.inputs.includes(step.id)),
    };
  });
}
