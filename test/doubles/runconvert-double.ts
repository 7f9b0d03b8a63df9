import { jobFaults } from './runconvert-document.js';
import { advance, awaitsUpload, finish, isDelivery, newJob, statusWord, word, type RunconvertJob, type RunconvertTask } from './runconvert-job.js';
import { DOCUMENTED, type RunconvertScript } from './runconvert-script.js';
import { multipartFields, recordingServer, type Answer, type RecordedRequest, type RecordingServer } from './recording-server.js';

export const RUNCONVERT_KEY = 'rc_live_0123456789';

export interface RunconvertDouble extends RecordingServer {
  readonly baseUrl: string;
  readonly jobs: Map<string, RunconvertJob>;
  /** What bodies said that the vendor's documents do not know. */
  readonly faults: string[];
  /** From now on; what is not named is as documented. */
  behave(script?: Partial<RunconvertScript>): void;
  /** The same for jobs whose create says this word, so that several can go their own ways at once. */
  behaveFor(word: string, script: Partial<RunconvertScript>): void;
  latest(): RunconvertJob;
  document(job: RunconvertJob): Record<string, unknown>;
}

/** RunConvert as its documents and its SDKs have it, on a free port. Remote inputs are taken on trust, results are real small files. */
export async function runconvertDouble(): Promise<RunconvertDouble> {
  let script = DOCUMENTED;
  const jobs = new Map<string, RunconvertJob>();
  const faults: string[] = [];
  const webhooks: Record<string, unknown>[] = [];
  const words = new Map<string, RunconvertScript>();
  const server = await recordingServer(async (request) => (await scriptOf(request).intercept(request)) ?? route(request));
  const base = `${server.origin}/v2`;
  const say = (job: RunconvertJob) => documentOf(job, server.origin);

  function scriptOf(request: RecordedRequest): RunconvertScript {
    const job = request.path.split('/').map((part) => jobs.get(part)).find((found) => found !== undefined);
    const word = [...words.keys()].find((candidate) => request.body.includes(candidate));
    return job !== undefined && [...words.values()].includes(job.script) ? job.script : ((word === undefined ? undefined : words.get(word)) ?? script);
  }

  function route(request: RecordedRequest): Answer | Promise<Answer> {
    const [, first, second, third, fourth] = request.path.split('/');
    if (first === 'upload') return upload(request, second ?? '', third ?? '');
    if (first === 'files') return download(second ?? '', third ?? '');
    if (second === 'core') return { status: 200, body: { data: [] } };
    if (request.headers.authorization !== `Bearer ${RUNCONVERT_KEY}`) return error(401, 'Unauthorized');
    if (second === 'webhooks') return webhook(request);
    if (second !== 'process') return error(404, 'Not Found');
    if (third === 'tasks') return { status: 200, body: { data: [...jobs.values()].filter((job) => job.id === request.query.get('job_id')).flatMap((job) => list(say(job)['tasks'])) } };
    if (third === 'jobs' && fourth === undefined) return request.method === 'POST' ? create(request) : listed(request);
    const job = jobs.get(fourth ?? '');
    if (job === undefined || request.method !== 'GET') return error(404, 'Not Found');
    advance(job);
    return { status: 200, body: wrapped(job, say(job)) };
  }

  async function create(request: RecordedRequest): Promise<Answer> {
    const strange = jobFaults(request.json);
    faults.push(...strange);
    if (request.json === undefined) return error(400, 'Bad Request');
    const job = newJob(request.json as Record<string, unknown>, scriptOf(request));
    jobs.set(job.id, job);
    await job.script.beforeAnswer(job.id);
    if (job.script.createLost !== null) return job.script.createLost;
    const said = job.script.createShowsTasks ? say(job) : { id: job.id, status: statusWord(job) };
    return { status: job.script.words === 'sdk' ? 201 : 200, body: wrapped(job, said) };
  }

  function listed(request: RecordedRequest): Answer {
    const offset = Number(request.query.get('offset') ?? 0);
    const found = [...jobs.values()].filter((job) => [null, statusWord(job)].includes(request.query.get('status'))).reverse();
    return { status: 200, body: { data: found.slice(offset, offset + Number(request.query.get('limit') ?? 50)).map(say), meta: { count: found.length } } };
  }

  function webhook(request: RecordedRequest): Answer {
    if (request.method !== 'POST') return { status: 200, body: { data: webhooks } };
    webhooks.push({ ...(request.json as object), id: `hook-${webhooks.length + 1}` });
    return { status: 201, body: webhooks.at(-1) as object };
  }

  async function upload(request: RecordedRequest, jobId: string, name: string): Promise<Answer> {
    const job = jobs.get(jobId);
    const task = job?.tasks.find((candidate) => candidate.id === name);
    if (job === undefined || task === undefined || task.uploaded) return error(404, 'Not Found');
    const fields = await multipartFields(request);
    const at = fields.findIndex((field) => field.name === 'file');
    const signature = job.script.upload === 'bare' ? request.query.get('signature') : fields.slice(0, at).find((field) => field.name === 'signature')?.value;
    if (signature !== `signed-${task.id}` || !(fields[at]?.value instanceof File)) return error(403, 'the signature does not come before the file');
    task.uploaded = true;
    return { status: 201 };
  }

  function download(jobId: string, fileId: string): Answer {
    const job = jobs.get(jobId);
    const file = job?.tasks.flatMap((task) => task.files).find(({ id }) => fileId.startsWith(id));
    const bytes = file === undefined ? undefined : job?.script.download(file.bytes);
    return Buffer.isBuffer(bytes) ? { status: 200, headers: { 'content-type': 'application/octet-stream' }, body: bytes } : (bytes ?? error(404, 'Not Found'));
  }

  return {
    ...server, baseUrl: base, jobs, faults, document: say,
    behave: (wanted = {}) => void (script = { ...DOCUMENTED, ...wanted }),
    behaveFor: (word, wanted) => void words.set(word, { ...DOCUMENTED, ...wanted }),
    latest: () => [...jobs.values()].at(-1) as RunconvertJob,
  };
}

