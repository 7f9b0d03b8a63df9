import { fileCounts, filesByFormat } from '../conversion/file-counts.js';
import { formatsInto, type Formats } from '../conversion/graph-formats.js';
import type { JobGraph, JobInput, Step } from '../conversion/job-graph.js';
import type { PlanStep } from './plan-step.js';

/** In bytes, by the id of the input; what is not among them is of a size that nobody can tell. */
export type Sizes = ReadonlyMap<string, number>;

/** What a step asks of a provider: for each format that goes in, and with the files and deliveries that are its own. */
export function planSteps({ inputs, exports }: Pick<JobGraph, 'inputs' | 'exports'>, steps: readonly Step[], formats: Formats, sizes: Sizes = toldSizes(inputs)): readonly PlanStep[] {
  const counts = fileCounts(inputs, steps);
  return steps.map((step) => {
    const incoming = formatsInto(step, formats);
    const froms = incoming.length === 0 ? [null] : [...new Set(incoming)];
    const files = filesByFormat(step, formats, counts);
    return {
      id: step.id,
      inputs: step.inputs,
      wishes: froms.map((from) => {
        const count = files.get(from);
        return { operation: step.operation, from, parameters: step.parameters, options: step.options, adapterOptions: step.providerOptions, bytes: largest(step, from, formats, sizes), ...(count === undefined ? {} : { files: count }) };
      }),
      files: inputs.filter((input) => step.inputs.includes(input.id)),
      exports: exports.filter((target) => target.inputs.includes(step.id)),
      consumed: steps.some((other) => other.inputs.includes(step.id)),
    };
  });
}

function largest(step: Step, from: string | null, formats: Formats, sizes: Sizes): number | null {
  const ids = typeof step.parameters['from'] === 'string' ? step.inputs : step.inputs.filter((id) => (formats.get(id) ?? [null]).includes(from));
  const known = ids.map((id) => sizes.get(id));
  return known.length === 0 ? null : known.reduce<number | null>((most, size) => (most === null || size === undefined ? null : Math.max(most, size)), 0);
}

/** The sizes that a job tells before any of its files is there. */
function toldSizes(inputs: readonly JobInput[]): Sizes {
  return new Map(inputs.flatMap((input) => {
    if (input.type === 'upload') return input.size === undefined ? [] : [[input.id, input.size] as const];
    return input.type === 'base64' && input.data !== '' ? [[input.id, Math.floor((input.data.length * 3) / 4)] as const] : [];
  }));
}
