/** A machine: every state, and where it may go from there. Only states of the same machine can be named; one that leads nowhere is an end. */
type Machine<T> = { readonly [State in keyof T]: readonly (keyof T)[] };

const machine = <const T extends Machine<T>>(states: T): T => states;

type EndOf<T> = { [State in keyof T]: T[State] extends readonly [] ? State : never }[keyof T];

/** The states from which one may go to `target`: the guard of every update that moves a row there. */
export function statesBefore<T extends Machine<T>>(states: T, target: keyof T): readonly (keyof T)[] {
  return (Object.keys(states) as (keyof T)[]).filter((from) => states[from].includes(target));
}

/** The job's machine. A retry in which everything is there already is completed as soon as it is queued. */
export const JOB_STATES = machine({
  awaiting_input: ['queued', 'failed', 'canceled'],
  queued: ['processing', 'completed', 'failed', 'canceled'],
  processing: ['completed', 'failed', 'canceled'],
  completed: [],
  failed: [],
  canceled: [],
});

export type JobStatus = keyof typeof JOB_STATES;

export const JOB_STATUSES = Object.keys(JOB_STATES) as JobStatus[];

export function hasEnded(status: JobStatus): boolean {
  return JOB_STATES[status].length === 0;
}

/** A stage's machine: part of a plan, which waits for results of others or is worked on. `superseded`: another plan took its place, or its job ended. */
export const STAGE_STATES = machine({
  waiting: ['active', 'superseded'],
  active: ['done', 'failed', 'superseded'],
  done: [],
  failed: [],
  superseded: [],
});

export type StageStatus = keyof typeof STAGE_STATES;
export type StageEnd = EndOf<typeof STAGE_STATES>;

/**
 * The attempt's machine. No row is ever `planned`: what is planned is its stage. A row begins as `submitting`, which is committed before the
 * vendor is called.
 */
export const ATTEMPT_STATES = machine({
  planned: ['submitting'],
  submitting: ['unknown', 'running', 'errored', 'abandoned'],
  unknown: ['running', 'errored', 'abandoned'],
  running: ['succeeded', 'errored', 'abandoned'],
  succeeded: [],
  errored: [],
  abandoned: [],
});

export type AttemptStatus = keyof typeof ATTEMPT_STATES;
export type AttemptEnd = EndOf<typeof ATTEMPT_STATES>;
/** Of an attempt that has a row and goes on. */
export type LiveAttemptStatus = Exclude<AttemptStatus, AttemptEnd | 'planned'>;

/** A step's machine, the only one that leads back: a step whose provider fell out is planned anew. `pending` to `done`: in a retry, its results are there. */
export const STEP_STATES = machine({
  pending: ['running', 'done', 'skipped'],
  running: ['pending', 'done', 'failed', 'skipped'],
  done: [],
  failed: [],
  skipped: [],
});

export type StepStatus = keyof typeof STEP_STATES;

/** An export's machine. */
export const EXPORT_STATES = machine({
  pending: ['delivered', 'undeliverable'],
  delivered: [],
  undeliverable: [],
});

export type ExportStatus = keyof typeof EXPORT_STATES;

/** A webhook delivery's machine. */
export const DELIVERY_STATES = machine({
  scheduled: ['sent', 'exhausted'],
  sent: [],
  exhausted: [],
});

export type DeliveryStatus = keyof typeof DELIVERY_STATES;
export type DeliveryEnd = EndOf<typeof DELIVERY_STATES>;
