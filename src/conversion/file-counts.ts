import { categoryOf } from './formats.js';
import { formatsInto, formatsOf, type Formats } from './graph-formats.js';
import type { JobInput, Step } from './job-graph.js';
import { OPERATIONS, type Operation } from './operations.js';

/** How many files something stands for. `most` null: nobody can tell before it ran. */
export interface FileCount {
  readonly least: number;
  readonly most: number | null;
}

export interface WrongCount {
  readonly step: string;
  readonly message: string;
}

/** Formats of a single picture: converted to a picture, it is one. */
const STILL: ReadonlySet<string> = new Set(['jpg', 'png', 'bmp', 'svg', 'jp2', 'tga']);

/** Steps that would get fewer or more files than their operation takes, as far as that is known before anything runs. `steps` are in order. */
export function wrongCounts(inputs: readonly JobInput[], steps: readonly Step[]): readonly WrongCount[] {
  const counts = fileCounts(inputs, steps);
  return steps.flatMap((step) => {
    const operation = OPERATIONS.get(step.operation);
    const wrong = operation === undefined ? null : complaintAbout(operation, countOf(step.inputs, counts), step.inputs);
    return wrong === null ? [] : [{ step: step.id, message: wrong }];
  });
}

/** How many files of each format go into a step, as far as that is known before anything runs. */
export function filesByFormat(step: Step, formats: Formats, counts: ReadonlyMap<string, FileCount>): ReadonlyMap<string | null, FileCount> {
  const froms = [...new Set(formatsInto(step, formats))];
  if (froms.length <= 1) return new Map(froms.map((from) => [from, countOf(step.inputs, counts)]));
  const parts = step.inputs.flatMap((id) => {
    const [of, count] = [formats.get(id) ?? [null], counts.get(id) ?? ONE];
    // Of several formats there is at least one each.
    const share = of.length === 1 ? count : { least: 1, most: count.most === null ? null : Math.max(1, count.most - of.length + 1) };
    return of.map((from) => ({ from, share }));
  });
  return new Map(froms.map((from) => [from, sum(parts.filter((part) => part.from === from).map(({ share }) => share))]));
}

/** The fewest files that the results of some steps are together, as far as that is known before anything runs. */
export function leastFiles(inputs: readonly JobInput[], steps: readonly Step[], ids: readonly string[]): number {
  return countOf(ids, fileCounts(inputs, steps)).least;
}

/** What each step makes; `steps` are in order. What is not among them is an input: one file. */
export function fileCounts(inputs: readonly JobInput[], steps: readonly Step[]): ReadonlyMap<string, FileCount> {
  const formats = formatsOf(inputs, steps);
  const counts = new Map<string, FileCount>();
  for (const step of steps) {
    const operation = OPERATIONS.get(step.operation);
    if (operation !== undefined) counts.set(step.id, resultsOf(step, operation, countOf(step.inputs, counts), formats));
  }
  return counts;
}

const countOf = (ids: readonly string[], counts: ReadonlyMap<string, FileCount>): FileCount => sum(ids.map((id) => counts.get(id) ?? ONE));

const ONE: FileCount = { least: 1, most: 1 };

function sum(counts: readonly FileCount[]): FileCount {
  const most = counts.map((count) => count.most);
  return { least: counts.reduce((total, { least }) => total + least, 0), most: most.reduce((total, next) => (total === null || next === null ? null : total + next), 0) };
}

function resultsOf(step: Step, operation: Operation, given: FileCount, formats: Formats): FileCount {
  if (operation.files !== 'each') return ONE;
  switch (operation.yields) {
    case 'one':
      return given;
    case 'pages':
      return categoryOf(String(step.parameters['to'] ?? '')) !== 'image' || formatsInto(step, formats).every((from) => from !== null && STILL.has(from)) ? given : { least: given.least, most: null };
    case 'contents':
      return { least: 1, most: null };
    default:
      return operation.yields satisfies never;
  }
}

function complaintAbout({ name, files, least, most }: Operation, given: FileCount, ids: readonly string[]): string | null {
  // What is done file by file is done with any number of them.
  if (files !== 'together') return null;
  const takes = `"${name}" takes ${most === least ? 'exactly' : 'at least'} ${least} files, and gets ${given.most === given.least ? '' : 'at least '}${given.least}: ${ids.map((id) => `"${id}"`).join(', ')}.`;
  if (given.most !== null && given.most < least) return `${takes} Name another input or step beside ${ids.length === 1 ? 'it' : 'them'}.`;
  if (most === null || given.least <= most) return null;
  return ids.length > most ? `${takes} Name here the ${most} that are meant.` : `${takes} Let the steps before it take ${most} files in all.`;
}
