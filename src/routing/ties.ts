import { bestWay, moved, type Part } from './ways.js';

/** A step with the providers that are equally good for it, the first in rank first. */
export interface TiedStep {
  readonly id: string;
  /** Ids of steps and of files. */
  readonly inputs: readonly string[];
  readonly options: readonly { readonly provider: string; readonly rank: number }[];
}

/** So many providers have a bit of their own; at others no file is thought to be there already. */
const BITS = 31;

/**
 * Of each step which option is taken, so that the fewest files have to be brought to a provider (inputs of the job, and results made elsewhere; the same file is
 * brought there once) and then the ranks are lowest.
 */
export function settleTies(steps: readonly TiedStep[]): readonly number[] {
  const taken = steps.map(() => 0);
  const parts = toParts(steps);
  const free = parts.filter(({ options }) => options.length > 1);
  if (free.length === 0) return taken;
  const fixed = parts.filter(({ options }) => options.length === 1);
  const open = new Set(free.map(({ output }) => output));
  const at = fixed.reduce<readonly number[]>((files, part) => moved(files, { ...part, inputs: part.inputs.filter((file) => !open.has(file)) }, 0), []);
  // What a settled step takes of one that is not has still to come to it: each such file speaks for itself.
  const waiting = fixed.flatMap((part) => part.inputs.filter((file) => open.has(file)).map((file): Part => ({ ...part, inputs: [file], output: -1 })));
  for (const group of groupsOf([...free, ...waiting])) {
    bestWay(group, at).forEach((option, index) => (taken[group[index]?.place ?? -1] = option));
  }
  return taken;
}

function toParts(steps: readonly TiedStep[]): readonly Part[] {
  const files = new Map<string, number>();
  const fileOf = (id: string): number => files.get(id) ?? files.set(id, files.size).size - 1;
  const bits = new Map<string, number>();
  const bitOf = (provider: string): number => bits.get(provider) ?? bits.set(provider, bits.size < BITS ? 1 << bits.size : 0).get(provider) ?? 0;
  const inputs = steps.map((step) => [...new Set(step.inputs)].map(fileOf));
  return steps.map(({ id, options: tied }, place) => {
    const options = tied.map(({ provider, rank }) => ({ bit: bitOf(provider), rank }));
    return { place, inputs: inputs[place] ?? [], output: files.get(id) ?? -1, options, any: options.reduce((all, { bit }) => all | bit, 0) };
  });
}

/** Parts that have no file in common do not touch each other. */
function groupsOf(parts: readonly Part[]): readonly (readonly Part[])[] {
  let groups: { readonly files: ReadonlySet<number>; readonly parts: readonly Part[] }[] = [];
  for (const part of parts) {
    const files = part.output < 0 ? part.inputs : [...part.inputs, part.output];
    const touched = groups.filter((group) => files.some((file) => group.files.has(file)));
    const joined = { files: new Set([...touched.flatMap((group) => [...group.files]), ...files]), parts: [...touched.flatMap((group) => group.parts), part] };
    groups = [...groups.filter((group) => !touched.includes(group)), joined];
  }
  return groups.map((group) => [...group.parts].sort((one, other) => one.place - other.place));
}
