import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Sandbox } from '../../../src/sandbox/sandbox.js';
import { Api2convertClient, remote } from './api2convert-client.js';
import { bytesAt, call, formWith, SAMPLES, sandboxOnFreePorts, textOf, type Json } from './support.js';

const png = { category: 'image', target: 'png' };
const PNG = '89504e47';
const magic = (bytes: Buffer): string => bytes.subarray(0, 4).toString('hex');
const list = (value: Json | undefined): Json[] => Array.from(value as unknown as ArrayLike<Json>);

let sandbox: Sandbox;
let client: Api2convertClient;
let harbour: Buffer;
beforeAll(async () => {
  sandbox = await sandboxOnFreePorts();
  client = new Api2convertClient(sandbox.api2convertUrl);
  harbour = await readFile(join(SAMPLES, 'harbour.jpg'));
});
afterAll(() => sandbox.close());

describe('api2convert: a job', () => {
  it('converts a remote file and tells its way there', async () => {
    const created = await client.create({ input: [remote('harbour.jpg')], conversion: [png] });
    expect(created).toMatchObject({ type: 'job', process: true, callback: '', spent: 0, output: [], errors: [], conversion: [{ ...png, options: [] }] });
    expect(created.created_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/);

    const job = await client.ended(created.id);
    expect(job.status).toEqual({ code: 'completed', info: 'The file has been successfully converted.' });
    expect(job.spent).toBe(1);
    const output = job.output![0]!;
    expect(output).toMatchObject({ filename: 'harbour.png', content_type: 'image/png', status: 'enabled', downloads_counter: 0 });
    expect(output.source).toEqual({ conversion: job.conversion![0]!.id, input: [job.input![0]!.id] });
    const bytes = await bytesAt(output.uri);
    expect(magic(bytes)).toBe(PNG);
    expect([bytes.length, createHash('md5').update(bytes).digest('hex')]).toEqual([output.size, output.checksum]);

    const history = (await client.request(`/jobs/${textOf(job.id)}/history`)).json;
    expect(list(history).map((entry) => entry.status)).toEqual(['ready', 'queued', 'downloading', 'processing', 'saving', 'completed']);
  });

  it('takes base64 inline', async () => {
    const job = await client.run({ input: [{ type: 'base64', source: harbour.toString('base64'), filename: `bridge ü ${'o'.repeat(150)}.jpg` }], conversion: [png] });
    expect(job.output![0]!.filename).toBe(`bridge ü ${'o'.repeat(150)}.png`);
    expect(magic(await bytesAt(job.output![0]!.uri))).toBe(PNG);
  });

  it('applies every conversion to every input, and charges for each', async () => {
    const job = await client.run({ input: [remote('harbour.jpg'), remote('lighthouse.jpg')], conversion: [png, { category: 'hash', target: 'sha256' }] });
    expect(job.output).toHaveLength(4);
    expect(job.spent).toBe(4);
  });

  it('stages uploads, waits at ready and merges them once started', async () => {
    const job = await client.create({ process: false, conversion: [{ category: 'document', target: 'pdf', options: { merge: true } }] });
    expect(job.status!.code).toBe('incomplete');
    const invoice = await readFile(join(SAMPLES, 'invoice.pdf'));
    const first = await client.upload(job, formWith(invoice, 'invoice.pdf'));
    expect([first.status, first.json.completed, first.json.id!.job]).toEqual([200, true, job.id]);
    await client.upload(job, formWith(await readFile(join(SAMPLES, 'terms.pdf')), 'terms.pdf'));

    const ready = await client.read(job.id);
    expect([ready.status!.code, list(ready.input).map((input) => input.filename)]).toEqual(['ready', ['invoice.pdf', 'terms.pdf']]);
    expect(ready.input![0]).toMatchObject({ id: first.json.id!.input, type: 'upload', status: 'ready', size: invoice.length });

    const start = { method: 'PATCH', json: { process: true } };
    expect((await client.request(`/jobs/${textOf(job.id)}`, start)).status).toBe(200);
    expect((await client.request(`/jobs/${textOf(job.id)}`, start)).status).toBe(409);
    const done = await client.ended(job.id);
    expect(done.output).toHaveLength(1);
    expect((await bytesAt(done.output![0]!.uri)).subarray(0, 5).toString()).toBe('%PDF-');
  });

  it('starts by itself with the first upload and then takes no more', async () => {
    const job = await client.create({ conversion: [png] });
    expect((await client.upload(job, formWith(harbour, 'one.jpg'))).status).toBe(200);
    expect((await client.upload(job, formWith(harbour, 'two.jpg'))).status).toBe(409);
    expect((await client.ended(job.id)).output).toHaveLength(1);
  });

  it('puts chunks together, and replaces what is sent again under the same uuid', async () => {
    const job = await client.create({ process: false, conversion: [png] });
    const half = Math.floor(harbour.length / 2);
    const chunk = (from: number, to: number): Promise<{ json: Json }> =>
      client.upload(job, formWith(harbour.subarray(from, to), 'harbour.jpg'), { 'x-oc-upload-uuid': 'u1', 'content-range': `bytes ${from}-${to - 1}/${harbour.length}` });
    expect((await chunk(0, half)).json.completed).toBe(false);
    expect((await client.read(job.id)).status!.code).toBe('incomplete');
    expect((await chunk(half, harbour.length)).json.completed).toBe(true);
    await client.upload(job, formWith(harbour, 'harbour.jpg'), { 'x-oc-upload-uuid': 'u1' });
    expect((await client.read(job.id)).input).toHaveLength(1);
    expect((await client.read(job.id)).input![0]!.size).toBe(harbour.length);
  });

  it('takes the output and the inputs of earlier jobs of the account, and of no other', async () => {
    const first = await client.run({ input: [remote('harbour.jpg')], conversion: [png] });
    const sources = { input: [{ type: 'output', source: first.output![0]!.id }, { type: 'input_id', source: first.input![0]!.id }], conversion: [{ category: 'image', target: 'webp' }] };
    expect((await client.run(sources)).output).toHaveLength(2);
    const stranger = await new Api2convertClient(sandbox.api2convertUrl, 'other-key').run(sources);
    expect([stranger.status!.code, stranger.errors![0]!.code]).toEqual(['failed', 404]);
  });

  it('packs several results of one conversion unless it may deliver them', async () => {
    const zip = await client.run({ input: [remote('harbour.jpg'), remote('notes.txt')], conversion: [{ category: 'archive', target: 'zip' }] });
    expect(zip.output).toHaveLength(1);
    const extract = (options: object): Promise<Json> => client.run({ input: [{ type: 'output', source: zip.output![0]!.id }], conversion: [{ category: 'operation', target: 'extract-archive', options }] });
    expect(list((await extract({})).output).map((file) => file.content_type)).toEqual(['application/zip']);
    expect(list((await extract({ allow_multiple_outputs: true })).output).map((file) => file.filename)).toEqual(['harbour.jpg', 'notes.txt']);
  });

  it.each([
    [{ category: 'operation', target: 'thumbnail', options: { thumbnail_target: 'webp', width: 40 } }, 'image/webp'],
    [{ category: 'operation', target: 'compress', options: { compression_level: 'high' } }, 'image/jpeg'],
    [{ category: 'operation', target: 'resize-image', options: { width: 30, height: 30 } }, 'image/jpeg'],
    [{ category: 'metadata', target: 'json' }, 'application/json'],
    [{ category: 'hash', target: 'md5' }, 'text/plain'],
  ])('does %j', async (conversion, contentType) => {
    const job = await client.run({ input: [remote('harbour.jpg')], conversion: [conversion] });
    expect(job.errors).toEqual([]);
    expect(job.output![0]!.content_type).toBe(contentType);
  });

  it('compares two pictures at once and stamps a PDF', async () => {
    const compared = await client.run({ input: [remote('harbour.jpg'), remote('lighthouse.jpg')], conversion: [{ category: 'operation', target: 'compare-image' }] });
    const stamped = await client.run({ input: [remote('invoice.pdf')], conversion: [{ category: 'document', target: 'pdf', options: { stamp: true, text: 'Draft' } }] });
    expect([compared.errors, compared.output!.length, stamped.errors, stamped.output!.length]).toEqual([[], 1, [], 1]);
  });

  it('captures a page', async () => {
    const shot = await client.run({ input: [{ ...remote('notes.txt'), engine: 'screenshot', options: { screen_width: 640 } }], conversion: [png] });
    expect(magic(await bytesAt(shot.output![0]!.uri))).toBe(PNG);
    const source = await client.run({ input: [{ ...remote('notes.txt'), engine: 'website' }], conversion: [{ category: 'document', target: 'html' }] });
    expect(source.output![0]!.content_type).toBe('text/html');
  });
});

