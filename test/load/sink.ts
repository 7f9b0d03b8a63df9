import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { News, Received, Receiver } from '../doubles/webhook-receiver.ts';

/** A receiver that only remembers what an auditor asks for, and answers 204 at once: it must never be what is measured. */
export interface Sink extends Receiver {
  /** When each job's end was heard of first, in ms of `performance.now()`. */
  readonly endedAt: ReadonlyMap<string, number>;
}

const ENDINGS = new Set(['job.completed', 'job.failed', 'job.canceled']);

export async function openSink(): Promise<Sink> {
  const received: Received[] = [];
  const endedAt = new Map<string, number>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      response.writeHead(204).end();
      const { type, timestamp, sequence, data } = JSON.parse(Buffer.concat(chunks).toString()) as News;
      const { id, status } = data;
      received.push({ path: '/hook', id: String(request.headers['webhook-id']), headers: {}, raw: '', body: { type, timestamp, sequence, data: { id, status } } });
      if (ENDINGS.has(type) && !endedAt.has(id)) endedAt.set(id, performance.now());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    endedAt,
    at: (path) => received.filter((one) => one.path === path),
    behave: () => {
      throw new Error('a sink only takes what comes');
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
