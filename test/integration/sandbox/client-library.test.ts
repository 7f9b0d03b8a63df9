import { createHmac } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Sandbox } from '../../../src/sandbox/sandbox.js';
import { SAMPLES, sandboxOnFreePorts, startReceiver, textOf, until, type Json } from './support.js';

/**
 * How the vendor's own client libraries go about it: the headers they send, the order of their calls, what they read.
 * The key never goes to the upload server or along with a download, no redirect is followed, an empty body is an empty object.
 */
const KEY = '0123456789abcdef0123456789abcdef';
const SECRET = 'callback secret';
const AGENT = { 'Accept': 'application/json', 'User-Agent': 'api2convert-nodejs/10.4.0 node/24.0.0' };

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await sandboxOnFreePorts({ webhookSecret: SECRET });
});
afterEach(() => sandbox.control.reset());
afterAll(() => sandbox.close());

type Headers = Readonly<Record<string, string>>;

/** An answer as the library takes it: not followed, a failure thrown with its message, JSON or nothing. */
async function send(method: string, url: string, headers: Headers, body?: string | ReadableStream): Promise<Json> {
  const streamed = body instanceof ReadableStream ? { duplex: 'half' as const } : {};
  const answer = await fetch(url, { method, headers: { ...headers, ...AGENT }, body, redirect: 'manual', ...streamed });
  const text = await answer.text();
  if (answer.status >= 400) throw new Error(`${answer.status} ${textOf((JSON.parse(text) as Json).message)}`);
  if (answer.status >= 300) throw new Error('An answer was a redirect.');
  return text === '' ? ({}) : (JSON.parse(text) as Json);
}

function request(method: string, path: string, payload?: object, more: Headers = {}): Promise<Json> {
  const typed: Headers = payload === undefined ? {} : { 'Content-Type': 'application/json' };
  return send(method, sandbox.api2convertUrl + path, { 'X-Api2convert-Api-Key': KEY, ...more, ...typed }, payload === undefined ? undefined : JSON.stringify(payload));
}

/** A form written by hand around a stream of unknown length, as for files too large for memory. */
function upload(job: Json, filename: string): Promise<Json> {
  const boundary = '----A2CFormBoundary0123456789abcdef';
  async function* form(): AsyncGenerator<Buffer> {
    yield Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${filename}"\r\nContent-Type: application/octet-stream\r\n\r\n`);
    for await (const chunk of createReadStream(join(SAMPLES, filename))) yield chunk as Buffer;
    yield Buffer.from(`\r\n--${boundary}--\r\n`);
  }
  const url = `${textOf(job.server).replace(/\/+$/, '')}/upload-file/${textOf(job.id)}`;
  return send('POST', url, { 'X-Api2convert-Token': textOf(job.token), 'Content-Type': `multipart/form-data; boundary=${boundary}` }, Readable.toWeb(Readable.from(form())) as ReadableStream);
}

const wait = (id: unknown): Promise<Json> => until(() => request('GET', `/jobs/${textOf(id)}`), (job) => ['completed', 'failed', 'canceled'].includes(textOf(job.status!.code)));
const requests = (): string[] => sandbox.control.requests().map(({ method, path, accountKey }) => `${method} ${path.replaceAll(/[0-9a-f-]{36}/g, 'ID').replace(/web\d/, 'web')}${accountKey ? ' key' : ''}`);

