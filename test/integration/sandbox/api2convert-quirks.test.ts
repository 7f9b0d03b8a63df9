import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Sandbox } from '../../../src/sandbox/sandbox.js';
import { httpServer } from '../../support/local-server.js';
import { Api2convertClient, remote } from './api2convert-client.js';
import { bytesAt, call, formWith, SAMPLES, sandboxOnFreePorts, textOf, until, type Json } from './support.js';

const png = { category: 'image', target: 'png' };
const photo = { input: [remote('harbour.jpg')], conversion: [png] };

let sandbox: Sandbox;
let client: Api2convertClient;
let harbour: Buffer;
beforeAll(async () => {
  sandbox = await sandboxOnFreePorts();
  client = new Api2convertClient(sandbox.api2convertUrl);
  harbour = await readFile(join(SAMPLES, 'harbour.jpg'));
});
afterEach(() => sandbox.control.reset());
afterAll(() => sandbox.close());

const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const account = (key: string): Api2convertClient => new Api2convertClient(sandbox.api2convertUrl, key);

describe('api2convert: contracts and usage', () => {
  it('has prepaid packages, used up oldest first', async () => {
    const small = await sandboxOnFreePorts({ credits: 3 });
    const buyer = new Api2convertClient(small.api2convertUrl);
    const left = async (): Promise<Json[]> => Array.from((await buyer.request('/contracts')).json.contracts as unknown as ArrayLike<Json>).map((one) => one.credits_remaining!);
    expect(await left()).toEqual([2, 1]);
    await buyer.run({ ...photo, conversion: [png, { target: 'webp' }, { target: 'gif' }] });
    expect(await left()).toEqual([0, 0]);
    const refused = await buyer.request('/jobs', { json: photo });
    expect([refused.status, (await buyer.request('/contracts')).json.credits_remaining]).toEqual([402, 0]);
    await small.close();
  });

  it('has an invoice without a number, and no contract at all', async () => {
    expect((await account('invoice-acme').request('/contracts')).json).toEqual({ contracts: [{ contract_type: 'invoice', contract_creation_date: '2016-09-29 11:20:39' }] });
    const free = account('free-acme');
    expect((await free.request('/contracts')).status).toBe(204);
    await free.run({ ...photo, conversion: Array<object>(30).fill({ category: 'hash', target: 'md5' }) });
    expect((await free.request('/jobs', { json: photo })).status).toBe(402);
    expect((await account('free-other').request('/jobs', { json: photo })).status).toBe(201);
  });

  it('counts what was done, by day, month and year', async () => {
    const today = new Date().toISOString().slice(0, 10);
    const counted = account('counted');
    const job = await counted.run(photo);
    await bytesAt(job.output![0]!.uri);
    await counted.run({ ...photo, input: [remote('notes.txt')], conversion: [png, { category: 'image', target: 'webp' }], fail_on_conversion_error: true });
    const staged = await counted.create({ ...photo, process: false });
    await counted.request(`/jobs/${textOf(staged.id)}`, { method: 'DELETE' });
    const rows = async (path: string): Promise<Json> => (await counted.request(`/stats/${path}`)).json;
    const figures = (await rows(`day/${today}/all`))[0]!;
    expect(figures).toMatchObject({ date: today, jobs: 3, canceled: 1, downloads: 1 });
    expect(Number(figures.completed) + Number(figures.failed)).toBe(2);
    expect([await rows(`month/${today.slice(0, 7)}/single`), await rows(`year/${today.slice(0, 4)}/all`)]).toEqual([[figures], [{ ...(figures as object), date: today.slice(0, 7) }]]);
    expect(await rows('year/1999/all')).toEqual([]);
    expect((await counted.request('/stats/year/99/all')).status).toBe(400);
  });

  it('keeps presets: its own with their options, the vendor\'s without', async () => {
    const mine = (await client.request('/presets', { json: { name: 'Tiny thumbs', target: 'jpg', category: 'image', scope: 'private', options: {} } })).json;
    expect(mine.options).toEqual([]);
    const listed = async (query: string, who = client): Promise<string[]> => Array.from((await who.request(`/presets${query}`)).json as unknown as ArrayLike<Json>).map(({ name, scope }) => `${textOf(scope)} ${textOf(name)}`);
    expect(await listed('?category=image&target=jpg')).toEqual(['private Tiny thumbs', 'public Web image']);
    expect(await listed('?filter=tiny,handout')).toEqual(['private Tiny thumbs', 'public Merged handout']);
    expect(await listed('?filter=tiny', account('other'))).toEqual([]);
    const anyone = (await call(`${sandbox.api2convertUrl}/presets`)).json;
    expect([anyone[0]!.scope, anyone[0]!.options]).toEqual(['public', undefined]);
    expect((await client.request(`/presets/${textOf(anyone[0]!.id)}`)).status).toBe(404);
    expect((await call(`${sandbox.api2convertUrl}/presets`, { headers: { 'x-oc-api-key': 'bad-key' } })).status).toBe(401);
  });
});

