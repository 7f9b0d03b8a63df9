import type { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';

/** A caller who sends a file may be slow, but not silent. */
const SILENCE_MS = 60_000;

/** Cuts the connection of a caller who sends nothing more of `body` for a while: what was to hold it is let go. */
export function cutWhenSilent({ raw: { socket } }: Pick<FastifyRequest, 'raw'>, body: Readable, ms = SILENCE_MS): void {
  // Node destroys a connection whose time is over when nobody else minds it.
  socket.setTimeout(ms);
  body.once('close', () => socket.setTimeout(0));
}
