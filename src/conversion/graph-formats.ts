import { filenameOfUrl, formatOfFilename } from './formats.js';
import type { JobInput, Step } from './job-graph.js';
import { resultFormat } from './operations.js';
import { filenameOfPlace, isPlace } from './places.js';

/** The formats of every file that a step's inputs stand for; null for one that nobody can tell. */
export type Formats = ReadonlyMap<string, readonly (string | null)[]>;

/** Follows formats through the graph: from file names and addresses over each step's target. `steps` are in order. */
export function formatsOf(inputs: readonly JobInput[], steps: readonly Step[]): Formats {
  const formats = new Map<string, readonly (string | null)[]>(inputs.map((input) => [input.id, [formatOfInput(input)]]));
  for (const step of steps) {
    const incoming = step.inputs.flatMap((id) => formats.get(id) ?? [null]);
    const outgoing = incoming.map((from) => resultFormat(step.operation, step.parameters, from));
    formats.set(step.id, [...new Set(outgoing.length > 0 ? outgoing : [resultFormat(step.operation, step.parameters, null)])]);
  }
  return formats;
}

export function formatOfInput(input: JobInput): string | null {
  if (isPlace(input)) return formatOfFilename(filenameOfPlace(input));
  const named = 'filename' in input ? formatOfFilename(input.filename) : null;
  return named ?? (input.type === 'url' ? formatOfFilename(filenameOfUrl(input.url)) : null);
}

/** The formats that go into a step. What the caller says of the source wins. */
export function formatsInto(step: Step, formats: Formats): readonly (string | null)[] {
  const said = step.parameters['from'];
  return typeof said === 'string' ? [said] : step.inputs.flatMap((id) => formats.get(id) ?? [null]);
}
