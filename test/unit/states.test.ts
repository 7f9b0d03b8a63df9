import { readFile } from 'node:fs/promises';
import { ATTEMPT_STATES, EXPORT_STATES, hasEnded, JOB_STATES, JOB_STATUSES, STAGE_STATES, statesBefore, STEP_STATES, type AttemptEnd, type JobStatus, type LiveAttemptStatus, type StageStatus } from '../../src/jobs/states.js';
import { readSources } from '../support/architecture/source-files.js';
import { CYCLES, MACHINES, type States } from '../support/machines.js';
import { drawAll } from '../support/state-drawing.js';
import { literalMoves, type Move } from '../support/state-moves.js';

function reachable(machine: States, from: readonly string[]): string[] {
  const seen = new Set(from);
  for (const state of seen) for (const next of machine[state] ?? []) seen.add(next);
  return [...seen];
}

/** States from which no way leads to an end. */
const stuck = (machine: States) => Object.keys(machine).filter((state) => !reachable(machine, [state]).some((end) => machine[end]?.length === 0));
/** States that can be come back to. */
const repeated = (machine: States) => Object.keys(machine).filter((state) => reachable(machine, [...(machine[state] ?? [])]).includes(state));

const ENDS: Readonly<Record<string, readonly string[]>> = {
  job: ['completed', 'failed', 'canceled'],
  stage: ['done', 'failed', 'superseded'],
  attempt: ['succeeded', 'errored', 'abandoned'],
  step: ['done', 'failed', 'skipped'],
  export: ['delivered', 'undeliverable'],
  delivery: ['sent', 'exhausted'],
};

describe.each(MACHINES)('$name', ({ name, states, starts, begins }) => {
  it('comes to every state from its start, and from every state to an end', () => {
    expect(reachable(states, starts).sort()).toEqual(Object.keys(states).sort());
    expect(stuck(states)).toEqual([]);
  });

  it('begins its rows in states that it has and that are no end, and has exactly its ends', () => {
    for (const state of [...starts, ...begins]) expect(states[state]).not.toHaveLength(0);
    expect(Object.keys(states).filter((state) => states[state]?.length === 0)).toEqual(ENDS[name]);
  });

  it('never comes back to a state it left, but for a step that is planned anew', () => {
    expect(repeated(states)).toEqual(name === 'step' ? ['pending', 'running'] : []);
  });
});

describe.each(CYCLES)('$name', ({ states, starts }) => {
  it('has no end: from every state it comes to every state', () => {
    for (const state of [...starts, ...Object.keys(states)]) expect(reachable(states, states[state] ?? []).sort()).toEqual(Object.keys(states).sort());
  });
});

it('the check would see a state that nobody comes to, one that nobody leaves, and one that is come back to', () => {
  expect(reachable({ a: ['b'], b: [], lost: ['b'] }, ['a'])).toEqual(['a', 'b']);
  expect(stuck({ a: ['b'], b: ['a'], c: [] })).toEqual(['a', 'b']);
  expect(repeated({ a: ['b'], b: ['a', 'c'], c: [] })).toEqual(['a', 'b']);
});

it('a state that is not in its table does not compile', () => {
  // @ts-expect-error it is a job's
  const stage: StageStatus = 'completed';
  // @ts-expect-error it has not ended
  const end: AttemptEnd = 'running';
  // @ts-expect-error no row is ever in it
  const live: LiveAttemptStatus = 'planned';
  // @ts-expect-error nobody can go there
  expect(statesBefore(EXPORT_STATES, 'sent')).toEqual([]);
  expect([stage, end, live]).toHaveLength(3);
});

it('the guard of an update lists exactly the states that lead there', () => {
  expect(statesBefore(JOB_STATES, 'completed')).toEqual(['queued', 'processing']);
  expect(statesBefore(JOB_STATES, 'failed')).toEqual(['awaiting_input', 'queued', 'processing']);
  expect(statesBefore(JOB_STATES, 'awaiting_input')).toEqual([]);
  expect(statesBefore(STAGE_STATES, 'superseded')).toEqual(['waiting', 'active']);
  expect(statesBefore(ATTEMPT_STATES, 'running')).toEqual(['submitting', 'unknown']);
  expect(statesBefore(ATTEMPT_STATES, 'abandoned')).toEqual(['submitting', 'unknown', 'running']);
  expect(statesBefore(STEP_STATES, 'running')).toEqual(['pending']);
  for (const target of JOB_STATUSES) for (const from of statesBefore(JOB_STATES, target)) expect(hasEnded(from)).toBe(false);
  const ended: JobStatus[] = ['completed', 'failed', 'canceled'];
  expect(JOB_STATUSES.filter(hasEnded)).toEqual(ended);
});

describe('updates that name states in their SQL', () => {
  const illegal = (moves: readonly Move[]) => moves.filter(({ table, from, to }) => {
    const states = MACHINES.find((machine) => machine.table === table)?.states ?? {};
    return !(to in states) || from.some((state) => !states[state]?.includes(to));
  });

  it('move only as their table says', () => {
    const moves = literalMoves(readSources(new URL('../..', import.meta.url).pathname, 'src'));
    expect(new Set(moves.map(({ table }) => table))).toEqual(new Set(['job', 'stage', 'attempt', 'job_step', 'job_export']));
    expect(moves.filter(({ from }) => from.length > 0).length).toBeGreaterThan(3);
    expect(illegal(moves)).toEqual([]);
  });

  it('the check sees a move that the table has not, a state that it has not, and one of several', () => {
    const text = (sql: string) => literalMoves([{ path: 'src/jobs/a.ts', text: `sql.query(\`${sql}\`)` }]);
    expect(illegal(text(`UPDATE job SET status = 'queued', x = 1 WHERE id = $1 AND status = 'processing'`))).toHaveLength(1);
    expect(illegal(text(`UPDATE stage SET status = 'finished' WHERE id = $1`))).toHaveLength(1);
    expect(illegal(text(`UPDATE attempt SET status = 'running' WHERE id = $1 AND status IN ('unknown', 'errored')`))).toHaveLength(1);
    expect(illegal(text(`UPDATE attempt SET status = 'running' WHERE id = $1 AND status IN ('unknown', 'submitting')`))).toEqual([]);
    // Of several in one statement each is seen by itself.
    const both = text(`WITH a AS (UPDATE stage SET status = 'done' WHERE id = $1), b AS (UPDATE job_step SET status = 'running' WHERE status = 'done') SELECT 1`);
    expect([both.length, illegal(both)]).toEqual([2, [expect.objectContaining({ table: 'job_step', to: 'running', from: ['done'] })]]);
  });
});

describe('README.md', () => {
  it('draws every machine as its table is', async () => {
    const text = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
    const section = text.split('\n### States\n')[1]?.split(/\n#{2,3} /)[0] ?? '';
    // What is expected here is what belongs there.
    expect(/```[^`]*```/.exec(section)?.[0]).toBe(drawAll([...MACHINES, ...CYCLES]));
  });

  it('the drawing tells where a machine begins, and where it goes', () => {
    const door = { name: 'door', table: 'door', states: { shut: ['ajar', 'open'], ajar: ['open'], open: [] }, starts: ['shut'], begins: ['shut'] };
    expect(drawAll([door])).toBe('```text\ndoor  ▸ shut → ajar, open\n        ajar → open\n```');
  });
});
