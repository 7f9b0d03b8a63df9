import { scenarioNumber, type Scenario } from './scenario.js';
import { scenarioOf } from './scenarios.js';

/** One callback to send: the truth, or one that is out of date. */
export interface PlannedCallback {
  readonly kind: 'true' | 'stale';
  readonly signed: boolean;
  readonly delayMs: number;
}

/** The callbacks that tell a job's end, in order: one, unless the job's scenarios say otherwise. */
export function planFinalCallbacks(job: { readonly scenarios: readonly Scenario[] }): PlannedCallback[] {
  if (scenarioOf(job, 'no-callback')) return [];
  const late = scenarioOf(job, 'late-callback');
  const duplicate = scenarioOf(job, 'duplicate-callback');
  const truth: PlannedCallback = { kind: 'true', signed: !scenarioOf(job, 'unsigned-callback'), delayMs: late ? scenarioNumber(late, 'delayMs', 2_000) : 0 };
  const again = { ...truth, delayMs: 0 };
  const copies = Array.from({ length: duplicate ? Math.max(2, scenarioNumber(duplicate, 'n', 3)) - 1 : 0 }, () => again);
  const stale: PlannedCallback[] = scenarioOf(job, 'reordered-callback') ? [{ ...again, kind: 'stale' }] : [];
  return [truth, ...copies, ...stale];
}
