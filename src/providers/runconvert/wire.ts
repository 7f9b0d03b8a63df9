import { z } from 'zod';

/**
 * RunConvert's answers, as much of them as is read. Its documents show fragments only, and its SDKs another dialect, so
 * everything is optional, numbers may be strings, `[]` may stand for `{}`, and what has another shape counts as absent.
 */
const text = z.unknown().optional().transform(readText);
const number = z.unknown().optional().transform(readNumber);

const fileSchema = z.object({ filename: text, url: z.string().refine(isWebUrl), size: number });

/** The signed form of an `import/upload` task, or a bare URL (the SDKs' `Files.Upload`). */
const formSchema = z.object({ url: z.string().refine(isWebUrl), parameters: z.unknown().optional().transform(readParameters) });

const resultSchema = z.preprocess(
  (value) => (Array.isArray(value) ? { files: value } : value),
  z.object({
    files: z.unknown().optional().transform((value) => readList(value, fileSchema)),
    url: text,
    upload_url: text,
    filename: text,
    size: number,
    form: z.preprocess((value) => (typeof value === 'string' ? { url: value } : value), formSchema).nullable().catch(null),
  }),
);

const taskSchema = z.object({
  id: text,
  name: text,
  operation: text,
  status: text,
  percent: number,
  credits: number,
  input: z.unknown().optional().transform(readNames),
  depends_on_task_ids: z.unknown().optional().transform(readNames),
  payload: z.object({ input: z.unknown().optional().transform(readNames) }).nullable().catch(null),
  result: resultSchema.nullable().catch(null),
  results: resultSchema.nullable().catch(null),
  links: z.object({ download: text }).nullable().catch(null),
});

/** What an answer, a job or a task says of its failure. */
export interface Said {
  readonly code: string | null;
  readonly message: string | null;
}

export type FileFacts = z.infer<typeof fileSchema>;

/** A task in one spelling. */
export interface VendorTask {
  readonly id: string | null;
  readonly name: string | null;
  readonly operation: string | null;
  readonly status: string | null;
  readonly percent: number | null;
  readonly credits: number | null;
  /** Names or ids of the tasks that it takes. */
  readonly inputs: readonly string[];
  /** Where its bytes go, of an upload. */
  readonly form: UploadForm | null;
  /** Of an export. Only files with a web address count. */
  readonly files: readonly FileFacts[];
  readonly said: Said;
}

export interface VendorJob {
  readonly id: string | null;
  readonly status: string | null;
  readonly tasks: readonly VendorTask[];
  readonly said: Said;
}

export type UploadForm = z.infer<typeof formSchema>;

/**
 * A job from the body of an answer: bare, in `{ data }` or in `{ job }`, tasks inside or beside it.
 * Null when it is none: a status alone is no job ("error" with a message, sent as 200, is not a job that failed).
 */
export function readJob(body: string): VendorJob | null {
  return toJob(readJson(body));
}

export function toJob(told: unknown): VendorJob | null {
  let job = told;
  let tasks: unknown = undefined;
  for (const wrapper of ['data', 'job']) {
    if (!isRecord(job) || readText(job['id']) !== null) break;
    tasks = job['tasks'] ?? tasks;
    if (isRecord(job[wrapper])) job = job[wrapper];
  }
  if (!isRecord(job)) return null;
  const read = { id: readText(job['id']), status: readText(job['status']), tasks: readTasks(job['tasks'] ?? tasks), said: readSaid(job) };
  return read.id === null && read.tasks.length === 0 ? null : read;
}

/** The tasks of `GET …/tasks?job_id=`, in the same ways. Null when it is no list. */
export function readTaskList(body: string): VendorTask[] | null {
  const answer = readJson(body);
  const list = isRecord(answer) ? (answer['data'] ?? answer['tasks']) : answer;
  const tasks = isRecord(list) && 'tasks' in list ? list['tasks'] : list;
  return typeof tasks === 'object' && tasks !== null ? readTasks(tasks) : null;
}

