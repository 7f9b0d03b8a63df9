import { createHash, randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { RequestListener } from 'node:http';
import type { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { DownloadFailed } from '../../src/platform/download-failed.js';
import { parseCidrs } from '../../src/platform/egress.js';
import { guardedDispatcher } from '../../src/platform/egress-dispatcher.js';
import { openDownload, type DownloadWish } from '../../src/platform/fetching.js';
import { closedPort, httpServer, tcpServer, type LocalServer } from '../support/local-server.js';

// 127.0.0.2 and 127.0.0.3 stand for two public hosts; 127.0.0.1 is what nobody may reach.
const policy = { allow: parseCidrs('127.0.0.2 127.0.0.3') };
const closing: (() => Promise<unknown>)[] = [];
let dispatcher: Dispatcher;
let sentinel: LocalServer;

beforeAll(async () => {
  dispatcher = guardedDispatcher(policy, { timeouts: { connect: 300, headers: 150, bodyIdle: 150 } });
  sentinel = await httpServer((_request, response) => response.end('sentinel'));
});

afterAll(async () => {
  await Promise.all(closing.map((close) => close()));
  await dispatcher.close();
  await sentinel.close();
});

async function host(answer: RequestListener, address = '127.0.0.2'): Promise<LocalServer> {
  const server = await httpServer(answer, address);
  closing.push(() => server.close());
  return server;
}

function open(url: string, wish: Partial<DownloadWish> = {}) {
  return openDownload({ url, dispatcher, policy, trustedHosts: [], signal: new AbortController().signal, maxBytes: 1_000_000, ...wish });
}

async function failureOf(promise: Promise<unknown>): Promise<DownloadFailed> {
  const failure = await promise.then(() => null, (error: unknown) => error);
  expect(failure).toBeInstanceOf(DownloadFailed);
  return failure as DownloadFailed;
}

async function textOf(body: Readable): Promise<string> {
  return (await bytesOf(body)).toString();
}

async function bytesOf(body: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of body as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

describe('a download', () => {
  test('brings the bytes, the name, the type and the size', async () => {
    const file = randomBytes(700_000);
    const server = await host((request, response) => {
      response.writeHead(200, {
        'content-type': 'image/png',
        'content-length': file.length,
        'content-disposition': `attachment; filename="x.png"; filename*=UTF-8''%E2%82%AC%20rates.png`,
        'x-asked': `${request.headers['accept-encoding']} ${request.headers.range}`,
      });
      response.end(file);
    });
    const download = await open(`${server.origin}/a`, { headers: { range: 'bytes=0-' } });
    expect(download).toMatchObject({ status: 200, filename: '€ rates.png', contentType: 'image/png', size: file.length });
    expect(download.headers['x-asked']).toBe('identity bytes=0-');
    expect(digest(await bytesOf(download.body))).toBe(digest(file));
  });

  test.each([
    ['attachment; filename="../../etc/passwd"', 'passwd'],
    ['attachment; filename="C:\\\\temp\\\\a.doc"', 'a.doc'],
    ['attachment; filename=".."', null],
    [`attachment; filename*=UTF-8''evil%E2%80%AEgnp.exe`, 'evilgnp.exe'],
    [`attachment; filename*=UTF-8''a%0D%0Ab.txt`, 'ab.txt'],
    ['attachment', null],
    ['attachment; filename="', null],
  ])('takes a name for a name, never for a path: %s', async (header, filename) => {
    const server = await host((_request, response) => response.setHeader('content-disposition', header).end('x'));
    const download = await open(server.origin);
    expect(download.filename).toBe(filename);
    download.body.destroy();
  });

  test('whose body is encoded although we asked for it plain is decoded, of unknown size', async () => {
    const server = await host((_request, response) => response.setHeader('content-encoding', 'gzip').end(gzipSync('hello')));
    const download = await open(server.origin);
    expect(download.size).toBeNull();
    expect(await textOf(download.body)).toBe('hello');
  });

  test('in an encoding that nobody knows fails', async () => {
    const server = await host((_request, response) => response.setHeader('content-encoding', 'exi').end('x'));
    expect((await failureOf(open(server.origin))).reason).toBe('undecodable');
  });
});

describe('redirects', () => {
  test.each([301, 302, 303, 307, 308])('%d is followed', async (status) => {
    const server = await host((request, response) => (request.url === '/end' ? response.end('here') : response.writeHead(status, { location: '/end' }).end()));
    expect(await textOf((await open(`${server.origin}/start`)).body)).toBe('here');
  });

  test('five are followed, six are not', async () => {
    let asked = 0;
    const server = await host((request, response) => {
      asked += 1;
      const left = Number(request.url?.slice(1));
      if (left === 0) response.end('here');
      else response.writeHead(302, { location: `/${left - 1}` }).end();
    });
    expect(await textOf((await open(`${server.origin}/5`)).body)).toBe('here');
    asked = 0;
    expect((await failureOf(open(`${server.origin}/50`))).reason).toBe('redirect');
    expect(asked).toBe(6);
  });

  test.each([
    ['a private literal', () => `http://127.0.0.1:${sentinel.port}/`],
    ['a private literal without a scheme', () => `//127.0.0.1:${sentinel.port}/`],
    ['a mapped literal', () => `http://[::ffff:7f00:1]:${sentinel.port}/`],
    ['a private name', () => `http://localhost:${sentinel.port}/`],
    ['a file', () => 'file:///etc/passwd'],
    ['a URL with a password', () => `http://a:b@127.0.0.2:${sentinel.port}/`],
  ])('to %s is refused on any hop, and nobody is reached', async (_name, location) => {
    const second = await host((_request, response) => response.writeHead(302, { location: location() }).end(), '127.0.0.3');
    const first = await host((_request, response) => response.writeHead(307, { location: `${second.origin}/next` }).end());
    expect((await failureOf(open(first.origin))).reason).toBe('egress');
    expect(second.connections()).toBe(1);
    expect(sentinel.connections()).toBe(0);
  });

  test('to a name that resolves to a private address is refused at the socket', async () => {
    const turning = guardedDispatcher(policy, { resolve: async (name) => [{ address: name === 'good.example' ? '127.0.0.2' : '127.0.0.1' }] });
    closing.push(() => turning.close());
    const first = await host((_request, response) => response.writeHead(302, { location: `http://bad.example:${sentinel.port}/` }).end());
    expect((await failureOf(open(`http://good.example:${first.port}/`, { dispatcher: turning }))).reason).toBe('egress');
    expect(first.connections()).toBe(1);
    expect(sentinel.connections()).toBe(0);
  });

  test('carry headers along within the origin, and to nobody else, not even back', async () => {
    const seen: [string, string | undefined][] = [];
    const other = await host((request, response) => {
      seen.push(['other', request.headers.authorization ?? request.headers['x-key']?.toString()]);
      response.writeHead(302, { location: `${home.origin}/end` }).end();
    }, '127.0.0.3');
    const home = await host((request, response) => {
      seen.push([request.url ?? '', request.headers.authorization]);
      if (request.url === '/end') response.end('here');
      else response.writeHead(302, { location: request.url === '/start' ? '/second' : `${other.origin}/` }).end();
    });
    await textOf((await open(`${home.origin}/start`, { headers: { Authorization: 'Bearer k', 'X-Key': 'k' } })).body);
    expect(seen).toEqual([['/start', 'Bearer k'], ['/second', 'Bearer k'], ['other', undefined], ['/end', undefined]]);
  });

  test('to nowhere fail', async () => {
    const server = await host((request, response) => (request.url === '/none' ? response.writeHead(302) : response.writeHead(302, { location: 'http://' })).end());
    expect((await failureOf(open(`${server.origin}/none`))).reason).toBe('redirect');
    expect((await failureOf(open(`${server.origin}/bad`))).reason).toBe('redirect');
  });
});

describe('a download fails, in words that tell nothing of its path', () => {
  const secret = '/private-path?token=t0k3n';

  async function failing(origin: string, wish: Partial<DownloadWish> = {}): Promise<DownloadFailed> {
    const failure = await failureOf(open(origin + secret, { headers: { authorization: 'Bearer s3cret' }, ...wish }).then((download) => bytesOf(download.body)));
    expect(`${failure.message} ${failure.stack} ${JSON.stringify(failure)}`).not.toMatch(/private-path|t0k3n|s3cret/);
    expect(failure.cause).toBeUndefined();
    return failure;
  }

  test.each([404, 403, 500, 304, 416])('on %d', async (status) => {
    const server = await host((_request, response) => response.writeHead(status).end());
    expect(await failing(server.origin)).toMatchObject({ reason: 'status', status });
  });

  test('when nobody listens', async () => {
    expect(await failing(`http://127.0.0.2:${await closedPort()}`)).toMatchObject({ reason: 'refused', status: null });
  });

  test('when the address is private', async () => {
    expect((await failing(sentinel.origin)).message).toContain('EGRESS_ALLOW');
    expect(sentinel.connections()).toBe(0);
  });

  test('when no head comes, and when the body stops', async () => {
    const silent = await host(() => undefined);
    expect(await failing(silent.origin)).toMatchObject({ reason: 'no_answer' });
    const stalling = await host((_request, response) => void response.writeHead(200, { 'content-length': 10 }).write('abc'));
    expect(await failing(stalling.origin)).toMatchObject({ reason: 'no_answer' });
  });

  test('when the body is cut', async () => {
    const server = await tcpServer((socket) => socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc')), '127.0.0.2');
    closing.push(() => server.close());
    expect(await failing(server.origin)).toMatchObject({ reason: 'no_answer' });
  });

  test('when the body is cut before anybody reads it: who comes later finds the failure, and the process lives', async () => {
    const server = await host((_request, response) => void response.writeHead(200, { 'content-length': '10' }).write('half', () => response.destroy()));
    const { body } = await open(server.origin);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await failureOf(bytesOf(body))).toMatchObject({ reason: 'no_answer' });
  });

  test('when it is larger than allowed: as announced, and as it comes', async () => {
    const announced = await host((_request, response) => response.setHeader('content-length', 1001).end(Buffer.alloc(1001)));
    expect(await failing(announced.origin, { maxBytes: 1000 })).toMatchObject({ reason: 'too_large' });
    const chunked = await host((_request, response) => {
      response.write(Buffer.alloc(600));
      response.end(Buffer.alloc(401));
    });
    expect(await failing(chunked.origin, { maxBytes: 1000 })).toMatchObject({ reason: 'too_large' });
    expect((await bytesOf((await open(chunked.origin, { maxBytes: 1001 })).body)).length).toBe(1001);
  });

  test('when a small body unpacks to a large one', async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    const server = await host((_request, response) => response.setHeader('content-encoding', 'gzip').end(bomb));
    expect(await failing(server.origin)).toMatchObject({ reason: 'too_large' });
  });

  test('when the caller gives up: before, and in the middle', async () => {
    const server = await host((_request, response) => void response.writeHead(200).write('abc'));
    expect(await failing(server.origin, { signal: AbortSignal.abort() })).toMatchObject({ reason: 'aborted' });
    const controller = new AbortController();
    const download = await open(server.origin, { signal: controller.signal });
    const reading = failureOf(bytesOf(download.body));
    controller.abort();
    expect((await reading).reason).toBe('aborted');
  });
});

test('a body that nobody wants any more lets go of its connection', async () => {
  let closed: () => void = () => undefined;
  const gone = new Promise<void>((resolve) => (closed = resolve));
  const server = await host((_request, response) => {
    response.on('close', closed);
    response.writeHead(200).write('abc');
  });
  (await open(server.origin)).body.destroy();
  await gone;
});