describe('api2convert: what goes wrong', () => {
  it('refuses unknown targets at once, and fails pairs it cannot do later', async () => {
    const unknown = await client.request('/jobs', { json: { input: [remote('harbour.jpg')], conversion: [{ target: 'wat' }] } });
    expect([unknown.status, Object.keys(unknown.json)]).toEqual([400, ['code', 'message', 'errors']]);
    const job = await client.run({ input: [remote('notes.txt')], conversion: [png] });
    expect(job.status!.code).toBe('failed');
    expect(job.errors![0]).toMatchObject({ source: 'conversion', id_source: job.conversion![0]!.id, code: 4000 });
    expect(job.spent).toBe(0);
  });

  it('answers 204 to an empty body and 400 to a broken one', async () => {
    expect((await client.request('/jobs', { method: 'POST' })).status).toBe(204);
    const broken = await fetch(`${sandbox.api2convertUrl}/jobs`, { method: 'POST', headers: { 'x-oc-api-key': 'k', 'content-type': 'application/json' }, body: '{' });
    expect(broken.status).toBe(400);
  });

  it('fails on an input it cannot have, or goes on without it', async () => {
    const cloud = { type: 'cloud', source: 'amazons3', parameters: { bucket: 'b', file: 'f' }, credentials: { secretaccesskey: 'canary' } };
    const job = await client.run({ input: [cloud], conversion: [png] });
    expect(job.errors![0]).toMatchObject({ source: 'input', id_source: job.input![0]!.id, code: 99 });
    expect(JSON.stringify(job)).not.toContain('canary');
    const gone = { type: 'remote', source: 'http://127.0.0.1:9/gone.jpg' };
    expect((await client.run({ input: [gone], conversion: [png] })).errors![0]!.code).toBe(404);
    const rest = await client.run({ fail_on_input_error: false, input: [gone, remote('harbour.jpg')], conversion: [png] });
    expect([rest.status!.code, rest.warnings!.length, rest.output!.length]).toEqual(['completed', 1, 1]);
  });

  it('knows accounts by their key, and a job by its token', async () => {
    const job = await client.create({ process: false, input: [remote('harbour.jpg')], conversion: [png] });
    const url = `${sandbox.api2convertUrl}/jobs/${textOf(job.id)}`;
    const status = async (headers: Record<string, string>): Promise<number> => (await call(url, { headers })).status;
    expect(await status({})).toBe(401);
    expect(await status({ 'x-oc-api-key': 'bad-key' })).toBe(401);
    expect(await status({ 'x-oc-api-key': 'other-key' })).toBe(404);
    expect(await status({ 'x-oc-api-key': 'test-key' })).toBe(200);
    expect(await status({ 'x-oc-token': 'wrong' })).toBe(401);
    expect(await status({ 'x-oc-token': textOf(job.token) })).toBe(200);
    expect((await call(`${sandbox.api2convertUrl}/jobs`, { headers: { 'x-oc-api-key': 'bad-key' } })).json).toEqual({ message: 'Invalid api key' });
  });

  it('cancels, once', async () => {
    const job = await client.create({ process: false, input: [remote('harbour.jpg')], conversion: [png] });
    const cancel = async (): Promise<number> => (await client.request(`/jobs/${textOf(job.id)}`, { method: 'DELETE' })).status;
    expect([await cancel(), await cancel()]).toEqual([204, 409]);
    expect((await client.read(job.id)).status!.code).toBe('canceled');
  });

  it('lets a result be downloaded ten times', async () => {
    const job = await client.run({ input: [remote('harbour.jpg')], conversion: [png] });
    const uri = textOf(job.output![0]!.uri);
    expect((await fetch(uri, { method: 'HEAD' })).headers.get('content-disposition')).toContain('harbour.png');
    const statuses: number[] = [];
    for (let n = 0; n < 11; n += 1) statuses.push((await call(uri)).status);
    expect(statuses).toEqual([...Array<number>(10).fill(200), 403]);
    expect((await client.read(job.id)).output![0]).toMatchObject({ status: 'overuse', downloads_counter: 10 });
  });
});

