import type { Socket } from 'node:net';
import type { FastifyRequest } from 'fastify';

/** One for each connection: requests that follow each other on it would leave a listener each. */
const signals = new WeakMap<Socket, AbortSignal>();

/** Aborts when the caller's connection closes: nobody waits for the answer any more. */
export function goneSignal({ raw: { socket } }: FastifyRequest): AbortSignal {
  const known = signals.get(socket);
  if (known !== undefined) return known;
  const gone = new AbortController();
  signals.set(socket, gone.signal);
  if (socket.destroyed) gone.abort();
  else socket.once('close', () => gone.abort());
  return gone.signal;
}
