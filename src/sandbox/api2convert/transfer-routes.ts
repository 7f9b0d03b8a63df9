import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Refusal } from '../refusal.js';
import { sendFile } from '../sending.js';
import { inputChecksum } from './checksums.js';
import { requireJob, requireUnstarted, type Api2convert } from './context.js';
import { factsOfParts } from './create-job.js';
import { newId, type Input, type Job } from './job.js';
import { readObject } from './read-body.js';
import { PartialUploads } from './partial-uploads.js';
import { outputStatus } from './views.js';

/** The server of a job: `/dl/{web}/upload-file`, `/upload-base64` and `/download-file`. */
export function registerTransferRoutes(app: FastifyInstance, vendor: Api2convert, flatAnswer: boolean): void {
  const partial = new PartialUploads();

  const keep = (job: Job, id: string, filename: string, bytes: Buffer): Input => {
    const input: Input = uploaded(id, filename, bytes);
    job.inputs = [...job.inputs.filter((one) => one.id !== id), input];
    job.ledger.uploads += 1;
    job.scenarios = vendor.shared.scenarios.claim('api2convert', factsOfParts(job.inputs, job.conversions), job.scenarios);
    return input;
  };
  const answer = (job: Job, inputId: string | null): object => (flatAnswer ? { id: inputId, type: 'upload' } : { id: { job: job.id, input: inputId }, completed: inputId !== null });

  app.post('/dl/:web/upload-file/:jobId', { config: { call: 'upload' } }, async (request) => {
    const job = requireJob(vendor, request);
    requireUnstarted(job);
    const file = await request.file();
    if (file?.fieldname !== 'file') throw new Refusal(400, 'The field file is missing', 6);
    const part = { uuid: uploadUuid(request), range: request.headers['content-range'] ?? null, bytes: await file.toBuffer() };
    requireUnstarted(job);
    const whole = partial.add(job.id, part);
    if (!whole) return answer(job, null);
    const input = keep(job, whole.inputId, file.filename, whole.bytes);
    vendor.runner.consider(job);
    return answer(job, input.id);
  });

  app.post('/dl/:web/upload-base64/:jobId', { config: { call: 'upload' } }, async (request) => {
    const job = requireJob(vendor, request);
    requireUnstarted(job);
    const files = (Array.isArray(request.body) ? (request.body as unknown[]) : [request.body]).map((one) => readObject(one, 'file'));
    const inputs = files.map(({ content, filename }) => {
      if (typeof content !== 'string') throw new Refusal(400, 'The content is missing', 6);
      return keep(job, newId(), typeof filename === 'string' && filename !== '' ? filename : 'output', Buffer.from(content, 'base64'));
    });
    vendor.runner.consider(job);
    return answer(job, inputs.at(-1)?.id ?? null);
  });

  app.get('/dl/:web/download-file/:jobId/:filename', { config: { call: 'download' } }, async (request, reply) => {
    const { jobId, filename } = request.params as { jobId: string; filename: string };
    const job = vendor.store.find(jobId);
    const output = job?.outputs.find((one) => one.uriName === filename);
    if (!job || !output) throw new Refusal(404, 'The file does not exist');
    const status = outputStatus(output, vendor.viewOf(job));
    if (status === 'expired' || !output.bytes) throw new Refusal(404, 'The file has expired');
    if (status === 'disabled') throw new Refusal(403, 'The file can not be downloaded');
    if (status === 'overuse') throw new Refusal(403, 'The file has been downloaded too often');
    const passwords = [...job.passwords, ...output.passwords];
    if (passwords.length > 0 && !passwordsOf(request).some((one) => passwords.includes(one))) throw new Refusal(401, 'The download password is wrong or missing');
    const { filename: name, contentType, bytes } = output;
    const encoded = (request.query as { encoding?: string }).encoding === 'base64';
    sendFile(request, reply, { filename: name, contentType, bytes: encoded ? Buffer.from(bytes.toString('base64')) : bytes });
    if (request.method === 'HEAD' || reply.statusCode === 416) return reply;
    output.downloads += 1;
    job.ledger.downloads += 1;
    return reply;
  });
}

function uploaded(id: string, filename: string, bytes: Buffer): Input {
  const now = new Date();
  const described = { id, type: 'upload', source: filename, engine: 'auto', parameters: {}, credentials: {}, options: {}, filename, contentType: '' };
  return { ...described, status: 'ready', bytes, size: bytes.length, checksum: inputChecksum(bytes), createdAt: now, modifiedAt: now };
}

function uploadUuid({ headers }: FastifyRequest): string | null {
  const value = headers['x-oc-upload-uuid'] ?? headers['x-api2convert-upload-uuid'];
  return typeof value === 'string' && value !== '' ? value : null;
}

const PASSWORD_HEADERS = ['x-api2convert-download-password', 'x-oc-download-password'];

/** One header (or its alias, or a cookie of either name) may carry several, comma-separated. */
function passwordsOf({ headers }: FastifyRequest): string[] {
  const cookies = (headers.cookie ?? '').split(';').map((cookie) => cookie.trim().split('=', 2)).filter(([name]) => PASSWORD_HEADERS.includes((name ?? '').toLowerCase()));
  const values = [...PASSWORD_HEADERS.map((name) => headers[name]), ...cookies.map(([, value]) => decoded(value ?? ''))];
  return values.flatMap((value) => (typeof value === 'string' ? value.split(',') : []));
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
