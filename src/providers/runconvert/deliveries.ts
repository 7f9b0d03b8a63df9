import type { Delivery, RunningJob, StageExport } from '../../conversion/provider.js';
import { redact } from '../../conversion/redaction.js';
import { toPlaceExport } from './places.js';
import { taskName } from './task-names.js';
import type { VendorTask } from './wire.js';
import type { State } from './settings.js';

/** The tasks that deliver results to stores of the caller's. `tasksOf`: the names of the tasks that a step is. */
export function toDeliveryTasks(exports: readonly StageExport[], reference: string, tasksOf: (step: string) => readonly string[]): readonly (readonly [name: string, body: Readonly<Record<string, unknown>>])[] {
  return exports.map(({ target, credentials, steps }) => {
    const { operation, ...place } = toPlaceExport(target, credentials);
    const from = steps.flatMap(tasksOf);
    return [taskName('deliver', target.id, reference), { operation, input: from.length === 1 ? from[0] : from, ...place }] as const;
  });
}

/** An export to anywhere but a URL (RunConvert documents, "Export Files"): it leaves no file that could be fetched. */
export function isDelivery(task: VendorTask): boolean {
  const operation = task.operation?.toLowerCase() ?? '';
  return (operation.startsWith('export/') && !operation.endsWith('/url')) || (operation === '' && task.name?.startsWith('deliver-') === true);
}

/** How each delivery of an ended job went: by its task's word, and with the job where that task is not told. */
export function readDeliveries(tasks: readonly VendorTask[], running: RunningJob, stateOf: (task: VendorTask) => State, secrets: readonly string[]): readonly Delivery[] {
  const delivering = tasks.filter(isDelivery);
  return running.exports.flatMap(({ target, steps }, place) => {
    const named = delivering.find((task) => task.name === taskName('deliver', target.id, running.reference));
    const task = named ?? (delivering.length === running.exports.length ? delivering[place] : undefined);
    const failed = task !== undefined && (stateOf(task) === 'failed' || stateOf(task) === 'canceled');
    const why = task?.said.message ?? null;
    const refusal = failed ? `RunConvert could not deliver it${why === null ? '.' : `: "${redact(why, secrets).slice(0, 300)}"`}` : null;
    return steps.map((step) => ({ exportId: target.id, step, refusal }));
  });
}
