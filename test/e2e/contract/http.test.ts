import { gzipSync } from 'node:zlib';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { PHOTO, problemOf, scene, toPng, type Job, type Scene } from './scene.js';

let stage: Scene;
let known: Job;
beforeAll(async () => {
  stage = await scene();
  known = await stage.run(toPng());
});
afterAll(() => stage.close());
afterEach(() => expect(stage.gateway.process.exitCode).toBeNull());

const json = { 'content-type': 'application/json' };
const send = (body: RequestInit['body'], headers: Record<string, string> = json) => stage.gateway.call('/v1/jobs', { method: 'POST', headers, body });
const NOBODY = '01900000-0000-7000-8000-000000000000';

describe('what is said over HTTP', () => {
  test.each([
    ['cut off', '{"inputs":['],
    ['empty', ''],
    ['no JSON', 'to=png'],
    ['two values', '{}{}'],
    ['single quotes', "{'a':1}"],
    ['not UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
    ['nested a hundred thousand deep', '['.repeat(100_000)],
    ['nested a hundred thousand deep, in objects', '{"a":'.repeat(100_000)],
    ['a NUL between', '{"inputs":\u0000[]}'],
  ])('a body that is %s is 400 invalid_json', async (_name, body) => {
    expect(await problemOf(await send(body))).toMatchObject({ status: 400, code: 'invalid_json' });
  });

  test.each(['[]', 'null', '"text"', '7', 'true', `[${JSON.stringify(toPng())}]`])('the JSON %s is no job', async (body) => {
    expect(await problemOf(await send(body))).toMatchObject({ status: 422, code: 'invalid_request', errors: [{ pointer: '' }] });
  });

  test('a byte order mark is no reason to refuse, nor to fail', async () => {
    const response = await send(`\uFEFF${JSON.stringify(toPng())}`);
    expect([202, 400]).toContain(response.status);
  });

  test('__proto__ changes nothing for the requests after it', async () => {
    const response = await send('{"__proto__":{"inputs":[]},"inputs":[],"steps":[]}');
    expect([400, 422]).toContain((await problemOf(response)).status);
    expect((await stage.post(toPng())).status).toBe(202);
  });

  test.each([
    ['tag', toPng({ tag: 'a\u0000b' })],
    ['metadata', toPng({ metadata: { a: 'x\u0000y' } })],
    ['the name of metadata', toPng({ metadata: { 'a\u0000': 'x' } })],
    ['an option', { inputs: [PHOTO], steps: [{ operation: 'convert', to: 'png', options: { title: 'a\u0000b' } }] }],
    ['a provider option', { inputs: [PHOTO], steps: [{ operation: 'convert', to: 'png', providerOptions: { api2convert: { title: 'a\u0000b' } } }] }],
    ['the text of a watermark', { inputs: [PHOTO], steps: [{ operation: 'watermark', text: 'a\u0000b' }] }],
    ['the language of ocr', { inputs: [PHOTO], steps: [{ operation: 'ocr', language: 'a\u0000b' }] }],
    ['a filename', { inputs: [{ ...PHOTO, filename: 'a\u0000b.jpg' }], steps: [{ operation: 'convert', to: 'png' }] }],
    ['half a surrogate in a tag', toPng({ tag: 'a\ud800b' })],
    ['half a surrogate in an option', { inputs: [PHOTO], steps: [{ operation: 'convert', to: 'png', options: { title: 'a\ud800b' } }] }],
  ])('what a database cannot keep, in %s, is refused at its field or kept otherwise, no fault of ours', async (_name, body) => {
    expect([202, 422]).toContain((await stage.post(body)).status);
  });

  test.each([
    ['none', {}],
    ['text/plain', { 'content-type': 'text/plain' }],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['multipart', { 'content-type': 'multipart/form-data; boundary=x' }],
    ['no type at all', { 'content-type': '???' }],
    ['gzip', { ...json, 'content-encoding': 'gzip' }],
    ['deflate', { ...json, 'content-encoding': 'deflate' }],
  ])('content type or encoding: %s is 415', async (name, headers) => {
    const plain = Buffer.from(JSON.stringify(toPng()));
    const body = new Uint8Array(name === 'gzip' ? gzipSync(plain) : plain);
    expect(await problemOf(await send(body, headers))).toMatchObject({ status: 415, code: 'unsupported_media_type' });
  });

  test.each(['application/json; charset=utf-8', 'application/json;charset=UTF-8', 'APPLICATION/JSON'])('%s is JSON', async (type) => {
    expect((await send(JSON.stringify(toPng()), { 'content-type': type })).status).toBe(202);
  });

  test('2.4 MiB are read, 3 MB are 413, told or chunked', async () => {
    expect(await problemOf(await send(JSON.stringify({ ...toPng(), strange: 'x'.repeat(2.4 * 1024 * 1024) })))).toMatchObject({ status: 422 });
    expect(await problemOf(await send(JSON.stringify(toPng({ tag: 'x'.repeat(3_000_000) }))))).toMatchObject({ status: 413, code: 'payload_too_large' });
    const chunks = new ReadableStream<Uint8Array>({
      start: (controller) => {
        for (let count = 0; count < 48; count += 1) controller.enqueue(new Uint8Array(65_536).fill(32));
        controller.close();
      },
    });
    const chunked = await stage.gateway.call('/v1/jobs', { method: 'POST', headers: json, body: chunks, duplex: 'half' });
    expect(await problemOf(chunked)).toMatchObject({ status: 413, code: 'payload_too_large' });
  });

  test.each([
    ['GET', '/v1/nothing'], ['GET', '/v2/jobs'], ['PUT', '/v1/jobs'], ['DELETE', '/v1/jobs'], ['PATCH', '/v1/jobs'], ['POST', '/v1/jobs/x/y/z'], ['GET', '/v1/convert'], ['GET', '/'], ['GET', '/v1/jobs/%00'], ['GET', '/v1/jobs/..%2f..%2fetc'], ['GET', '//v1/jobs'], ['GET', '/v1/callbacks/api2convert/abc'],
    // Of later issues: absent rather than half there.
    ['GET', '/v1/webhook-endpoints'], ['GET', '/v1/api-keys'],
  ])('%s %s is a problem of 404 or 405', async (method, path) => {
    const problem = await problemOf(await stage.gateway.call(path, { method, ...(method === 'POST' ? { headers: json, body: '{}' } : {}) }));
    expect([404, 405]).toContain(problem.status);
  });

  test.each([
    ['no escape', '%zz'], ['half an escape', '%'], ['no UTF-8', '%E0%A4%A'], ['words', 'not-a-uuid'], ['SQL', encodeURIComponent("' OR 1=1 --")], ['4,000 letters', 'x'.repeat(4_000)], ['an id of nobody', NOBODY], ['a line end', `${NOBODY}%0d%0aset-cookie:a=b`], ['NUL', `${NOBODY}%00`],
  ])('a job id that is %s is nobody, on every route', async (_name, path) => {
    for (const [method, rest] of [['GET', ''], ['GET', '/events'], ['POST', '/cancel'], ['PUT', '/inputs/input-1/content'], ['GET', '/outputs/x/content']] as const) {
      const response = await stage.gateway.call(`/v1/jobs/${path}${rest}`, { method, ...(method === 'PUT' ? { body: 'x' } : {}) });
      const problem = await problemOf(response);
      expect([400, 404]).toContain(problem.status);
    }
  });

  test.each([['none', ''], ['no key', 'Bearer'], ['an empty key', 'Bearer '], ['a wrong key', 'Bearer wrong'], ['another scheme', 'Basic dGVzdA=='], ['two spaces', 'bearer  x'], ['8,000 letters', `Bearer ${'x'.repeat(8_000)}`]])('without the right key (%s) it is 401 everywhere under /v1', async (_name, authorization) => {
    for (const [method, path] of [['GET', '/v1/jobs'], ['POST', '/v1/jobs'], ['GET', `/v1/jobs/${known.id}`], ['GET', new URL(known.outputs[0]?.url ?? '', stage.gateway.url).pathname]] as const) {
      const response = await fetch(`${stage.gateway.url}${path}`, { method, headers: authorization === '' ? {} : { authorization }, ...(method === 'POST' ? { body: '{' } : {}) });
      expect(await problemOf(response)).toMatchObject({ status: 401, code: 'unauthorized' });
      expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/);
    }
  });

  test('the key may be said with any case of the scheme', async () => {
    expect((await fetch(`${stage.gateway.url}/v1/jobs`, { headers: { authorization: `bearer ${stage.gateway.key}` } })).status).toBe(200);
  });

  test('HEAD of what GET shows has no body, and is no fault', async () => {
    for (const path of ['/v1/jobs', `/v1/jobs/${known.id}`, '/health/live', new URL(known.outputs[0]?.url ?? '', stage.gateway.url).pathname]) {
      const response = await stage.gateway.call(path, { method: 'HEAD' });
      expect([200, 404, 405]).toContain(response.status);
      expect(await response.text()).toBe('');
    }
  });

  test.each(['limit=0', 'limit=201', 'limit=-1', 'limit=abc', 'limit=1.5', 'limit=', 'status=done', 'cursor=rubbish', 'cursor=%00', 'createdAfter=yesterday', 'createdBefore=13', 'strange=1', 'limit=1&limit=2', 'status=queued&status=failed', 'constructor=1'])('a list of ?%s is told what is wrong with it', async (query) => {
    const problem = await problemOf(await stage.gateway.call(`/v1/jobs?${query}`));
    expect(problem).toMatchObject({ status: 422, code: 'invalid_request' });
    expect(problem.errors?.[0]?.pointer).toBe(`/${/^[a-zA-Z]+/.exec(query)?.[0] ?? ''}`);
  });

  test('control: lists with sound filters', async () => {
    for (const query of ['', '?limit=200', '?status=completed', '?createdAfter=2020-01-01T00:00:00Z', '?provider=api2convert', '?tag=x']) expect((await stage.gateway.call(`/v1/jobs${query}`)).status).toBe(200);
  });

  test('a list is walked by its cursor, newest first, each job once', async () => {
    const made = [await stage.accepted(toPng({ tag: 'walk' })), await stage.accepted(toPng({ tag: 'walk' })), await stage.accepted(toPng({ tag: 'walk' }))].map(({ id }) => id);
    const seen: string[] = [];
    let cursor: string | null = '';
    for (let page = 0; page < 5 && cursor !== null; page += 1) {
      const said = (await (await stage.gateway.call(`/v1/jobs?tag=walk&limit=1${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`)).json()) as { data: Job[]; nextCursor: string | null };
      seen.push(...said.data.map(({ id }) => id));
      cursor = said.nextCursor;
    }
    expect(seen).toEqual(made.reverse());
    expect(cursor).toBeNull();
  });

  test('requests that are no HTTP are dropped with 400 and harm nobody', async () => {
    const { hostname, port } = new URL(stage.gateway.url);
    for (const words of ['GET /v1/jobs\r\n\r\n', 'POST /v1/jobs HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', '\u0000\u0001\u0002\r\n\r\n']) {
      const socket = connect(Number(port), hostname);
      socket.on('error', () => undefined).end(words);
      expect(await text(socket).catch(() => '')).not.toMatch(/^HTTP\/1\.1 (2|5)/);
    }
    expect((await fetch(`${stage.gateway.url}/health/live`)).status).toBe(200);
  });

  test('a cross-site page is given no leave', async () => {
    const response = await stage.gateway.call('/v1/jobs', { headers: { origin: 'https://evil.example' } });
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
  });
});