describe('the vendor\'s client library', () => {
  it('converts a local file: create, upload, start, poll, download', async () => {
    const created = await request('POST', '/jobs', { conversion: [{ target: 'png' }], download_passwords: ['open sesame'], process: false }, { 'Idempotency-Key': 'k1' });
    await upload(created, 'harbour.jpg');
    await request('PATCH', `/jobs/${textOf(created.id)}`, { process: true });
    const job = await wait(created.id);
    const [output, input] = [job.output![0]!, job.input![0]!];
    expect([job.status!.code, input.type, input.filename, output.filename]).toEqual(['completed', 'upload', 'harbour.jpg', 'harbour.png']);
    const file = await fetch(textOf(output.uri), { headers: { ...AGENT, 'X-Api2convert-Download-Password': 'open sesame' }, redirect: 'manual' });
    expect([file.status, (await file.arrayBuffer()).byteLength]).toEqual([200, output.size]);
    const polled = requests();
    expect(polled.slice(0, 3)).toEqual(['POST /v2/jobs key', 'POST /v2/dl/web/upload-file/ID', 'PATCH /v2/jobs/ID key']);
    expect([new Set(polled.slice(3, -1)), polled.at(-1)]).toEqual([new Set(['GET /v2/jobs/ID key']), 'GET /v2/dl/web/download-file/ID/harbour.png']);
  });

  it('converts what lies elsewhere in one call, and reads where it was delivered', async () => {
    sandbox.control.cloud.put({ store: 's3', place: 'b', key: 'notes.txt' }, Buffer.from('Boats'), 'text/plain');
    const created = await request('POST', '/jobs', {
      conversion: [{ target: 'pdf', category: 'document', output_target: [{ type: 'azure', parameters: { container: 'c', file: 'notes.pdf' }, credentials: { accountname: 'a', accountkey: 'k' } }] }],
      process: true,
      input: [{ type: 'cloud', source: 'amazons3', parameters: { bucket: 'b', file: 'notes.txt', region: 'eu-west-1' }, credentials: { accesskeyid: 'a', secretaccesskey: 's', sessiontoken: 't' } }],
    });
    const job = await wait(created.id);
    expect([job.output, job.conversion![0]!.output_target![0]]).toEqual([[], expect.objectContaining({ type: 'azure', status: 'completed', parameters: { container: 'c', file: 'notes.pdf' } })]);
    expect(sandbox.control.cloud.list().map(({ key }) => key)).toEqual(['notes.txt', 'notes.pdf']);
  });

  it('verifies a callback over its raw body, for every status', async () => {
    const receiver = await startReceiver();
    const job = await request('POST', '/jobs', { conversion: [{ target: 'png' }], callback: receiver.url, notify_status: true, process: true, input: [{ type: 'remote', source: 'https://files.example/harbour.jpg' }] });
    await until(() => receiver.received, (all) => textOf(all.at(-1)?.json.status?.code) === 'completed');
    for (const { body, headers, json } of receiver.received) {
      expect(headers['x-oc-signature']).toBe(createHmac('sha256', SECRET).update(body).digest('hex'));
      expect(json.id).toBe(job.id);
    }
    expect(receiver.received.length).toBeGreaterThan(4);
    await receiver.close();
  });

  it('reads lists, an object or nothing, and never a redirect', async () => {
    expect(await request('GET', '/jobs?page=1')).toEqual({});
    const staged = await request('POST', '/jobs', { process: false, conversion: [{ category: 'image', target: 'png' }] });
    expect(await request('POST', `/jobs/${textOf(staged.id)}/input`, { type: 'remote', source: 'https://files.example/harbour.jpg' })).toMatchObject({ type: 'remote', status: 'downloading' });
    for (const list of ['/jobs?page=1&status=ready', '/conversions?page=1&target=png', '/presets?category=video&target=mp4', '/stats/month/2026-06/all', `/jobs/${textOf(staged.id)}/output`]) {
      expect(Array.isArray(await request('GET', list))).toBe(true);
    }
    expect(await request('GET', '/contracts')).toMatchObject({ contracts: expect.any(Array) as object });
    expect(await request('DELETE', `/jobs/${textOf(staged.id)}`)).toEqual({});
    expect((await request('GET', `/jobs/${textOf(staged.id)}`)).status!.code).toBe('canceled');
    expect(await request('GET', '/conversions?page=200')).toEqual([]);
  });

  it('finds the message of a refusal, and how long to wait', async () => {
    await expect(request('POST', '/jobs', { conversion: [{ target: 'this-is-not-a-real-target' }] })).rejects.toThrow('400 The conversion this-is-not-a-real-target does not exist');
    await expect(request('GET', '/jobs', undefined, { 'X-Api2convert-Api-Key': 'bad-key' })).rejects.toThrow('401 Invalid api key');
    sandbox.control.addScenario({ name: 'create-status', options: { status: 429, headers: { 'Retry-After': '1' } } });
    const refused = await fetch(`${sandbox.api2convertUrl}/jobs`, { method: 'POST', headers: { 'X-Api2convert-Api-Key': KEY, 'Content-Type': 'application/json' }, body: '{}' });
    expect([refused.status, refused.headers.get('retry-after'), typeof ((await refused.json()) as Json).message]).toEqual([429, '1', 'string']);
  });

  it('is heard under its older names too', async () => {
    const headers = { 'X-Oc-Api-Key': KEY, 'Content-Type': 'application/json' };
    const job = await send('POST', `${sandbox.api2convertUrl}/jobs`, headers, JSON.stringify({ process: false, conversion: [{ target: 'png' }] }));
    // The deprecated library deletes with an empty list as its body, posts several inputs at once and names no filter.
    const inputs = await send('POST', `${sandbox.api2convertUrl}/jobs/${textOf(job.id)}/input`, { 'X-Oc-Token': textOf(job.token), 'Content-Type': 'application/json' }, JSON.stringify([{ type: 'remote', source: 'https://files.example/harbour.jpg' }, { type: 'input_id', source: 'nothing' }]));
    expect(inputs).toMatchObject([{ type: 'remote' }, { type: 'input_id' }]);
    expect(await send('DELETE', `${sandbox.api2convertUrl}/jobs/${textOf(job.id)}/input/${textOf(inputs[1]!.id)}`, headers, '[]')).toEqual({});
    expect(await send('GET', `${sandbox.api2convertUrl}/stats/year/1999`, headers)).toEqual([]);
    expect((await send('GET', `${sandbox.api2convertUrl}/schema`, {})).swagger).toBe('2.0');
  });
});
