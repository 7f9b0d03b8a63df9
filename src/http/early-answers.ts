import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** In ms: closed sooner, a connection may take the answer with it. */
const HEARD_MS = 1000;

/** Callers who were answered before they had sent all. Nobody listens to what they still send, but to Node they are at work: a stop would wait for them as for an upload. */
export class EarlyAnswers {
  private readonly answered = new Map<Socket, { readonly request: IncomingMessage; readonly at: number }>();

  note(request: IncomingMessage, response: ServerResponse): void {
    // Of a request that was let go in its middle Node takes the socket away, whatever its types say.
    const socket = request.socket as Socket | null;
    if (socket === null || request.complete || socket.destroyed) return;
    response.once('finish', () => {
      if (!this.answered.has(socket)) socket.once('close', () => this.answered.delete(socket));
      this.answered.set(socket, { request, at: performance.now() });
    });
  }

  /** Closes the connections of those who had the time to hear it, and still have not sent all. */
  close(): void {
    const before = performance.now() - HEARD_MS;
    for (const [socket, { request, at }] of this.answered) if (!request.complete && at < before) socket.destroy();
  }
}
