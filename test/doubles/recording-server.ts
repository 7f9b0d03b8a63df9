import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** One request as it arrived. */
export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** The body read as JSON; undefined where it is none. */
  readonly json: unknown;
}

/** `hang` never answers, `reset` breaks the connection off. */
export type Answer = 'hang' | 'reset' | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: Buffer | string | object };

export type Answering = (request: RecordedRequest) => Answer | Promise<Answer>;

export interface RecordingServer {
  readonly origin: string;
  readonly requests: RecordedRequest[];
  /** What was asked of a path, in order. */
  to(method: string, path: RegExp): RecordedRequest[];
  close(): Promise<void>;
}

/** An HTTP server on a free port of 127.0.0.1 that writes down whatever is asked of it before it answers. */
export async function recordingServer(answering: Answering): Promise<RecordingServer> {
  const requests: RecordedRequest[] = [];
  const server = createServer((incoming, response) => {
    void (async () => {
      const request = await recorded(incoming);
      requests.push(request);
      write(response, await answering(request));
    })().catch((error: unknown) => response.destroy(error as Error));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    to: (method, path) => requests.filter((request) => request.method === method && path.test(request.path)),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The fields of a multipart body, in the order in which they came. */
export async function multipartFields(request: RecordedRequest): Promise<{ name: string; value: string | File }[]> {
  const form = await new Response(new Uint8Array(request.body), { headers: { 'content-type': request.headers['content-type'] ?? '' } }).formData();
  return [...form].map(([name, value]) => ({ name, value }));
}

async function recorded(incoming: IncomingMessage): Promise<RecordedRequest> {
  const body = await buffer(incoming);
  const url = new URL(incoming.url ?? '/', 'http://double');
  return { method: incoming.method ?? '', path: url.pathname, query: url.searchParams, headers: incoming.headers, body, json: readJson(body) };
}

function readJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}

function write(response: ServerResponse, answer: Answer): void {
  if (answer === 'hang') return;
  if (answer === 'reset') return void response.destroy();
  const { body } = answer;
  const json = body !== undefined && typeof body === 'object' && !Buffer.isBuffer(body);
  response.writeHead(answer.status, { ...(json ? { 'content-type': 'application/json' } : {}), ...answer.headers });
  response.end(json ? JSON.stringify(body) : body);
}