describe('api2convert: a job\'s particulars', () => {
  it('shows a thread while it works, and what happened', async () => {
    sandbox.control.addScenario({ name: 'hang' });
    const { id } = await client.create({ ...photo, conversion: [png, { target: 'webp' }] });
    await until(() => client.read(id), (job) => textOf(job.status!.code) === 'processing');
    const threads = await client.request(`/jobs/${textOf(id)}/threads`);
    expect([threads.headers.get('x-count'), threads.json[0]]).toEqual(['2', expect.objectContaining({ status: 1, info: 'The file is currently being processed.', exec_time: 0 })]);
    await client.request(`/jobs/${textOf(id)}`, { method: 'DELETE' });
    expect((await client.request(`/jobs/${textOf(id)}/threads`)).json).toEqual([]);
    const history = (await client.request(`/jobs/${textOf(id)}/history`)).json as unknown as Json[];
    expect(history.at(-1)).toMatchObject({ status: 'canceled', info: 'The job has been canceled.' });
  });

  it('keeps limits and metadata as they were sent, and no empty object', async () => {
    const limits = { job: { max_duration: 60 }, input: {}, output: {} };
    const job = await client.create({ ...photo, process: false, limits, conversion: [{ ...png, metadata: { author: 'Ada', clear_all: true } }] });
    expect([job.limits, job.conversion![0]!.metadata, job.conversion![0]!.options]).toEqual([limits, { author: 'Ada', clear_all: true }, []]);
    expect((await client.create({ process: false })).limits).toEqual([]);
  });

  it('goes on past a conversion that fails, if it may', async () => {
    const json = { input: [remote('harbour.jpg'), remote('invoice.pdf')], conversion: [{ category: 'operation', target: 'resize-image', options: { width: 20 } }] };
    const strict = await client.run(json);
    const lenient = await client.run({ ...json, fail_on_conversion_error: false });
    expect([strict.status!.code, strict.output, lenient.status!.code, lenient.output!.length, lenient.warnings![0]!.code, lenient.errors]).toEqual(['failed', [], 'completed', 1, 4000, []]);
  });

  it('finds the video that a page embeds, and takes a file as it is', async () => {
    const site = await httpServer((request, response) => {
      if (request.url === '/clip.mp4') return void response.end('moving pictures');
      response.end(request.url === '/page' ? '<!doctype html><video controls><source src="clip.mp4"></video>' : '<!doctype html><p>Nothing to see</p>');
    });
    const hashed = (path: string, engine: string): Promise<Json> => client.run({ input: [{ type: 'remote', source: `${site.origin}${path}`, engine }], conversion: [{ category: 'hash', target: 'md5' }] });
    expect((await hashed('/page', 'video')).input![0]).toMatchObject({ filename: 'clip.mp4', size: 'moving pictures'.length });
    expect((await hashed('/page', 'file')).input![0]!.filename).toBe('page');
    expect((await hashed('/empty', 'video')).errors![0]!.code).toBe(404);
    await site.close();
  });

  it('takes either family of headers for an upload, and answers it in either form', async () => {
    const flat = await sandboxOnFreePorts({ flatUploadAnswer: true });
    for (const [vendor, header, id] of [[sandbox, 'x-oc-token', expect.objectContaining({ job: expect.any(String) as string })], [flat, 'x-api2convert-token', expect.any(String)]] as const) {
      const caller = new Api2convertClient(vendor.api2convertUrl);
      const job = await caller.create({ process: false, conversion: [png] });
      const form = formWith(harbour, 'harbour.jpg', { decrypt_password: 'open' });
      const uploaded = await call(`${textOf(job.server)}/upload-file/${textOf(job.id)}`, { form, headers: { [header]: textOf(job.token) } });
      expect([uploaded.status, uploaded.json.id]).toEqual([200, id]);
    }
    await flat.close();
  });

  it('takes base64 uploads, one or several, named or not', async () => {
    const job = await client.create({ process: false, conversion: [png] });
    const upload = (json: unknown): Promise<{ status: number }> => call(`${textOf(job.server)}/upload-base64/${textOf(job.id)}`, { json, headers: { 'x-oc-token': textOf(job.token) } });
    const content = harbour.toString('base64');
    expect([(await upload({ content, filename: 'one.jpg' })).status, (await upload([{ content }, { content, filename: 'three.jpg' }])).status, (await upload({ filename: 'none' })).status]).toEqual([200, 200, 400]);
    expect((await client.read(job.id)).input).toMatchObject([{ filename: 'one.jpg' }, { filename: 'output' }, { filename: 'three.jpg' }]);
  });
});

