/** The job's machine: every state, and where it may go from there. A state that leads nowhere has ended. */
export const JOB_STATES = {
  awaiting_input: ['queued', 'failed', 'canceled'],
  queued: ['processing', 'completed', 'failed', 'canceled'],
  processing: ['completed', 'failed', 'canceled'],
  completed: [],
  failed: [],
  canceled: [],
} as const satisfies Record<string, readonly string[]>;

export type JobStatus = keyof typeof JOB_STATES;

export const JOB_STATUSES = Object.keys(JOB_STATES) as JobStatus[];

export function hasEnded(status: JobStatus): boolean {
  return JOB_STATES[status].length === 0;
}

/** The states from which a job may go to `target`: the guard of every update that moves one there. */
export function statesBefore(target: JobStatus): readonly JobStatus[] {
  return JOB_STATUSES.filter((from) => (JOB_STATES[from] as readonly JobStatus[]).includes(target));
}

/** The attempt's machine. */
export const ATTEMPT_STATES = {
  planned: ['submitting', 'abandoned'],
  submitting: ['unknown', 'running', 'errored', 'abandoned'],
  unknown: ['running', 'errored', 'abandoned'],
  running: ['succeeded', 'errored', 'abandoned'],
  succeeded: [],
  errored: [],
  abandoned: [],
} as const satisfies Record<string, readonly string[]>;

export type AttemptStatus = keyof typeof ATTEMPT_STATES;

/** An export's machine. */
export const EXPORT_STATES = {
  pending: ['delivered', 'undeliverable'],
  delivered: [],
  undeliverable: [],
} as const satisfies Record<string, readonly string[]>;

export type ExportStatus = keyof typeof EXPORT_STATES;

/** A webhook delivery's machine. */
export const DELIVERY_STATES = {
  scheduled: ['sent', 'exhausted'],
  sent: [],
  exhausted: [],
} as const satisfies Record<string, readonly string[]>;

export type DeliveryStatus = keyof typeof DELIVERY_STATES;

export type StepStatus = 'pending' | 'running' | 'done' | 'failed' | 'skipped';
