import { uploadKey, type StageInput, type StageWork } from '../../conversion/provider.js';
import { stateWords, type Settings } from './settings.js';
import { taskName } from './task-names.js';
import type { UploadForm, VendorTask } from './wire.js';

/** The words of a task that nothing was done for yet (documents and SDKs, statuses). */
const WAITING: ReadonlySet<string> = new Set(['created', 'waiting', 'queued', 'pending']);

/** The stage's inputs, each with the name of the task that brings it in. */
export function importNames(work: StageWork): { readonly input: StageInput; readonly name: string }[] {
  return work.inputs.map((input, place) => {
    const before = work.inputs.slice(0, place).filter((other) => other.id === input.id).length;
    return { input, name: taskName(input.source.type === 'result' ? 'result' : 'import', input.id, work.reference, before) };
  });
}

/** The task of each upload of the stage, by `uploadKey`: by the task's name, else by its place among the upload tasks. */
function uploadTasks(work: StageWork, tasks: readonly VendorTask[]): ReadonlyMap<string, VendorTask> {
  const uploads = importNames(work).filter(({ input }) => input.source.type === 'upload');
  const waiting = tasks.filter((task) => task.operation === 'import/upload' || uploads.some(({ name }) => name === task.name));
  return new Map(
    uploads.flatMap(({ input, name }, place) => {
      const task = waiting.find((candidate) => candidate.name === name) ?? waiting[place];
      return task === undefined ? [] : [[uploadKey(input), task] as const];
    }),
  );
}

/** Where each upload of the stage goes, by `uploadKey`. */
export function readForms(work: StageWork, tasks: readonly VendorTask[]): ReadonlyMap<string, UploadForm> {
  return new Map([...uploadTasks(work, tasks)].flatMap(([key, { form }]) => (form === null ? [] : [[key, form] as const])));
}

/** Whether the vendor has the file, which was sent before a restart: its task is done, or has left its beginning and offers no form any more. */
export function isUploaded(work: StageWork, tasks: readonly VendorTask[], key: string, settings: Settings): boolean {
  const task = uploadTasks(work, tasks).get(key);
  if (task === undefined || task.status === null) return false;
  return stateWords(settings)(task.status) === 'succeeded' || (task.form === null && !WAITING.has(task.status.trim().toLowerCase()));
}
