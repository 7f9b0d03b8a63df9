import { gzipSync } from 'node:zlib';
import { bodyOf, closedPort } from '../support/local-server.js';
import { closeAll, dripping, failureOf, nextTurn, post, rawVendor, speaking, vendor } from '../support/vendor-calls.js';

afterEach(closeAll);

describe('a call', () => {
  test('says what it was told to and hands back any answer as it is', async () => {
    const server = await vendor(async (request, response) => {
      const body = (await bodyOf(request)).toString();
      response.writeHead(402, { 'X-Odd': ['a', 'b'], 'content-type': 'application/json' });
      response.end(JSON.stringify({ method: request.method, url: request.url, key: request.headers['x-oc-api-key'], type: request.headers['content-type'], body }));
    });
    const noted: unknown[] = [];
    const http = speaking(`${server.origin}/v2`, { metrics: (call, ms, outcome) => noted.push([call, ms >= 0, outcome]) });
    const answer = await http.call(post(server.origin));
    expect(answer.status).toBe(402);
    expect(answer.headers).toMatchObject({ 'x-odd': 'a, b', 'content-type': 'application/json' });
    expect(JSON.parse(answer.text)).toEqual({ method: 'POST', url: '/private-path?token=t0k3n', key: 's3cret-key', type: 'application/json', body: '{"password":"s3cret-body"}' });
    expect(noted).toEqual([['create', true, '4xx']]);
  });

  test.each(['GET', 'DELETE', 'POST', 'PATCH'] as const)('%s without a body sends none', async (method) => {
    const server = await vendor(async (request, response) => {
      const body = await bodyOf(request);
      response.end(JSON.stringify([request.method, request.headers['content-type'] ?? null, body.length]));
    });
    const answer = await speaking(server.origin).call(post(server.origin, { method, json: undefined }));
    expect(JSON.parse(answer.text)).toEqual([method, null, 0]);
  });

  test('leaves text as it came, be it no JSON at all, and odd header names harmless', async () => {
    const server = await rawVendor((socket) => socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\n__proto__: x\r\nconstructor: y\r\nContent-Length: 7\r\n\r\n{"a":1 ')));
    const answer = await speaking(server.origin).call(post(server.origin));
    expect(answer.text).toBe('{"a":1 ');
    expect(Object.keys({ ...Object.prototype })).toEqual([]);
    expect(answer.headers['content-length']).toBe('7');
  });

  test('does not follow a redirect', async () => {
    const elsewhere = await vendor((_request, response) => response.end('elsewhere'));
    const server = await vendor((_request, response) => response.writeHead(307, { location: `${elsewhere.origin}/` }).end());
    const answer = await speaking(server.origin).call(post(server.origin));
    expect([answer.status, answer.headers.location]).toEqual([307, `${elsewhere.origin}/`]);
    expect(elsewhere.connections()).toBe(0);
  });

  test('reads an answer that is encoded although nobody asked', async () => {
    const server = await vendor((request, response) => response.writeHead(200, { 'content-encoding': 'gzip', 'x-asked': request.headers['accept-encoding'] }).end(gzipSync('{"a":1}')));
    expect(await speaking(server.origin).call(post(server.origin))).toMatchObject({ text: '{"a":1}', headers: { 'x-asked': 'identity' } });
  });

  test('keeps its connection for the next one, and close() lets it go', async () => {
    const server = await vendor((_request, response) => response.end('ok'));
    const http = speaking(server.origin);
    await http.call(post(server.origin));
    await nextTurn();
    await http.call(post(server.origin));
    expect(server.connections()).toBe(1);
    await http.close();
    expect(await failureOf(http.call(post(server.origin)))).toMatchObject({ phase: 'not_sent' });
  });
});

describe('nothing reached the vendor', () => {
  test('when nobody listens', async () => {
    const origin = `http://127.0.0.1:${await closedPort()}`;
    const noted: unknown[] = [];
    const http = speaking(origin, { metrics: (call, _ms, outcome) => noted.push([call, outcome]) });
    const failure = await failureOf(http.call(post(origin)));
    expect(failure).toMatchObject({ phase: 'not_sent', code: 'ECONNREFUSED' });
    expect(failure.message).toBe(`The create call to ${new URL(origin).host} could not connect (ECONNREFUSED).`);
    expect(noted).toEqual([['create', 'not_sent']]);
  });

  test.each(['ENOTFOUND', 'EAI_AGAIN'])('when its name does not resolve (%s)', async (code) => {
    const http = speaking('http://vendor.example', { resolve: async () => Promise.reject(Object.assign(new Error('lookup'), { code })) });
    expect(await failureOf(http.call(post('http://vendor.example')))).toMatchObject({ phase: 'not_sent', code });
  });

  test('when it does not speak TLS', async () => {
    const server = await vendor((_request, response) => response.end('plain'));
    const origin = server.origin.replace('http:', 'https:');
    expect(await failureOf(speaking(origin).call(post(origin)))).toMatchObject({ phase: 'not_sent', code: expect.stringContaining('SSL') as string });
  });

  test('when the connection takes too long', async () => {
    const server = await rawVendor(() => undefined);
    const origin = server.origin.replace('http:', 'https:');
    expect(await failureOf(speaking(origin).call(post(origin)))).toMatchObject({ phase: 'not_sent', code: 'timeout' });
  });

  test('when it points at a private address: by literal and by name; its own base URL is the control', async () => {
    const other = await vendor((_request, response) => response.end('other'));
    const own = await vendor((_request, response) => response.end('own'));
    const http = speaking(own.origin, { resolve: async () => [{ address: '127.0.0.1' }] });
    for (const origin of [other.origin, `http://upload.example:${other.port}`, `http://a:b@127.0.0.1:${own.port}`, 'file://x']) {
      expect(await failureOf(http.call(post(origin)))).toMatchObject({ phase: 'not_sent', code: 'egress_refused' });
    }
    expect((await failureOf(http.call(post(other.origin)))).message).toContain('EGRESS_ALLOW');
    expect(other.connections()).toBe(0);
    expect((await http.call(post(own.origin))).text).toBe('own');
  });
});

describe('the vendor may have acted', () => {
  test('when it resets before it answers', async () => {
    const server = await rawVendor((socket) => socket.once('data', () => socket.resetAndDestroy()));
    expect(await failureOf(speaking(server.origin).call(post(server.origin)))).toMatchObject({ phase: 'no_answer', code: expect.stringMatching(/ECONNRESET|UND_ERR_SOCKET/) as string });
  });

  test('when it closes a kept connection under a second call', async () => {
    const server = await rawVendor((socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
        socket.once('data', () => socket.end());
      });
    });
    const http = speaking(server.origin);
    await http.call(post(server.origin));
    await nextTurn();
    expect(await failureOf(http.call(post(server.origin)))).toMatchObject({ phase: 'no_answer', code: 'UND_ERR_SOCKET' });
    expect(server.connections()).toBe(1);
  });

  // The dispatcher's own timers tick twice a second, so these leave the whole call time enough for them.
  test.each([
    ['it never answers', '', ''],
    ['its head comes byte by byte', 'HTTP/1.1 200 OK\r\nX-Slow: ', 'a'],
    ['its body stops', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{"a"', ''],
  ])('when %s', async (_name, start, drip) => {
    const server = await rawVendor(dripping(start, drip));
    const startedAt = performance.now();
    expect(await failureOf(speaking(server.origin, { timeouts: { total: 20_000 } }).call(post(server.origin)))).toMatchObject({ phase: 'no_answer', code: 'timeout' });
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });

  test('when its body comes byte by byte for longer than a call may take', async () => {
    const server = await rawVendor(dripping('HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n', 'a'));
    const startedAt = performance.now();
    expect(await failureOf(speaking(server.origin).call(post(server.origin)))).toMatchObject({ phase: 'no_answer', code: 'timeout' });
    expect(performance.now() - startedAt).toBeGreaterThan(350);
  });

  test.each([
    ['its body is cut', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{"a"'],
    ['a chunked body is cut', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{"a"\r\n'],
    ['it closes without a word', ''],
    ['it speaks garbage', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['its gzip is none', 'HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd'],
    ['its encoding is unknown', 'HTTP/1.1 200 OK\r\nContent-Encoding: exi\r\nContent-Length: 4\r\n\r\nabcd'],
    ['its head never ends', `HTTP/1.1 200 OK\r\n${'X-Long: y\r\n'.repeat(5000)}`],
  ])('when %s', async (_name, answer) => {
    const server = await rawVendor((socket) => socket.once('data', () => socket.end(answer)));
    expect(await failureOf(speaking(server.origin).call(post(server.origin)))).toMatchObject({ phase: 'no_answer' });
  });
});

describe('an answer that is too large', () => {
  test('is refused as announced, as it comes, and at the last byte', async () => {
    const announced = await vendor((_request, response) => response.setHeader('content-length', 1001).end('x'.repeat(1001)));
    const chunked = await vendor((_request, response) => {
      response.write('x'.repeat(600));
      response.end('x'.repeat(401));
    });
    for (const { origin } of [announced, chunked]) {
      expect(await failureOf(speaking(origin, { maxBodyBytes: 1000 }).call(post(origin)))).toMatchObject({ phase: 'too_large', code: 'too_large' });
      expect((await speaking(origin, { maxBodyBytes: 1001 }).call(post(origin))).text.length).toBe(1001);
    }
  });

  test('is refused when 200 kB would unpack to 200 MB, before they did', async () => {
    const bomb = gzipSync(Buffer.alloc(200_000_000, 0x20));
    const server = await vendor((_request, response) => response.setHeader('content-encoding', 'gzip').end(bomb));
    const http = speaking(server.origin, { timeouts: { total: 10_000 } });
    const before = process.memoryUsage();
    expect(await failureOf(http.call(post(server.origin)))).toMatchObject({ phase: 'too_large' });
    const after = process.memoryUsage();
    expect(bomb.length).toBeLessThan(210_000);
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(16_000_000);
  });
});

describe('our own signal', () => {
  test('ends a call before it began, while it waits, and while its body comes', async () => {
    const silent = await vendor(() => undefined);
    const stalling = await vendor((_request, response) => void response.writeHead(200).write('{'));
    expect(await failureOf(speaking(silent.origin).call(post(silent.origin, { signal: AbortSignal.abort() })))).toMatchObject({ phase: 'aborted' });
    expect(silent.connections()).toBe(0);
    for (const { origin } of [silent, stalling]) {
      expect(await failureOf(speaking(origin).call(post(origin, { signal: AbortSignal.timeout(60) })))).toMatchObject({ phase: 'aborted', code: 'aborted' });
    }
  });
});
