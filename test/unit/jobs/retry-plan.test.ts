import type { JobGraph, Step } from '../../../src/conversion/job-graph.js';
import { inputsOf, stepsToRun } from '../../../src/jobs/retry-plan.js';
import type { ExportRow, FileRow, StepRow } from '../../../src/jobs/rows.js';

const step = (id: string, ...inputs: string[]): Step => ({ id, operation: 'convert', inputs, parameters: { to: 'png' }, options: {}, providerOptions: {} });
const CHAIN = [step('a', 'photo'), step('b', 'a'), step('c', 'b')];

interface Past {
  readonly steps?: readonly Step[];
  /** Steps that were done, those of them with results, and those of these whose bytes are still kept. */
  readonly done: string;
  readonly made?: string;
  readonly kept?: string;
  readonly exports?: Readonly<Record<string, readonly [inputs: readonly string[], status: ExportRow['status']]>>;
}

function run({ steps = CHAIN, done, made = done, kept = made, exports = {} }: Past): string {
  const graph = { inputs: [{ id: 'photo', type: 'upload' }, { id: 'logo', type: 'upload' }], steps, exports: Object.entries(exports).map(([id, [inputs]]) => ({ id, inputs, type: 's3' })) } as unknown as JobGraph;
  const rows = steps.map(({ id }): StepRow => ({ id, operation: 'convert', status: done.includes(id) ? 'done' : 'failed', provider: 'one', losses: [] }));
  const files = [...made].map((id) => ({ id: `file-${id}`, step_id: id }) as FileRow);
  const wanted = stepsToRun({ graph, steps: rows, exports: Object.entries(exports).map(([id, [, status]]) => ({ id, status, error: null })), results: files, kept: files.filter(({ step_id }) => kept.includes(step_id ?? '')) });
  return steps.map(({ id }) => id).filter((id) => wanted.has(id)).join('');
}

it.each<[string, Past, string]>([
  ['all, when nothing was done', { done: '' }, 'abc'],
  ['what came after the last kept result', { done: 'ab' }, 'c'],
  ['what is gone too, where the rest needs it', { done: 'ab', kept: 'a' }, 'bc'],
  ['not what is gone, where nothing needs it', { done: 'ab', kept: 'b' }, 'c'],
  ['what never had a result of its own here', { done: 'ab', made: 'b' }, 'c'],
  ['nothing, when everything is there', { done: 'abc', kept: 'c' }, ''],
  ['what the outputs are, when they are gone', { done: 'abc', kept: 'b' }, 'c'],
  ['what could not be delivered, by the vendor that makes it', { done: 'abc', exports: { bucket: [['c'], 'undeliverable'] } }, 'c'],
  ['nothing of what was delivered and left no file', { done: 'abc', made: 'ab', exports: { bucket: [['c'], 'delivered'] } }, ''],
  ['a delivered result that others need and nobody kept', { done: 'a', made: '', exports: { bucket: [['a'], 'delivered'] } }, 'abc'],
  ['one branch of two', { steps: [step('a', 'photo'), step('b', 'a'), step('c', 'logo')], done: 'ab' }, 'c'],
])('a retry runs %s', (_what, past, wanted) => {
  expect(run(past)).toBe(wanted);
});

it('takes the inputs of the steps that it runs, and no others', () => {
  const graph = { inputs: [{ id: 'photo' }, { id: 'logo' }], steps: [step('a', 'photo'), step('b', 'a', 'logo')] } as unknown as JobGraph;
  expect(inputsOf(graph, new Set(['b'])).map(({ id }) => id)).toEqual(['logo']);
});
