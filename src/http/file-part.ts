import type { MultipartFile } from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import { invalidRequest, Problem } from './problem.js';

/** The file of a form's field, unread. Other parts before it are refused: what they would mean, nobody said. */
export async function readFilePart(request: FastifyRequest, field: string): Promise<MultipartFile> {
  if (!request.isMultipart()) throw new Problem('unsupported_media_type', `Send a form: Content-Type: multipart/form-data, with the file in the field "${field}".`);
  if ((request.headers['content-encoding'] ?? 'identity') !== 'identity') throw new Problem('unsupported_media_type', 'Send the form plain: content encodings are not undone.');
  for await (const part of request.parts({ limits: { files: 1, fields: 10, parts: 20, fieldNameSize: 100, fieldSize: 10_000, fileSize: Number.MAX_SAFE_INTEGER } })) {
    if (part.type === 'file' && part.fieldname === field) return part;
    if (part.type === 'file') part.file.resume();
    throw invalidRequest([{ pointer: `/${part.fieldname}`, message: `There is no such field; the file goes into "${field}", everything else into the query.` }]);
  }
  throw invalidRequest([{ pointer: `/${field}`, message: 'The form has no file in this field.' }]);
}
