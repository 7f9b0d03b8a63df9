import type { JobExport, Step } from '../../../src/conversion/job-graph.js';
import { neededBeside, stepsToKeep } from '../../../src/execution/finished-steps.js';

const step = (id: string, ...inputs: readonly string[]): Step => ({ id, operation: 'convert', inputs, parameters: { to: 'png' }, options: {}, providerOptions: {} });
/** "one" and, over it, "two" and "three"; "four" over both. */
const steps = [step('one', 'file'), step('two', 'one'), step('three', 'one'), step('four', 'two', 'three')];
const ALL = steps.map(({ id }) => id);
const exported = (...inputs: readonly string[]) => [{ id: 'bucket', type: 's3', inputs } as unknown as JobExport];
const keep = (told: readonly string[], left: readonly string[] = ALL, exports: readonly JobExport[] = []) => [...stepsToKeep({ graph: { steps, exports }, left, told: new Set(told) })];

describe('steps of an unfinished vendor job that are kept', () => {
  it.each([
    ['nothing where nothing is told', [], []],
    ['the first', ['one'], ['one']],
    ['a branch', ['one', 'three'], ['one', 'three']],
    ['nothing over what is not there', ['two', 'three'], []],
    ['never all: the end of the job tells of the last one', ALL, []],
  ])('%s', (_name, told, kept) => expect(keep(told)).toEqual(kept));

  it('are those over what was kept before', () => expect(keep(['two'], ['two', 'three', 'four'])).toEqual(['two']));
  it('are not done twice', () => expect(keep(['one', 'two'], ['three', 'four'])).toEqual([]));
  it('are not those that the vendor has to deliver, nor what is over them', () => expect([keep(['one', 'two'], ALL, exported('one')), keep(['one', 'two'], ALL, exported('two'))]).toEqual([[], ['one']]));
});

test('a file is needed by whoever is not done, and by the caller', () => {
  const graph = { steps };
  expect([neededBeside(graph, 'one', new Set(['two'])), neededBeside(graph, 'one', new Set(['two', 'three'])), neededBeside(graph, 'four', new Set(ALL))]).toEqual([true, false, true]);
});
