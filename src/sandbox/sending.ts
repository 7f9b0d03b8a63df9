import { create as contentDisposition } from 'content-disposition';
import type { FastifyReply, FastifyRequest } from 'fastify';

export interface FileToSend {
  readonly filename: string;
  readonly contentType: string;
  readonly bytes: Buffer;
}

/** Answers with a file: whole, its headers alone for HEAD, or the one range asked for (206; 416 where there is no such part). */
export function sendFile(request: FastifyRequest, reply: FastifyReply, { filename, contentType, bytes }: FileToSend): FastifyReply {
  void reply.type(contentType).headers({ 'content-disposition': contentDisposition(filename), 'accept-ranges': 'bytes' });
  // The server takes the bytes away again, and leaves their length.
  if (request.method === 'HEAD') return reply.send(bytes);
  const range = rangeOf(request.headers.range, bytes.length);
  if (range === 'whole') return reply.send(bytes);
  if (range === 'none') return reply.code(416).header('content-range', `bytes */${bytes.length}`).type('application/json').send({ message: 'Range not satisfiable' });
  const [from, to] = range;
  return reply.code(206).header('content-range', `bytes ${from}-${to}/${bytes.length}`).send(bytes.subarray(from, to + 1));
}

/** First and last byte; several ranges at once, and what cannot be read, mean the whole file (RFC 9110, 14.2). */
function rangeOf(header: string | undefined, size: number): readonly [number, number] | 'whole' | 'none' {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  if (first === '' && last === '') return 'whole';
  const from = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const to = first === '' || last === '' ? size - 1 : Math.min(size - 1, Number(last));
  if (first !== '' && last !== '' && Number(last) < from) return 'whole';
  return from < size && (first !== '' || Number(last) > 0) ? [from, to] : 'none';
}
