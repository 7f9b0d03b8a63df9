import { createHash, randomBytes } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { Readable } from 'node:stream';
import type { VendorCall } from '../../src/providers/vendor-call.js';
import { bodyOf, closedPort } from '../support/local-server.js';
import { closeAll, failureOf, nextTurn, post, rawVendor, speaking, vendor } from '../support/vendor-calls.js';

afterEach(closeAll);

describe('an upload', () => {
  const upload = (origin: string, open: () => Readable, size: number, filename = 'a.bin'): VendorCall => ({
    ...post(origin, { name: 'upload', json: undefined }),
    form: { fields: [['key', 's3cret-field'], ['näme"x', 'zwei\r\nZeilen']], file: { field: 'file', content: { filename, contentType: 'image/png', size, open } } },
  });

  const echo = async (...[request, response]: Parameters<RequestListener>) => {
    const body = await bodyOf(request);
    const parsed = await new Response(new Uint8Array(body), { headers: { 'content-type': request.headers['content-type'] ?? '' } }).formData();
    const file = parsed.get('file') as File;
    const digest = createHash('sha256').update(Buffer.from(await file.arrayBuffer())).digest('hex');
    const fields = [...parsed.entries()].filter((entry) => typeof entry[1] === 'string');
    response.end(JSON.stringify({ length: Number(request.headers['content-length']), received: body.length, fields, name: file.name, type: file.type, digest }));
  };

  test('arrives whole, its fields first, with its length told beforehand', async () => {
    const bytes = randomBytes(3_000_000);
    const server = await vendor(echo);
    const pieces = () => Readable.from([bytes.subarray(0, 1_000_000), bytes.subarray(1_000_000)]);
    const answer = await speaking(server.origin, { timeouts: { total: 5_000 } }).call(upload(server.origin, pieces, bytes.length, 'Ünïcode "quoted".png'));
    const seen = JSON.parse(answer.text) as Record<string, unknown>;
    expect(seen.length).toBe(seen.received);
    expect(seen).toMatchObject({ name: 'Ünïcode "quoted".png', type: 'image/png', digest: createHash('sha256').update(bytes).digest('hex') });
    expect(seen.fields).toEqual([['key', 's3cret-field'], ['näme"x', 'zwei\r\nZeilen']]);
  });

  test('cannot write lines of its own with a file name', async () => {
    let head = '';
    const server = await vendor(async (request, response) => {
      head = (await bodyOf(request)).toString();
      response.end();
    });
    await speaking(server.origin).call(upload(server.origin, () => Readable.from([Buffer.from('x')]), 1, 'a"\r\nX-Evil: 1\r\n\r\n.png'));
    expect(head).toContain('filename="a%22%0D%0AX-Evil: 1%0D%0A%0D%0A.png"');
    expect(head).not.toMatch(/^X-Evil/m);
  });

  test('may take longer than a call, as long as it moves', async () => {
    const server = await vendor(echo);
    const slowly = () => Readable.from((async function* () {
      for (let piece = 0; piece < 10; piece += 1) {
        await new Promise((resolve) => setTimeout(resolve, 30));
        yield Buffer.alloc(10, piece);
      }
    })());
    const answer = await speaking(server.origin, { timeouts: { total: 150, headers: 50 } }).call(upload(server.origin, slowly, 100));
    expect(answer.status).toBe(200);
  });

  test.each([
    ['the vendor takes nothing', 100_000_000, () => Readable.from((function* () { for (;;) yield Buffer.alloc(65_536); })())],
    ['its source gives nothing', 100, () => new Readable({ read: () => undefined })],
  ])('fails when %s, and lets go of its source', async (_name, size, make) => {
    const server = await rawVendor((socket) => void socket.pause());
    const source = make();
    expect(await failureOf(speaking(server.origin).call(upload(server.origin, () => source, size)))).toMatchObject({ phase: 'no_answer', code: 'timeout' });
    await nextTurn();
    expect(source.destroyed).toBe(true);
  });

  test('fails when its answer does not come', async () => {
    const server = await vendor((request) => void request.resume());
    expect(await failureOf(speaking(server.origin).call(upload(server.origin, () => Readable.from([Buffer.from('x')]), 1)))).toMatchObject({ phase: 'no_answer', code: 'timeout' });
  });

  test.each([
    ['is shorter than it said', () => Readable.from([Buffer.from('x')])],
    ['is longer than it said', () => Readable.from([Buffer.from('xxxxxxxxx')])],
    ['breaks', () => new Readable({ read() { this.destroy(new Error('disk s3cret')); } })],
  ])('fails when its source %s', async (_name, open) => {
    const server = await vendor((request) => void request.resume());
    expect(await failureOf(speaking(server.origin).call(upload(server.origin, open, 5)))).toMatchObject({ phase: 'no_answer' });
  });

  test('does not open its source when nobody listens', async () => {
    let opened = false;
    const origin = `http://127.0.0.1:${await closedPort()}`;
    const source = () => {
      opened = true;
      return Readable.from([Buffer.from('x')]);
    };
    expect(await failureOf(speaking(origin).call(upload(origin, source, 1)))).toMatchObject({ phase: 'not_sent' });
    expect(opened).toBe(false);
  });
});
