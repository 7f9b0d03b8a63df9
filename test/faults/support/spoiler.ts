import { createServer, request as ask, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** What a request does at a vendor, read from its path alone. */
export type Call = 'create' | 'upload' | 'start' | 'read' | 'cancel' | 'download' | 'list' | 'other';

/**
 * What becomes of a request. `refuse`, `reset` and `hang` never reach the vendor; all others do, and only the answer is spoilt:
 * `lose` breaks it off before the first byte, `cut` in its middle, `drip` sends a byte a second from its head or its body on,
 * `endless` never stops sending, `half` sends the first bytes and no more, `say` says something else.
 */
export type Spoiling =
  | { readonly do: 'refuse'; readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  | { readonly do: 'reset' }
  | { readonly do: 'hang' }
  | SpoiltAnswer;

export type SpoiltAnswer =
  | { readonly do: 'lose' | 'cut' | 'endless' | 'half' }
  | { readonly do: 'drip'; readonly from: 'head' | 'body' }
  | { readonly do: 'say'; readonly status?: number; readonly headers?: Readonly<Record<string, string>>; readonly body: Buffer | string | ((truth: string) => Buffer | string) };

export interface Rule {
  /** Of the job's filename. */
  readonly word: string;
  readonly call: Call;
  readonly times: number;
  readonly spoiling: Spoiling;
}

export interface Seen {
  readonly at: number;
  readonly call: Call;
  readonly word: string | null;
  readonly spoilt: boolean;
}

/** Stands before one vendor of the sandbox, which goes on keeping its ledger, and spoils what it is told to. */
export interface Spoiler {
  readonly baseUrl: string;
  readonly seen: readonly Seen[];
  /** How many sockets are open. */
  sockets(): number;
  spoil(word: string, call: Call, spoiling: Spoiling, times?: number): void;
  close(): Promise<void>;
}

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Of jobs, tasks and files. */
const ID = /"id":"([^"]{8,64})"/g;

export async function spoiler(vendorUrl: string): Promise<Spoiler> {
  const vendor = new URL(vendorUrl);
  const rules: { rule: Rule; left: number }[] = [];
  const words = new Set<string>();
  const wordOfId = new Map<string, string>();
  const seen: Seen[] = [];
  const sockets = new Set<Socket>();

  const wordOf = ({ path, body }: Asked): string | null => {
    const byId = decodeURIComponent(path).split(/[/?=&]/).map((part) => wordOfId.get(part)).find((word) => word !== undefined);
    const text = `${decodeURIComponent(path)} ${body.subarray(0, 100_000).toString('latin1')}`;
    return byId ?? [...words].find((word) => text.includes(`${word}.`)) ?? null;
  };

  async function forward({ method, path, headers, body }: Asked, word: string | null): Promise<Answered> {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const sent = ask({ host: vendor.hostname, port: vendor.port, method, path, headers: { ...headers, host: vendor.host } }, resolve);
      sent.on('error', reject);
      sent.end(body);
    });
    const bytes = await buffer(answer);
    if (!/json/.test(answer.headers['content-type'] ?? '')) return { status: answer.statusCode ?? 0, headers: answer.headers, body: bytes };
    // Files and uploads are to come this way as well.
    const text = bytes.toString().replaceAll(vendor.origin, origin);
    if (word !== null) for (const [, id = ''] of text.matchAll(ID)) wordOfId.set(id, word);
    return { status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.from(text) };
  }

  async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked: Asked = { method: incoming.method ?? '', path: incoming.url ?? '', headers: incoming.headers, body: await buffer(incoming) };
    const call = callOf(asked);
    const word = wordOf(asked);
    const entry = rules.find(({ rule, left }) => left > 0 && rule.call === call && rule.word === word);
    if (entry !== undefined) entry.left -= 1;
    seen.push({ at: Date.now(), call, word, spoilt: entry !== undefined });
    const spoiling = entry?.rule.spoiling ?? null;
    if (spoiling?.do === 'hang') return;
    if (spoiling?.do === 'reset') return void response.destroy();
    if (spoiling?.do === 'refuse') return void response.writeHead(spoiling.status, { 'content-type': 'application/json', ...spoiling.headers }).end(spoiling.body ?? '{"message":"not now"}');
    write(response, await forward(asked, word), spoiling);
  }

  const server = createServer((incoming, response) => {
    response.on('error', () => undefined);
    serve(incoming, response).catch(() => response.destroy());
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket.on('error', () => undefined).on('close', () => sockets.delete(socket)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    baseUrl: `${origin}${vendor.pathname}`,
    seen,
    sockets: () => sockets.size,
    spoil: (word, call, spoiling, times = 1) => {
      words.add(word);
      rules.push({ rule: { word, call, times, spoiling }, left: times });
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function callOf({ method, path }: Asked): Call {
  const [bare = ''] = path.split('?');
  if (/\/upload/.test(bare)) return 'upload';
  if (/\/download/.test(bare)) return 'download';
  if (/\/jobs$/.test(bare)) return method === 'POST' ? 'create' : 'list';
  if (method === 'PATCH') return 'start';
  if (method === 'DELETE') return /\/jobs\//.test(bare) ? 'cancel' : 'other';
  return /\/(jobs|tasks)(\/|$)/.test(bare) ? 'read' : 'other';
}

function write(response: ServerResponse, { status, headers, body }: Answered, spoiling: SpoiltAnswer | null): void {
  const { connection: _connection, 'transfer-encoding': _encoding, 'content-length': _length, ...kept } = headers;
  const whole = { ...kept, 'content-length': String(body.length) };
  if (spoiling === null) return void response.writeHead(status, body.length === 0 ? kept : whole).end(body);
  switch (spoiling.do) {
    case 'lose':
      return void response.destroy();
    case 'cut':
    case 'half':
      response.writeHead(status, whole);
      return void response.write(body.subarray(0, Math.max(1, body.length >> 1)), () => (spoiling.do === 'cut' ? response.destroy() : undefined));
    case 'endless':
      return pour(response.writeHead(status, kept));
    case 'drip':
      return spoiling.from === 'head' ? drip(response, Buffer.from(`HTTP/1.1 ${status} OK\r\ncontent-length: ${body.length}\r\nx-slow: yes\r\n\r\n`), body) : slowly(response.writeHead(status, whole), body);
    case 'say': {
      const said = typeof spoiling.body === 'function' ? spoiling.body(body.toString()) : spoiling.body;
      return void response.writeHead(spoiling.status ?? status, { ...kept, 'content-length': String(Buffer.byteLength(said)), ...spoiling.headers }).end(said);
    }
    default:
      return spoiling satisfies never;
  }
}

/** 64 KiB at a time, as fast as they are taken but no faster than 1 MiB a second. */
function pour(response: ServerResponse): void {
  const piece = Buffer.alloc(65_536, ' ');
  const timer = setInterval(() => void response.write(piece), 62);
  response.on('close', () => clearInterval(timer));
}

function slowly(response: ServerResponse, body: Buffer): void {
  let at = 0;
  const timer = setInterval(() => void response.write(body.subarray(at, (at += 1))), 1000);
  response.on('close', () => clearInterval(timer));
}

/** Past Node's own writing of heads, byte by byte. */
function drip(response: ServerResponse, head: Buffer, body: Buffer): void {
  const socket = response.socket;
  const all = Buffer.concat([head, body]);
  let at = 0;
  const timer = setInterval(() => void socket?.write(all.subarray(at, (at += 1))), 1000);
  response.on('close', () => clearInterval(timer));
  socket?.on('close', () => clearInterval(timer));
}