export { finish };

function wrapped(job: RunconvertJob, said: object): object {
  if (job.script.wrapping === 'data') return { data: said };
  if (job.script.wrapping === 'none') return said;
  const { tasks, ...rest } = said as Record<string, unknown>;
  return { job: rest, ...(tasks === undefined ? {} : { tasks }) };
}

function documentOf(job: RunconvertJob, origin: string): Record<string, unknown> {
  const tasks = job.tasks.map((task) => taskOf(job, task, origin));
  return { id: job.id, tag: job.tag, status: statusWord(job), created_at: '2026-11-21T10:00:00+00:00', tasks: job.script.tasks === 'array' ? tasks : Object.fromEntries(tasks.map((task) => [task['name'], task])) };
}

function taskOf(job: RunconvertJob, task: RunconvertTask, origin: string): Record<string, unknown> {
  const { script } = job;
  const failed = job.ended === 'failed' ? faultOf(job, task) : null;
  const status = job.ended === 'failed' ? word(job, failed === null ? 'completed' : 'failed') : task.uploaded ? word(job, 'completed') : statusWord(job);
  return {
    id: task.id, job_id: job.id, name: task.name, operation: task.asked['operation'], status, code: failed?.code ?? null, message: failed?.message ?? null, percent: job.ended === 'completed' ? 100 : 10,
    credits: job.ended === 'completed' ? (script.numericStrings ? '1' : 1) : null,
    result: awaitsUpload(task) ? uploadPlace(job, task, origin) : failed === null ? resultOf(job, task, origin) : { errorCode: failed.code, msg: failed.message },
  };
}

/** Of a failed job: the first task of the kind that fails has the cause, what comes after it only the consequence. */
function faultOf(job: RunconvertJob, task: RunconvertTask): { code: string; message: string } | null {
  const { ending, delivery } = job.script;
  if (typeof ending !== 'object') return typeof delivery === 'object' && isDelivery(task) ? { code: 'processing_failed', message: delivery.refused } : null;
  const imports = (one: RunconvertTask) => String(one.asked['operation']).startsWith('import/');
  const guilty = job.tasks.findIndex((one) => imports(one) === (ending.at === 'import'));
  const place = job.tasks.indexOf(task);
  if (place === guilty) return { code: ending.code, message: ending.message };
  return place < guilty || imports(task) ? null : { code: 'INPUT_TASK_FAILED', message: 'Input task has failed' };
}

function uploadPlace(job: RunconvertJob, task: RunconvertTask, origin: string): object {
  const url = `${origin}/upload/${job.id}/${task.id}`;
  return job.script.upload === 'bare' ? { url: `${url}?signature=signed-${task.id}` } : { form: { url, parameters: { expires: 1790000000, max_file_count: 1, signature: `signed-${task.id}` } } };
}

function resultOf(job: RunconvertJob, task: RunconvertTask, origin: string): object | null {
  if (task.files.length === 0) return null;
  if (task.asked['operation'] !== 'export/url') return { files: task.files.map(({ name }) => ({ filename: name })) };
  const said = task.files.map((file) => ({ filename: file.name, url: `${origin}/files/${job.id}/${file.id}-${file.name}`, size: job.script.numericStrings ? String(file.bytes.length) : file.bytes.length }));
  return job.script.result(job.script.results === 'files' ? { files: said } : { url: said[0]?.url });
}

const list = (tasks: unknown): object[] => (Array.isArray(tasks) ? (tasks as object[]) : Object.values(tasks as Record<string, object>));
const error = (status: number, message: string): Answer => ({ status, body: { code: null, message } });
