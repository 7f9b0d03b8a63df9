import { BREAKER_STATES } from '../../src/routing/breaker.js';
import { ATTEMPT_STATES, DELIVERY_STATES, EXPORT_STATES, JOB_STATES, STAGE_STATES, STEP_STATES } from '../../src/jobs/states.js';

export type States = Readonly<Record<string, readonly string[]>>;

/** A machine as the tests know it. `starts`: where its states begin; `begins`: in which of them a row of its table is first written. */
export interface KnownMachine {
  readonly name: string;
  readonly table: string;
  readonly states: States;
  readonly starts: readonly string[];
  readonly begins: readonly string[];
}

const known = (name: string, table: string, states: States, starts: readonly string[], begins = starts): KnownMachine => ({ name, table, states, starts, begins });

export const MACHINES: readonly KnownMachine[] = [
  known('job', 'job', JOB_STATES, ['awaiting_input', 'queued']),
  known('stage', 'stage', STAGE_STATES, ['waiting', 'active']),
  known('attempt', 'attempt', ATTEMPT_STATES, ['planned'], ['submitting']),
  known('step', 'job_step', STEP_STATES, ['pending']),
  known('export', 'job_export', EXPORT_STATES, ['pending']),
  known('delivery', 'delivery', DELIVERY_STATES, ['scheduled']),
];

/** Machines without an end. */
export const CYCLES: readonly KnownMachine[] = [known('breaker', 'breaker', BREAKER_STATES, ['closed'])];

export interface Transition {
  readonly table: string;
  /** Null where the row is first written. */
  readonly was: string | null;
  readonly became: string;
}

export const inWords = ({ table, was, became }: Transition): string => `${table}: ${was ?? '(new)'} → ${became}`;

/** Every transition that the tables allow, of rows that are first written too. */
export function allowed(machines: readonly KnownMachine[] = MACHINES): readonly Transition[] {
  return machines.flatMap(({ table, states, begins }) => [
    ...begins.map((became) => ({ table, was: null, became })),
    ...Object.entries(states).flatMap(([was, next]) => next.map((became) => ({ table, was, became }))),
  ]);
}
