import type { FastifyRequest } from 'fastify';

/** Aborts when the caller's connection closes: nobody waits for the answer any more. */
export function goneSignal(request: FastifyRequest): AbortSignal {
  const gone = new AbortController();
  request.raw.socket.once('close', () => gone.abort());
  return gone.signal;
}