describe('api2convert: around the jobs', () => {
  it('lists fifty jobs a page, newest first, with the total', async () => {
    const many = new Api2convertClient(sandbox.api2convertUrl, 'lister');
    expect((await many.request('/jobs')).status).toBe(204);
    for (let n = 0; n < 52; n += 1) await many.create({ process: false, callback: `https://caller.example/${n}` });
    const first = await many.request('/jobs');
    expect([first.headers.get('x-count'), list(first.json).length, first.json[0]!.callback]).toEqual(['52', 50, 'https://caller.example/51']);
    expect(list((await many.request('/jobs?page=2')).json)).toHaveLength(2);
    expect((await many.request('/jobs?status=completed')).status).toBe(204);
  });

  it('changes its parts until it starts', async () => {
    const { id } = await client.create({ process: false });
    const path = `/jobs/${textOf(id)}`;
    const conversion = (await client.request(`${path}/conversions`, { json: png })).json;
    const inputs = (await client.request(`${path}/input`, { json: [remote('harbour.jpg'), remote('notes.txt')] })).json;
    expect((await client.read(id)).status!.code).toBe('ready');
    expect((await client.request(`${path}/input/${textOf(inputs[1]!.id)}`, { method: 'DELETE' })).status).toBe(204);
    const patched = await client.request(`${path}/conversions/${textOf(conversion.id)}`, { method: 'PATCH', json: { options: { width: 20 } } });
    expect(patched.json.options).toEqual({ width: 20 });
    await client.request(path, { method: 'PATCH', json: { process: true } });
    expect((await client.request(`${path}/input`, { json: remote('harbour.jpg') })).status).toBe(409);
    const job = await client.ended(id);
    const outputs = await client.request(`${path}/output?conversion_id=${textOf(conversion.id)}`);
    expect([job.output!.length, list(outputs.json).length]).toEqual([1, 1]);
    const renamed = await client.request(`${path}/output/${textOf(job.output![0]!.id)}`, { method: 'PATCH', json: { filename: 'quay', download_password: 'open' } });
    expect(renamed.json.filename).toBe('quay.png');
    expect((await call(textOf(renamed.json.uri))).status).toBe(401);
    expect((await call(textOf(renamed.json.uri), { headers: { 'x-oc-download-password': 'no,open' } })).status).toBe(200);
  });

  it('shows its catalogue, statuses, contract, stats and presets', async () => {
    const images = await call(`${sandbox.api2convertUrl}/conversions?category=image&target=png`);
    expect(images.json[0]).toMatchObject({ ...png, id: expect.stringMatching(/^\d+$/) as string, options: { quality: { type: 'integer' } } });
    expect((await call(`${sandbox.api2convertUrl}/conversions?page=2`)).json).toEqual([]);
    expect(list((await call(`${sandbox.api2convertUrl}/statuses`)).json).map((status) => status.code)).toContain('saving');
    const account = new Api2convertClient(sandbox.api2convertUrl, 'accountant');
    await account.run({ input: [remote('harbour.jpg')], conversion: [png] });
    expect((await account.request('/contracts')).json.credits_remaining).toBe(999_999);
    expect((await account.request(`/stats/year/${new Date().getUTCFullYear()}/all`)).json[0]).toMatchObject({ jobs: 1, credits: 1 });
    expect((await account.request('/stats/day/yesterday/all')).status).toBe(400);
    const preset = await account.request('/presets', { json: { name: 'small', target: 'png', scope: 'private', options: { width: 10 } } });
    expect(preset.status).toBe(201);
    expect((await account.request('/presets')).json[0]).toMatchObject({ name: 'small', category: 'image' });
  });

  it('asks for payment once the credits are gone', async () => {
    const poor = await sandboxOnFreePorts({ credits: 1 });
    const spender = new Api2convertClient(poor.api2convertUrl);
    await spender.run({ input: [remote('harbour.jpg')], conversion: [png] });
    expect((await spender.request('/jobs', { json: { conversion: [png] } })).status).toBe(402);
    await poor.close();
  });
});