/** The job that a callback speaks of. Bodies are documented nowhere: the service it resembles sends `{ event, job }`, a task's event `{ event, task }`. */
export function readCallbackJobId(body: string): string | null {
  const outer = readJson(body);
  if (!isRecord(outer)) return null;
  const data = isRecord(outer['data']) ? outer['data'] : {};
  const ofJob = [outer['job'], data['job']].map((job) => (isRecord(job) ? job['id'] : job));
  const ofTask = [outer['task'], data['task'], outer, data].map((task) => (isRecord(task) ? task['job_id'] : null));
  const bare = readText(outer['event'] ?? outer['type'])?.startsWith('task.') === true ? [] : [data['id'], outer['id']];
  return [...ofJob, ...ofTask, ...bare].map(readText).find((id) => id !== null) ?? null;
}

/** Where code and message sit is documented nowhere: they are read flat and one level down, in each dialect's spelling. */
export function readSaid(value: unknown): Said {
  if (!isRecord(value)) return { code: null, message: null };
  const places = [value, ...['error', 'result', 'results', 'data'].map((key) => value[key])].filter(isRecord);
  const code = firstText(places, ['code', 'errorCode', 'error_code']);
  const error = firstText(places, ['error']);
  return { code: code ?? (/^[a-z]+(?:_[a-z]+)+$/.test(error ?? '') ? error : null), message: firstText(places, ['message', 'msg']) ?? error };
}

/** `GET …/core/formats`, whose body no document shows: names or objects with one, in a list, in `{ data }`, `{ formats }`, or by category. Null when it is none. */
export function readFormatNames(body: string): string[] | null {
  const answer = readJson(body);
  const list = isRecord(answer) ? (answer['data'] ?? answer['formats'] ?? answer) : answer;
  if (typeof list !== 'object' || list === null) return null;
  return Object.values(list).flat().flatMap((item) => readText(isRecord(item) ? (item['format'] ?? item['extension'] ?? item['name'] ?? item['id']) : item) ?? []);
}

export function readJson(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return null;
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isWebUrl(url: string): boolean {
  return URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
}

export function readText(value: unknown): string | null {
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  // No store takes a NUL, or half of a surrogate pair.
  return typeof value === 'string' && value.trim() !== '' ? value.replaceAll('\0', '').toWellFormed() : null;
}

function firstText(places: readonly Record<string, unknown>[], keys: readonly string[]): string | null {
  return places.flatMap((place) => keys.map((key) => readText(place[key]))).find((found) => found !== null) ?? null;
}

/** What is more than any file or bill comes to is no number. */
const MOST = 1e15;

export function readNumber(value: unknown): number | null {
  const read = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof read === 'number' && read >= 0 && read <= MOST ? read : null;
}

function readNames(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value]).flatMap((name) => readText(name) ?? []);
}

function readList<T extends z.ZodType>(value: unknown, schema: T): z.infer<T>[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap((item) => {
    const read = schema.safeParse(item);
    return read.success ? [read.data] : [];
  });
}

/** Tasks come as a list, or as a map by name. */
function readTasks(value: unknown): VendorTask[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, task]) => {
    const read = taskSchema.safeParse(task);
    return read.success ? [toOneSpelling(read.data, Array.isArray(value) ? null : key, readSaid(task))] : [];
  });
}

function toOneSpelling(task: z.infer<typeof taskSchema>, key: string | null, said: Said): VendorTask {
  const { id, operation, status, percent, credits } = task;
  const results = [task.result, task.results].filter((result) => result !== null);
  const links = [...results, { url: task.links?.download ?? null, filename: null, size: null }];
  const listed = results.flatMap((result) => result.files);
  return {
    id, operation, status, percent, credits, said,
    name: task.name ?? key,
    inputs: [...task.input, ...(task.payload?.input ?? []), ...task.depends_on_task_ids],
    form: results.flatMap((result) => result.form ?? readList([{ url: result.url ?? result.upload_url }], formSchema))[0] ?? null,
    files: listed.length > 0 ? listed : readList(links, fileSchema).slice(0, 1),
  };
}

/** Form fields in the vendor's order. */
function readParameters(value: unknown): [name: string, value: string][] {
  if (!isRecord(value)) return [];
  return Object.entries(value).flatMap(([name, field]) => (typeof field === 'string' || typeof field === 'number' || typeof field === 'boolean' ? [[name, String(field)] as [string, string]] : []));
}
