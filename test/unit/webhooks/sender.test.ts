import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Message } from '../../../src/webhooks/message.js';
import { Sender } from '../../../src/webhooks/sender.service.js';
import { closedPort, httpServer, tcpServer, type LocalServer } from '../../support/local-server.js';

class Hasty extends Sender {
  override readonly patience = 150;
}

const MESSAGE: Message = { headers: { 'content-type': 'application/json', 'webhook-id': 'one' }, body: '{"type":"job.queued"}' };
const opened: { close(): Promise<unknown> }[] = [];

afterEach(() => Promise.all(opened.splice(0).map((one) => one.close())));

function sender(allow = ['127.0.0.0/8'], Kind: typeof Sender = Sender): Sender {
  const made = new Kind({ allow });
  opened.push({ close: () => made.onApplicationShutdown() });
  return made;
}

async function server(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<LocalServer> {
  const made = await httpServer((request, response) => {
    request.resume();
    answer(request, response);
  });
  opened.push(made);
  return made;
}

const send = (by: Sender, url: string, signal = new AbortController().signal) => by.send(url, MESSAGE, new Date('2026-11-22T00:00:00Z'), signal);

it('posts messages over connections that it keeps', async () => {
  const seen: unknown[] = [];
  const receiver = await server((request, response) => {
    seen.push([request.method, request.url, request.headers['webhook-id'], request.headers['content-type'], request.headers['content-length']]);
    response.writeHead(200).end('thanks');
  });
  const by = sender();
  for (let count = 0; count < 9; count += 1) expect(await send(by, `${receiver.origin}/hook?a=b`)).toEqual({ status: 200, error: null, retryAfterMs: null });
  expect(seen).toEqual(Array.from({ length: 9 }, () => ['POST', '/hook?a=b', 'one', 'application/json', String(MESSAGE.body.length)]));
  // The next one may start before the connection of the last one is free.
  expect(receiver.connections()).toBeLessThan(4);
});

it('follows no redirect', async () => {
  const asked: unknown[] = [];
  const { origin } = await server((request, response) => {
    asked.push(request.url);
    response.writeHead(307, { location: '/elsewhere' }).end();
  });
  expect(await send(sender(), origin)).toEqual({ status: 307, error: 'The request was answered 307; redirects are not followed.', retryAfterMs: null });
  expect(asked).toEqual(['/']);
});

it.each([['600', 600_000], ['Sun, 22 Nov 2026 00:10:00 GMT', 600_000], ['86400', 3_600_000], ['soon', null], ['-5', null]])('Retry-After: %s', async (header, ms) => {
  const { origin } = await server((_request, response) => void response.writeHead(503, { 'retry-after': header }).end());
  const { retryAfterMs } = (await send(sender(), origin)) ?? {};
  if (ms === null) expect(retryAfterMs).toBeNull();
  // A date is held against the time that has passed since.
  else expect(Math.abs((retryAfterMs ?? 0) - ms)).toBeLessThan(5000);
});

it('a receiver that hangs is left after its time', async () => {
  const { origin } = await server(() => undefined);
  expect(await send(sender(undefined, Hasty), origin)).toEqual({ status: null, error: 'The request took too long.', retryAfterMs: null });
});

it('an answer counts from its head on, however long its body is', async () => {
  const { origin } = await server((_request, response) => {
    response.writeHead(202);
    const pour = (): void => void (response.destroyed || response.write(Buffer.alloc(4096), () => setImmediate(pour)));
    pour();
  });
  expect(await send(sender(), origin)).toEqual({ status: 202, error: null, retryAfterMs: null });
});

it('an answer that dies after its head was an answer', async () => {
  const { origin } = await server((_request, response) => {
    response.writeHead(200, { 'content-length': '1000' }).write('half');
    setImmediate(() => response.destroy());
  });
  expect(await send(sender(), origin)).toMatchObject({ status: 200 });
});

it('who is not there, or speaks no HTTP, is told in words of ours', async () => {
  expect(await send(sender(), `http://127.0.0.1:${await closedPort()}/hook?token=secret`)).toMatchObject({ status: null, error: 'The request could not connect (ECONNREFUSED).' });
  const babbling = await tcpServer((socket) => socket.end('what?\r\n\r\n'));
  opened.push(babbling);
  expect(await send(sender(), `${babbling.origin}/hook?token=secret`)).toMatchObject({ status: null, error: expect.stringMatching(/^The request got no whole answer \(\w+\)\.$/) as string });
});

it('the guard stands before every try: by address, and by what a name leads to', async () => {
  const receiver = await server((_request, response) => void response.end());
  const { origin, port } = receiver;
  expect(await send(sender([]), origin)).toMatchObject({ status: null, error: expect.stringMatching(/^127\.0\.0\.1:\d+ is not at a public address; .*EGRESS_ALLOW/) as string });
  expect(await send(sender([]), `http://localhost:${port}`)).toMatchObject({ status: null, error: expect.stringContaining('EGRESS_ALLOW') as string });
  expect(receiver.connections()).toBe(0);
  // A control: it is there for who may go.
  expect(await send(sender(), origin)).toMatchObject({ status: 200 });
});

it('whoever gives the try up gets no verdict', async () => {
  const { origin } = await server(() => undefined);
  expect(await send(sender(), origin, AbortSignal.timeout(50))).toBeNull();
});
