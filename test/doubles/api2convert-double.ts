import { randomUUID } from 'node:crypto';
import { inputFaults, jobFaults } from './api2convert-document.js';
import { advance, finish, md5, newJob, statusWord, targetsOf, type Api2convertJob } from './api2convert-job.js';
import { USUAL, type Api2convertScript } from './api2convert-script.js';
import { multipartFields, recordingServer, type Answer, type RecordedRequest, type RecordingServer } from './recording-server.js';

export const API2CONVERT_KEY = 'a2c0123456789abcdef0123456789abc';

export interface Api2convertDouble extends RecordingServer {
  readonly baseUrl: string;
  readonly jobs: Map<string, Api2convertJob>;
  /** What bodies said that the vendor's document does not know. */
  readonly faults: string[];
  /** From now on; what is not named is as usual. */
  behave(script?: Partial<Api2convertScript>): void;
  /** The same for jobs whose create says this word, so that several can go their own ways at once. */
  behaveFor(word: string, script: Partial<Api2convertScript>): void;
  latest(): Api2convertJob;
  /** The job document, as a read or a callback would show it. */
  document(job: Api2convertJob): Record<string, unknown>;
}

/** api2convert as its documents have it, on a free port. Remote inputs are taken on trust, results are real small files. */
export async function api2convertDouble(): Promise<Api2convertDouble> {
  let script = USUAL;
  const jobs = new Map<string, Api2convertJob>();
  const faults: string[] = [];
  const words = new Map<string, Api2convertScript>();
  const server = await recordingServer(async (request) => (await scriptOf(request).intercept(request)) ?? route(request));
  const base = `${server.origin}/v2`;
  const say = (job: Api2convertJob) => documentOf(job, `${base}/dl/web7`);

  function scriptOf(request: RecordedRequest): Api2convertScript {
    const job = request.path.split('/').map((part) => jobs.get(part)).find((found) => found !== undefined);
    const word = [...words.keys()].find((candidate) => request.body.includes(candidate));
    return job !== undefined && [...words.values()].includes(job.script) ? job.script : ((word === undefined ? undefined : words.get(word)) ?? script);
  }

  async function route(request: RecordedRequest): Promise<Answer> {
    const [, , first, second, third, fourth] = request.path.split('/');
    if (first === 'dl') return transfer(request, third ?? '', fourth ?? '', request.path.split('/')[6] ?? '');
    if (first === 'conversions') return { status: 200, body: [] };
    const job = jobs.get(second ?? '');
    const key = request.headers['x-oc-api-key'] ?? request.headers['x-api2convert-api-key'];
    const token = request.headers['x-oc-token'] ?? request.headers['x-api2convert-token'];
    if (key !== API2CONVERT_KEY && (token === undefined || token !== job?.token)) return error(401, 'Invalid api key');
    if (first === 'contracts') return { status: 200, body: { contracts: [], credits_remaining: '1848' } };
    if (first !== 'jobs') return error(404, 'no such route');
    if (second === undefined) return request.method === 'POST' ? create(request) : listed(request);
    if (job === undefined) return error(404, 'The specified job does not exist');
    if (third === 'input' && request.method === 'POST') return addInput(job, request);
    if (third === 'output') return { status: 200, body: say(job)['output'] as object };
    return change(job, request);
  }

  function create(request: RecordedRequest): Answer {
    if (request.body.length === 0) return { status: 204 };
    faults.push(...jobFaults(request.json));
    const job = newJob(request.json as Record<string, unknown>, scriptOf(request));
    jobs.set(job.id, job);
    return { status: 201, body: say(job) };
  }

  function listed(request: RecordedRequest): Answer {
    const asked = request.query.get('status');
    const page = Number(request.query.get('page') ?? 1);
    const found = [...jobs.values()].filter((job) => asked === null || statusWord(job) === asked).slice((page - 1) * 50, page * 50);
    return found.length === 0 ? { status: 204 } : { status: 200, headers: { 'x-count': String(jobs.size) }, body: found.map(say) };
  }

  function change(job: Api2convertJob, request: RecordedRequest): Answer {
    if (request.method === 'GET') {
      advance(job);
      return { status: 200, body: say(job) };
    }
    if (job.ended !== null) return error(409, 'can not be modified');
    if (request.method === 'DELETE') {
      job.ended = 'canceled';
      return { status: 204 };
    }
    faults.push(...jobFaults(request.json));
    job.started = true;
    return job.script.startAnswer === 409 ? error(409, 'status of the job could not be changed since it is in a invalid status') : { status: 200, body: say(job) };
  }

  function addInput(job: Api2convertJob, request: RecordedRequest): Answer {
    const inputs = (Array.isArray(request.json) ? request.json : [request.json]) as Record<string, unknown>[];
    faults.push(...inputs.flatMap((input) => inputFaults(input)));
    const added = inputs.map((input) => ({ ...input, id: randomUUID() }));
    job.inputs.push(...added);
    return { status: 201, body: { ...added[0], status: 'ready' } };
  }

  async function transfer(request: RecordedRequest, kind: string, jobId: string, name: string): Promise<Answer> {
    const job = jobs.get(jobId);
    if (job === undefined) return error(404, 'no such job');
    if (kind === 'download-file') {
      const output = job.outputs.find(({ id }) => name.startsWith(id));
      const bytes = output === undefined ? undefined : job.script.download(output.bytes);
      if (!Buffer.isBuffer(bytes)) return bytes ?? error(404, 'no such file');
      return { status: 200, headers: { 'content-type': output?.type ?? '', 'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(output?.name ?? '')}` }, body: bytes };
    }
    if ((request.headers['x-oc-token'] ?? request.headers['x-api2convert-token']) !== job.token) return error(401, 'Invalid token');
    if (job.started) return error(409, 'the job takes no more uploads');
    const file = (await multipartFields(request)).find((field) => field.name === 'file')?.value;
    if (!(file instanceof File)) return error(400, 'no file');
    const id = randomUUID();
    job.inputs.push({ id, type: 'upload', filename: file.name, size: file.size });
    return { status: 200, body: job.script.uploadId === 'object' ? { id: { job: job.id, input: id }, completed: true } : { id, type: 'upload', status: 'downloaded' } };
  }

  return {
    ...server, baseUrl: base, jobs, faults, document: say,
    behave: (wanted = {}) => void (script = { ...USUAL, ...wanted }),
    behaveFor: (word, wanted) => void words.set(word, { ...USUAL, ...wanted }),
    latest: () => [...jobs.values()].at(-1) as Api2convertJob,
  };
}

export { finish };

function documentOf(job: Api2convertJob, server: string): Record<string, unknown> {
  const { script } = job;
  const empty = script.emptyObject === 'array' ? [] : {};
  const number = (value: number) => (script.numericStrings ? String(value) : value);
  return {
    id: job.id, token: job.token, type: 'job', status: { code: statusWord(job), info: 'in words that may change' }, errors: job.errors, warnings: empty, process: job.started,
    fail_on_input_error: true, fail_on_conversion_error: true, notify_status: false, limits: empty, callback: job.callback, server, spent: number(job.ended === 'completed' ? 1 : 0),
    created_at: '2026-11-21T10:00:00', modified_at: '2026-11-21T10:00:01',
    conversion: job.conversions.map((conversion) => ({ ...conversion, options: conversion['options'] ?? empty, metadata: empty, output_target: targetsOf(job, conversion) })),
    input: job.inputs.map((input) => ({ ...input, source: input['source'] ?? '', status: 'ready', options: empty, metadata: empty, size: number(Number(input['size'] ?? 3)) })),
    output: job.outputs.map((output) =>
      script.output({
        id: output.id, source: output.source, uri: `${server}/download-file/${job.id}/${output.id}-${output.name}`, size: number(output.bytes.length), status: 'enabled',
        content_type: output.type, downloads_counter: number(0), checksum: md5(output.bytes), created_at: '2026-11-21T10:00:01', metadata: empty, ...(script.filenames ? { filename: output.name } : {}),
      }),
    ),
  };
}

const error = (status: number, message: string): Answer => ({ status, body: { code: status, message, errors: {} } });
