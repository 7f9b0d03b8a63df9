import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * A vendor whose jobs "theirs-1" to "theirs-<JOBS>" run until somebody asks `POST /finish` of it, and that lists them in pages as its documents say. Their
 * progress grows by a percent in four seconds from the first list on, so that every list brings news of all. `GET /counts` tells what was asked of it. It says `{ url }` when it listens.
 */
const JOBS = Number(process.env['JOBS']);
let began: number | null = null;
const counts = { lists: 0, reads: 0, others: 0 };
let isOver = false;

const percent = (): number => Math.min(99, Math.floor((Date.now() - (began ??= Date.now())) / 4000));

function job(number: number, origin: string): object {
  const name = `reference-${number}`;
  const file = { filename: 'a.txt', url: `${origin}/files/${number}`, size: 5 };
  const tasks = [
    { id: `${number}-1`, name: `import-file-${name}`, operation: 'import/url', status: 'completed', percent: isOver ? 100 : percent(), credits: null, result: null },
    { id: `${number}-2`, name: `convert-made-${name}`, operation: 'convert', status: isOver ? 'completed' : 'processing', percent: isOver ? 100 : percent(), credits: isOver ? 1 : null, result: null },
    { id: `${number}-3`, name: `export-made-${name}`, operation: 'export/url', status: isOver ? 'completed' : 'created', percent: isOver ? 100 : percent(), credits: null, result: isOver ? { files: [file] } : null },
  ];
  return { id: `theirs-${number}`, tag: name, status: isOver ? 'completed' : 'processing', tasks };
}

function listed(query: URLSearchParams, origin: string): object {
  const all = query.get('status') === (isOver ? 'completed' : 'processing') ? JOBS : 0;
  const from = Number(query.get('offset') ?? 0);
  const until = Math.min(all, from + Number(query.get('limit') ?? 50));
  return { data: Array.from({ length: Math.max(0, until - from) }, (_, index) => job(from + index + 1, origin)), meta: { count: all } };
}

function say(response: ServerResponse, body: object): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', `http://${request.headers.host ?? 'vendor'}`);
  const number = /^\/v2\/process\/jobs\/theirs-(\d+)$/.exec(url.pathname)?.[1];
  if (url.pathname === '/counts') return say(response, counts);
  if (url.pathname === '/finish') return say(response, { isOver: (isOver = true) });
  if (url.pathname.startsWith('/files/')) return void response.writeHead(200, { 'content-type': 'text/plain' }).end('made\n');
  if (url.pathname === '/v2/process/jobs') counts.lists += 1;
  else if (number !== undefined) counts.reads += 1;
  else counts.others += 1;
  if (url.pathname === '/v2/process/jobs') return say(response, listed(url.searchParams, url.origin));
  if (number !== undefined) return say(response, job(Number(number), url.origin));
  response.writeHead(404, { 'content-type': 'application/json' }).end('{"message":"not here"}');
});

server.listen(0, '127.0.0.1', () => process.send?.({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }));
process.once('SIGTERM', () => process.exit(0));
