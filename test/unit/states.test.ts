import { ATTEMPT_STATES, DELIVERY_STATES, hasEnded, JOB_STATES, JOB_STATUSES, statesBefore, type JobStatus } from '../../src/jobs/states.js';

type Machine = Readonly<Record<string, readonly string[]>>;

function reachable(machine: Machine, from: readonly string[]): string[] {
  const seen = new Set(from);
  for (const state of seen) for (const next of machine[state] ?? []) seen.add(next);
  return [...seen];
}

/** States from which no way leads to an end. */
const stuck = (machine: Machine) => Object.keys(machine).filter((state) => !reachable(machine, [state]).some((end) => machine[end]?.length === 0));

describe.each<[string, Machine, readonly string[], readonly string[]]>([
  ['a job', JOB_STATES, ['awaiting_input', 'queued'], ['completed', 'failed', 'canceled']],
  ['an attempt', ATTEMPT_STATES, ['planned'], ['succeeded', 'errored', 'abandoned']],
  ['a delivery', DELIVERY_STATES, ['scheduled'], ['sent', 'exhausted']],
])('%s', (_, machine, beginnings, ends) => {
  it('can come to every state, and from every state to an end', () => {
    expect(reachable(machine, beginnings).sort()).toEqual(Object.keys(machine).sort());
    expect(stuck(machine)).toEqual([]);
  });

  it('goes only to states there are, and has exactly its ends', () => {
    for (const next of Object.values(machine).flat()) expect(Object.keys(machine)).toContain(next);
    expect(Object.keys(machine).filter((state) => machine[state]?.length === 0)).toEqual(ends);
  });

  it('never comes back to a state it left', () => {
    for (const state of Object.keys(machine)) expect(reachable(machine, [...(machine[state] ?? [])])).not.toContain(state);
  });
});

it('the check would see a state that nobody comes to, and one that nobody leaves', () => {
  expect(reachable({ a: ['b'], b: [], lost: ['b'] }, ['a'])).toEqual(['a', 'b']);
  expect(stuck({ a: ['b'], b: ['a'], c: [] })).toEqual(['a', 'b']);
});

it('the guard of an update lists exactly the states that lead there', () => {
  expect(statesBefore('completed')).toEqual(['queued', 'processing']);
  expect(statesBefore('failed')).toEqual(['awaiting_input', 'queued', 'processing']);
  expect(statesBefore('awaiting_input')).toEqual([]);
  for (const target of JOB_STATUSES) for (const from of statesBefore(target)) expect(hasEnded(from)).toBe(false);
  const ended: JobStatus[] = ['completed', 'failed', 'canceled'];
  expect(JOB_STATUSES.filter(hasEnded)).toEqual(ended);
});
