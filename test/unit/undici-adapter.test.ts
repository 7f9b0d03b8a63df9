import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import axios, { AxiosError, type AxiosInstance } from 'axios';
import type { Dispatcher } from 'undici';
import { guardedDispatcher } from '../../src/platform/egress-dispatcher.js';
import { ExchangeFailed } from '../../src/platform/exchange-failed.js';
import { undiciAdapter } from '../../src/platform/undici-adapter.js';
import { bodyOf, httpServer, type LocalServer } from '../support/local-server.js';

let server: LocalServer;
let dispatcher: Dispatcher;
let client: AxiosInstance;

beforeAll(async () => {
  server = await httpServer((request, response) => void answer(request, response));
  dispatcher = guardedDispatcher({ allow: [] }, { trustedHosts: [server.host] });
  client = axios.create({ adapter: undiciAdapter(dispatcher), baseURL: server.origin });
});

afterAll(async () => {
  await server.close();
  await dispatcher.close();
});

const answer: (...exchange: Parameters<Parameters<typeof httpServer>[0]>) => Promise<void> = async (request, response) => {
  if (request.url === '/slow') return;
  if (request.url === '/404') response.statusCode = 404;
  if (request.url === '/gzip') return void response.setHeader('content-encoding', 'gzip').end(gzipSync('x'.repeat(2000)));
  if (request.url === '/304') return void response.writeHead(304, { 'content-encoding': 'gzip' }).end();
  const body = (await bodyOf(request)).toString();
  response.setHeader('content-type', 'application/json').end(JSON.stringify({ method: request.method, url: request.url, type: request.headers['content-type'] ?? null, body }));
};

const failureOf = (promise: Promise<unknown>) => promise.then(() => null, (error: unknown) => error);

test('axios works over it as it always does: base URL, params, JSON in and out', async () => {
  expect((await client.post('/a', { b: 1 }, { params: { c: 'd e' } })).data).toEqual({ method: 'POST', url: '/a?c=d+e', type: 'application/json', body: '{"b":1}' });
  expect((await client.get('/a')).data).toMatchObject({ method: 'GET', type: null, body: '' });
});

test.each([
  ['a string', 'abc'],
  ['a buffer', Buffer.from('abc')],
  ['a stream', Readable.from([Buffer.from('ab'), Buffer.from('c')])],
])('sends %s', async (_name, data) => {
  const response = await client.put<{ body: string }>('/a', data, { headers: { 'content-type': 'text/plain' } });
  expect(response.data.body).toBe('abc');
});

test('answers as bytes and as a stream', async () => {
  expect((await client.get<Buffer>('/gzip', { responseType: 'arraybuffer' })).data.length).toBe(2000);
  const chunks: Buffer[] = [];
  for await (const chunk of (await client.get<Readable>('/gzip', { responseType: 'stream' })).data as AsyncIterable<Buffer>) chunks.push(chunk);
  expect(Buffer.concat(chunks).length).toBe(2000);
});

test('does not wait for the body of an answer that has none', async () => {
  expect((await client.get('/304', { validateStatus: null })).status).toBe(304);
});

test('caps what a body is decompressed', async () => {
  expect(await failureOf(client.get('/gzip', { maxContentLength: 1999 }))).toMatchObject({ fault: 'too_large' });
  expect((await client.get<string>('/gzip', { maxContentLength: 2000 })).data.length).toBe(2000);
});

test('runs out of time as a whole, and says that the request was sent', async () => {
  const failure = await failureOf(client.get('/slow', { timeout: 50 }));
  expect(failure).toBeInstanceOf(ExchangeFailed);
  expect(failure).toMatchObject({ fault: 'timeout', sent: true, code: 'timeout' });
});

test('ends with the signal', async () => {
  expect(axios.isCancel(await failureOf(client.get('/slow', { signal: AbortSignal.timeout(30) })))).toBe(true);
});

test('leaves the judgement of a status to validateStatus', async () => {
  expect(await failureOf(client.get('/404'))).toBeInstanceOf(AxiosError);
  expect((await client.get('/404', { validateStatus: null })).status).toBe(404);
});
