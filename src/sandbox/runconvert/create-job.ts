import { Refusal } from '../refusal.js';
import type { JobFacts } from '../scenario.js';
import { newId, newSecret, type JsonObject, type RunTask } from './job.js';
import { kindOf } from './operations.js';
import { missingPlace } from './stores.js';

const BASE64_LIMIT = 1.5 * 1024 * 1024;

export interface JobRequest {
  readonly tag: string | null;
  readonly tasks: readonly RunTask[];
}

/** Reads the body of `POST /process/jobs`. Refuses with 400 what can never run: unknown operations, inputs and circles. */
export function readJob(body: unknown, jobId: string, now: Date): JobRequest {
  const { tag, tasks } = objectOf(body, 'The body');
  if (tag !== undefined && tag !== null && typeof tag !== 'string') throw bad('"tag" must be a string.');
  const named = Object.entries(objectOf(tasks, '"tasks"'));
  if (named.length === 0) throw bad('"tasks" must name at least one task.');
  const read = named.map(([name, fields]) => readTask(name, objectOf(fields, `Task "${name}"`), jobId, now));
  read.forEach((task) => checkInputs(task, read));
  return { tag: tag ?? null, tasks: read };
}

function readTask(name: string, fields: JsonObject, jobId: string, now: Date): RunTask {
  const operation = wordOf(fields.operation);
  const inputs = inputsOf(fields);
  requireFields(name, operation, fields, inputs);
  return {
    ...{ id: newId(), jobId, name, operation, fields, inputs, signature: operation === 'import/upload' ? newSecret() : '', createdAt: now },
    ...{ phase: 'waiting', code: null, message: null, percent: 0, credits: null, files: [], made: [], startedAt: null, endedAt: null },
  };
}

function requireFields(name: string, operation: string, fields: JsonObject, inputs: readonly string[]): void {
  const kind = kindOf(operation);
  if (kind === null) throw bad(`Task "${name}": the operation "${operation}" does not exist.`);
  if ((kind === 'process' || kind === 'export') && inputs.length === 0) throw bad(`Task "${name}": "input" is missing.`);
  if (['convert', 'merge', 'archive'].includes(operation) && wordOf(fields.output_format) === '') throw bad(`Task "${name}": "output_format" is missing.`);
  const missing = kind === 'import' || kind === 'export' ? missingPlace(operation, fields) : null;
  if (missing !== null) throw bad(`Task "${name}": "${missing}" is missing.`);
  if (operation === 'import/url' && urlOf(fields) === '') throw bad(`Task "${name}": "url" is missing.`);
  if (operation === 'capture_website' && wordOf(fields.url) === '') throw bad(`Task "${name}": "url" is missing.`);
  if (operation !== 'import/base64') return;
  const file = wordOf(fields.file);
  if (file === '') throw bad(`Task "${name}": "file" is missing.`);
  if ((file.length * 3) / 4 > BASE64_LIMIT) throw bad(`Task "${name}": "file" is larger than 1.5MB.`);
}

/** Every input is a task of this job, and no task waits for itself. */
function checkInputs(task: RunTask, tasks: readonly RunTask[]): void {
  const seen = new Set<string>();
  const ahead = [...task.inputs];
  for (let name = ahead.pop(); name !== undefined; name = ahead.pop()) {
    const found = tasks.find((one) => one.name === name);
    if (!found) throw bad(`Task "${task.name}": the input "${name}" does not exist.`);
    if (found === task) throw bad(`Task "${task.name}": its inputs go round in a circle.`);
    if (!seen.has(name)) ahead.push(...found.inputs);
    seen.add(name);
  }
}

/** The docs say `url`, the SDKs `source_url`. */
export function urlOf(fields: JsonObject): string {
  return wordOf(fields.url) || wordOf(fields.source_url);
}

/** What scenarios look at; bears a body that was not checked yet. */
export function factsOfBody(body: unknown): JobFacts {
  const tasks = Object.values(looseObject(looseObject(body).tasks)).map(looseObject);
  return factsOfTasks(tasks);
}

export function factsOfTasks(tasks: readonly JsonObject[]): JobFacts {
  return {
    filenames: tasks.flatMap((fields) => [wordOf(fields.filename), URL.parse(urlOf(fields))?.pathname.split('/').at(-1) ?? '']),
    operations: tasks.map((fields) => wordOf(fields.operation)),
  };
}

export function looseObject(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}

function inputsOf({ input }: JsonObject): string[] {
  if (input === undefined || input === null) return [];
  const names: unknown[] = Array.isArray(input) ? input : [input];
  if (!names.every((name) => typeof name === 'string')) throw bad('"input" must be the name of a task, or a list of names.');
  return [...new Set(names)];
}

function objectOf(value: unknown, what: string): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw bad(`${what} must be an object.`);
  return value as JsonObject;
}

function wordOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function bad(message: string): Refusal {
  return new Refusal(400, message, 'bad_request');
}
