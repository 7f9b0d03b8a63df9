import { ProviderError } from '../../conversion/errors.js';
import type { RunningJob, VendorFile } from '../../conversion/provider.js';
import { isDelivery } from './deliveries.js';
import { taskName } from './task-names.js';
import type { VendorTask } from './wire.js';

interface Place {
  readonly step: string;
  readonly index: number;
}

type Exported = Place & { readonly task: VendorTask };

/** The files of every step, in the order of the steps; an error where a step, or one of its files' exports, gave none. */
export function readResults(tasks: readonly VendorTask[], running: RunningJob): VendorFile[] | ProviderError {
  const exported = exportsOf(tasks, running);
  const barren = running.steps.find((step) => {
    const own = exported.filter((item) => item.step === step.id);
    return own.length === 0 || own.some(({ task }) => task.files.length === 0);
  });
  if (barren !== undefined) return new ProviderError('output_invalid', `RunConvert's job succeeded without a file of step ${barren.id}.`);
  return running.steps.flatMap((step) => filesOf(step.id, exported));
}

/**
 * The files of the steps that are done in a job that is not, or that failed: of those alone whose exports are all done. Nothing is guessed here, and
 * nothing is said where a step is not listed at all: then other tasks of one that is may be missing too.
 */
export function readFinished(tasks: readonly VendorTask[], running: RunningJob, isDone: (task: VendorTask) => boolean): readonly VendorFile[] {
  const placed = placedExports(tasks, running).flatMap(({ task, place }) => (place === null ? [] : [{ task, ...place }]));
  if (running.steps.length < 2 || !running.steps.every((step) => placed.some((item) => item.step === step.id))) return [];
  const done = running.steps.filter((step) => placed.every((item) => item.step !== step.id || (isDone(item.task) && item.task.files.length > 0)));
  return done.flatMap((step) => filesOf(step.id, placed));
}

function filesOf(step: string, exported: readonly Exported[]): readonly VendorFile[] {
  const own = exported.filter((item) => item.step === step).sort((one, other) => one.index - other.index);
  return own.flatMap(({ task }) => task.files.map((file) => ({ step, providerFileId: null, contentType: null, ...file })));
}

/** The export tasks, each with its step: by its name, else by what it exports, else, where the numbers agree, by order. */
function exportsOf(tasks: readonly VendorTask[], running: RunningJob): Exported[] {
  const placed = placedExports(tasks, running);
  const lost = placed.filter(({ place }) => place === null).map(({ task }) => task);
  const open = running.steps.filter((step) => !placed.some(({ place }) => place?.step === step.id));
  return placed.flatMap(({ task, place }) => {
    const guess = open.length === 1 ? open[0] : open.length === lost.length ? open[lost.indexOf(task)] : undefined;
    if (place !== null) return [{ task, ...place }];
    return guess === undefined ? [] : [{ task, step: guess.id, index: lost.indexOf(task) }];
  });
}

/** A name of ours tells the step, the export's own or that of what it takes. */
function placedExports(tasks: readonly VendorTask[], running: RunningJob): readonly { readonly task: VendorTask; readonly place: Place | null }[] {
  const exporting = tasks.filter((task) => (task.operation ?? task.name ?? '').startsWith('export') && !isDelivery(task));
  const names = new Map(tasks.map((task) => [task.id, task.name]));
  return exporting.map((task) => {
    const told = [task.name, ...task.inputs, ...task.inputs.map((id) => names.get(id) ?? null)];
    return { task, place: told.map((name) => placeOf(name, running)).find((place) => place !== null) ?? null };
  });
}

/** Which step's task, and which of its files, a name of ours means. */
function placeOf(name: string | null, running: RunningJob): Place | null {
  for (const step of name === null ? [] : running.steps) {
    for (const first of [taskName('export', step.id, running.reference), taskName(step.operation, step.id, running.reference)]) {
      if (name === first) return { step: step.id, index: 0 };
      if (name?.startsWith(`${first}-`) && /^[1-9]\d*$/.test(name.slice(first.length + 1))) return { step: step.id, index: Number(name.slice(first.length + 1)) - 1 };
    }
  }
  return null;
}