describe('api2convert: downloads', () => {
  it('open to any of the job\'s passwords, in a header, its alias or a cookie', async () => {
    const job = await client.run({ ...photo, download_passwords: ['spring', 'autumn tide'] });
    const status = async (headers: Record<string, string>): Promise<number> => (await call(textOf(job.output![0]!.uri), { headers })).status;
    expect([await status({}), await status({ 'x-oc-download-password': 'winter' })]).toEqual([401, 401]);
    expect(await status({ 'x-api2convert-download-password': 'winter,autumn tide' })).toBe(200);
    expect(await status({ cookie: 'a=b; x-oc-download-password=winter%2Cspring' })).toBe(200);
    await client.request(`/jobs/${textOf(job.id)}`, { method: 'PATCH', json: { download_passwords: [] } });
    expect(await status({})).toBe(200);
  });

  it('come whole, in part, as base64, or as headers alone', async () => {
    const uri = textOf((await client.run(photo)).output![0]!.uri);
    const whole = await bytesAt(uri);
    const part = async (range: string): Promise<[number, string | null, string]> => {
      const answer = await fetch(uri, { headers: { range } });
      return [answer.status, answer.headers.get('content-range'), digest(Buffer.from(await answer.arrayBuffer()))];
    };
    expect(await part('bytes=0-3')).toEqual([206, `bytes 0-3/${whole.length}`, digest(whole.subarray(0, 4))]);
    expect(await part('bytes=-5')).toEqual([206, `bytes ${whole.length - 5}-${whole.length - 1}/${whole.length}`, digest(whole.subarray(-5))]);
    expect(await part(`bytes=10-${whole.length * 2}`)).toEqual([206, `bytes 10-${whole.length - 1}/${whole.length}`, digest(whole.subarray(10))]);
    expect((await part(`bytes=${whole.length}-`)).slice(0, 2)).toEqual([416, `bytes */${whole.length}`]);
    expect(digest(Buffer.from((await call(`${uri}?encoding=base64`)).text, 'base64'))).toBe(digest(whole));
    const head = await fetch(uri, { method: 'HEAD' });
    expect([head.headers.get('content-length'), head.headers.get('accept-ranges'), head.headers.get('content-disposition')]).toEqual([String(whole.length), 'bytes', 'attachment; filename=harbour.png']);
    expect(sandbox.control.ledger().jobs[0]!.downloads).toBe(5);
  });

  it('end: expired after a while, or disabled', async () => {
    const short = await sandboxOnFreePorts({ retentionMs: 0 });
    const caller = new Api2convertClient(short.api2convertUrl);
    const { id } = await caller.run(photo);
    const gone = (await until(() => caller.read(id), (job) => textOf(job.output![0]!.status) === 'expired')).output![0]!;
    expect((await call(textOf(gone.uri))).status).toBe(404);
    await short.close();
    sandbox.control.addScenario({ name: 'disabled-output' });
    const output = (await client.run(photo)).output![0]!;
    expect([output.status, (await call(textOf(output.uri))).status]).toEqual(['disabled', 403]);
  });
});
