import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Refusal } from '../refusal.js';
import { sendFile } from '../sending.js';
import { scenarioOf } from '../scenarios.js';
import type { RunConvert } from './context.js';
import type { RunTask, TaskFile } from './job.js';
import { isDownloadable } from './operations.js';

/** Upload forms and result URLs: neither takes the account's key. */
export function registerTransferRoutes(app: FastifyInstance, { store, uploads }: RunConvert): void {
  app.post('/upload/:taskId', { config: { call: 'upload' } }, async (request, reply) => {
    const found = store.findTask((request.params as { taskId: string }).taskId);
    if (found?.task.operation !== 'import/upload') throw new Refusal(404, 'The upload does not exist.', 'not_found');
    const file = await uploadedFile(request, found.task);
    if (!uploads.arrive(found.task.id, file)) throw new Refusal(409, 'The file was uploaded already, or too late.', 'conflict');
    found.job.ledger.uploads += 1;
    return reply.code(201).send();
  });

  app.get('/download/:taskId/:at/:filename', { config: { call: 'download' } }, async (request, reply) => {
    const { taskId, at } = request.params as { taskId: string; at: string };
    const found = store.findTask(taskId);
    const file = found && isDownloadable(found.task.operation) && !scenarioOf(found.job, 'vanish') ? found.task.files[Number(at)] : undefined;
    if (!found || !file) throw new Refusal(404, 'The file does not exist.', 'not_found');
    sendFile(request, reply, file);
    if (request.method !== 'HEAD' && reply.statusCode !== 416) found.job.ledger.downloads += 1;
    return reply;
  });
}

/** The form's parameters come first, then the file: a signature after the file is none. */
async function uploadedFile(request: FastifyRequest, task: RunTask): Promise<TaskFile> {
  let signature: unknown = null;
  let uploaded: TaskFile | null = null;
  for await (const part of request.parts()) {
    if (part.type === 'field') {
      if (part.fieldname === 'signature' && uploaded === null) signature = part.value;
      continue;
    }
    const bytes = await part.toBuffer();
    const named = typeof task.fields.filename === 'string' && task.fields.filename !== '' ? task.fields.filename : part.filename;
    if (part.fieldname === 'file') uploaded = { filename: named, contentType: part.mimetype, bytes };
  }
  if (signature !== task.signature) throw new Refusal(403, 'The signature is wrong or missing.', 'forbidden');
  if (!uploaded) throw new Refusal(400, 'The field "file" is missing.', 'bad_request');
  return uploaded;
}
