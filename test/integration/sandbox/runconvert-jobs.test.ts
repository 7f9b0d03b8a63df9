import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Sandbox } from '../../../src/sandbox/sandbox.js';
import { importing, RunConvertClient, taskOf, toPng } from './runconvert-client.js';
import { bytesAt, call, formWith, SAMPLES, sandboxOnFreePorts, startReceiver, textOf, until, type Json } from './support.js';

let sandbox: Sandbox;
let client: RunConvertClient;
let harbour: Buffer;
beforeAll(async () => {
  sandbox = await sandboxOnFreePorts({ uploadTimeoutMs: 250 });
  client = new RunConvertClient(sandbox.runconvertUrl);
  harbour = await readFile(join(SAMPLES, 'harbour.jpg'));
});
afterAll(() => sandbox.close());
afterEach(() => sandbox.control.setDialect('docs'));

describe('RunConvert: a job', () => {
  it('imports, converts and exports, in the words of its document', async () => {
    const created = await client.create(toPng('harbour.jpg'), 'invoice-42');
    expect([created.status, created.tag, taskOf(created, 'convert-1').status]).toEqual(['created', 'invoice-42', 'created']);
    const job = await client.ended(created.id);
    expect(job.status).toBe('completed');
    const { result, depends_on_task_ids: before } = taskOf(job, 'export-1');
    expect(before).toEqual([taskOf(job, 'convert-1').id]);
    expect(result!.files![0]).toEqual({ filename: 'harbour.png', url: result!.url, size: (await bytesAt(result!.url)).length });
    expect((await bytesAt(result!.url)).subarray(0, 4).toString('hex')).toBe('89504e47');
    expect(taskOf(job, 'convert-1')).toMatchObject({ job_id: job.id, operation: 'convert', status: 'completed', code: null, percent: 100, credits: 1 });
  });

  it('speaks the words of its SDKs', async () => {
    sandbox.control.setDialect('sdk');
    const created = await client.create({ ...toPng('harbour.jpg'), 'import-2': { operation: 'import/url', source_url: 'https://files.example/notes.txt' } });
    expect(created.status).toBe('waiting');
    expect((await client.ended(created.id)).status).toBe('finished');
    expect((await client.run({ 'import-1': importing('gone/nowhere.bin') })).status).toBe('error');
  });

  it('tells in its SDKs\' words what a job has cost, and lists it by either word', async () => {
    const spender = new RunConvertClient(sandbox.runconvertUrl, 'spender');
    expect((await spender.run(toPng('harbour.jpg'))).credits).toBeUndefined();
    sandbox.control.setDialect('sdk');
    const created = await spender.create({ ...toPng('harbour.jpg'), 'small-1': { operation: 'thumbnail', input: 'import-1', output_format: 'jpg', width: 30 } });
    const job = await spender.ended(created.id);
    expect([created.credits, job.credits, taskOf(job, 'import-1').credits, taskOf(job, 'small-1').credits]).toEqual([null, 2, 0, 1]);
    for (const word of ['finished', 'completed']) {
      expect((await spender.request(`/process/jobs?status=${word}&limit=1&offset=1`)).json.meta).toEqual({ count: 2 });
      expect((await spender.request(`/process/tasks?job_id=${textOf(job.id)}&status=${word}`)).json).toMatchObject({ data: [{ status: 'finished' }, {}, {}, {}], meta: { count: 4 } });
    }
    expect((await spender.request('/process/tasks?status=error')).json.meta).toEqual({ count: 0 });
  });

  it('sends results whole, in part, or as headers alone', async () => {
    const url = textOf(taskOf(await client.run(toPng('harbour.jpg')), 'export-1').result!.url);
    const whole = await bytesAt(url);
    const part = await fetch(url, { headers: { range: 'bytes=1-3' } });
    expect([part.status, await part.text(), part.headers.get('content-range')]).toEqual([206, 'PNG', `bytes 1-3/${whole.length}`]);
    expect((await fetch(url, { headers: { range: `bytes=${whole.length}-` } })).status).toBe(416);
    const head = await fetch(url, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length'), head.headers.get('content-disposition')]).toEqual([200, String(whole.length), 'attachment; filename=harbour.png']);
  });

  it('runs a graph: many ways in, one way out', async () => {
    const job = await client.run({
      photo: importing('harbour.jpg'),
      page: { operation: 'import/base64', file: `data:text/plain;base64,${Buffer.from('Boats').toString('base64')}`, filename: 'boats.txt' },
      small: { operation: 'thumbnail', input: 'photo', output_format: 'jpg', width: 30 },
      document: { operation: 'convert', input: 'page', output_format: 'pdf' },
      stamped: { operation: 'watermark', input: ['document'], text: 'Draft' },
      merged: { operation: 'merge', input: ['document', 'stamped'], output_format: 'pdf' },
      all: { operation: 'archive', input: ['small', 'merged'], output_format: 'zip' },
      out: { operation: 'export/url', input: ['all', 'small'] },
      packed: { operation: 'export/url', input: ['all', 'small'], archive_multiple_files: true },
    });
    expect(job.status).toBe('completed');
    expect(taskOf(job, 'out').result!.files).toHaveLength(2);
    expect(taskOf(job, 'packed').result!.files).toHaveLength(1);
    expect((await bytesAt(taskOf(job, 'all') && taskOf(job, 'out').result!.url)).subarray(0, 2).toString()).toBe('PK');
  });

  it('waits for every upload, and takes one only with its signature ahead of the file', async () => {
    const two = { first: { operation: 'import/upload', filename: 'a.jpg', file_size: harbour.length }, second: { operation: 'import/upload', filename: 'b.jpg' } };
    const job = await client.create({ ...two, zip: { operation: 'archive', input: ['first', 'second'], output_format: 'zip' }, out: { operation: 'export/url', input: 'zip' } });
    const form = (name: string): Json => taskOf(job, name).result!.form!;
    const upload = async (name: string, body: FormData): Promise<number> => (await call(textOf(form(name).url), { form: body })).status;
    const signature = (name: string): Record<string, string> => ({ signature: textOf(form(name).parameters!.signature) });

    expect(await upload('first', formWith(harbour, 'x.jpg', { signature: 'wrong' }))).toBe(403);
    const late = formWith(harbour, 'x.jpg');
    late.append('signature', textOf(form('first').parameters!.signature));
    expect(await upload('first', late)).toBe(403);
    expect(await upload('first', formWith(harbour, 'x.jpg', signature('first')))).toBe(201);
    expect(await upload('first', formWith(harbour, 'x.jpg', signature('first')))).toBe(409);
    expect(taskOf(await client.read(job.id), 'zip').status).toBe('created');
    expect(await upload('second', formWith(harbour, 'x.jpg', signature('second')))).toBe(201);
    const done = await client.ended(job.id);
    expect([done.status, taskOf(done, 'first').result]).toEqual(['completed', { files: [{ filename: 'a.jpg', size: harbour.length }] }]);
  });

  it('gives an upload up after a while', async () => {
    const job = await client.run({ first: { operation: 'import/upload' }, out: { operation: 'export/url', input: 'first' } });
    expect([job.status, taskOf(job, 'first').code, taskOf(job, 'out').code]).toEqual(['failed', 'upload_timeout', 'INPUT_TASK_FAILED']);
  });

  it('captures a page', async () => {
    const job = await client.run({ shot: { operation: 'capture_website', url: 'https://files.example/notes.txt', output_format: 'pdf' }, out: { operation: 'export/url', input: 'shot' } });
    expect((await bytesAt(taskOf(job, 'out').result!.url)).subarray(0, 4).toString()).toBe('%PDF');
  });

  it('fails what it cannot do where it cannot do it, and says so of all that hung on it', async () => {
    const unsupported = await client.run({ a: importing('notes.txt'), b: { operation: 'convert', input: 'a', output_format: 'png' }, c: { operation: 'export/url', input: 'b' } });
    expect(taskOf(unsupported, 'b')).toMatchObject({ status: 'failed', code: 'processing_failed', credits: null, result: null });
    expect(taskOf(unsupported, 'c')).toMatchObject({ status: 'failed', code: 'INPUT_TASK_FAILED' });
    const stored = await client.run({ a: importing('harbour.jpg'), b: { operation: 'export/s3', input: 'a', bucket: 'b', key: 'k', secret_access_key: 'canary' } });
    expect([stored.status, JSON.stringify(stored).includes('canary')]).toEqual(['failed', false]);
  });

  it.each([
    [{}],
    [{ a: { operation: 'wat' } }],
    [{ a: { operation: 'import/url' } }],
    [{ a: { operation: 'convert', input: 'b', output_format: 'png' } }],
    [{ a: { operation: 'archive', input: 'b', output_format: 'zip' }, b: { operation: 'archive', input: 'a', output_format: 'zip' } }],
    [{ a: { operation: 'import/base64', file: 'A'.repeat(2_200_000) } }],
  ])('refuses %#', async (tasks) => {
    const answer = await client.request('/process/jobs', { json: { tasks } });
    expect([answer.status, answer.json.error!.code]).toEqual([400, 'bad_request']);
  });
});

describe('RunConvert: around the jobs', () => {
  it('lists an account\'s own jobs and tasks, by status and by page', async () => {
    const mine = new RunConvertClient(sandbox.runconvertUrl, 'lister');
    const jobs = [await mine.run(toPng('harbour.jpg')), await mine.run({ a: importing('nowhere.bin') }), await mine.create({ a: { operation: 'import/upload' } }, 'third')];
    const page = (await mine.request('/process/jobs?limit=2&offset=0')).json;
    expect([page.meta, page.data!.length, page.data![0]!.tag]).toEqual([{ count: 3 }, 2, 'third']);
    expect((await mine.request('/process/jobs?status=completed')).json.data![0]!.id).toBe(jobs[0]!.id);
    expect((await mine.request(`/process/tasks?job_id=${textOf(jobs[0]!.id)}`)).json.data).toHaveLength(3);
    const task = taskOf(jobs[0]!, 'convert-1');
    expect((await mine.request(`/process/tasks/${textOf(task.id)}`)).json).toEqual(task);
    expect((await client.request(`/process/jobs/${textOf(jobs[0]!.id)}`)).status).toBe(404);
    expect((await call(`${sandbox.runconvertUrl}/process/jobs`)).status).toBe(401);
    expect((await new RunConvertClient(sandbox.runconvertUrl, 'bad-key').request('/process/jobs')).status).toBe(401);
  });

  it('tells formats, outputs and the price of a pair', async () => {
    const core = async (path: string): Promise<Json[]> => (await call(`${sandbox.runconvertUrl}/core/${path}`)).json.data as unknown as Json[];
    expect((await core('formats'))[0]).toEqual({ format: 'jpg', category: 'image', content_type: 'image/jpeg' });
    expect((await core('outputs?input_format=json'))[0]!.format).toBe('csv');
    expect((await core('operations?input_format=jpg&output_format=png'))[0]).toMatchObject({ operation: 'convert', engine: 'sandbox', credits: 1, options: [{ name: 'quality' }, {}, {}, { name: 'dpi' }, { name: 'color' }] });
    const [compress] = (await core('operations?input_format=png&output_format=png')).filter(({ operation }) => textOf(operation) === 'compress');
    expect(compress!.engines![0]).toMatchObject({ name: 'sandbox', credits: 1, options: expect.arrayContaining([{ name: 'level', type: 'string', description: expect.any(String) as string, supported_values: ['low', 'medium', 'high'] }]) as object });
  });

  it('tells events to the account\'s webhooks, signed, until one is gone', async () => {
    const account = new RunConvertClient(sandbox.runconvertUrl, 'hooked');
    const receiver = await startReceiver();
    const gone = await startReceiver(410);
    const events = ['job.created', 'task.finished', 'job.finished'];
    const hook = (await account.request('/webhooks', { json: { endpoint_url: receiver.url, events } })).json;
    await account.request('/webhooks', { json: { endpoint_url: gone.url, events } });
    expect((await account.request('/webhooks', { json: { endpoint_url: receiver.url, events: ['job.wat'] } })).status).toBe(400);

    const job = await account.run(toPng('harbour.jpg'));
    await until(() => receiver.received, (all) => all.length === 5);
    expect(receiver.received.map(({ json }) => json.event)).toEqual(['job.created', 'task.finished', 'task.finished', 'task.finished', 'job.finished']);
    for (const { body, headers } of receiver.received) {
      expect(headers['runconvert-signature']).toBe(createHmac('sha256', textOf(hook.secret)).update(body).digest('hex'));
    }
    expect(receiver.received.at(-1)!.json.job).toEqual(job);
    expect(gone.received.length).toBeLessThan(5);
    const hooks = (await account.request('/webhooks')).json.data!;
    expect([hooks[0]!.enabled, hooks[1]!.enabled, JSON.stringify(hooks).includes('whsec_')]).toEqual([true, false, false]);

    expect((await account.request(`/webhooks/${textOf(hook.id)}`, { method: 'DELETE' })).status).toBe(204);
    await account.run(toPng('harbour.jpg'));
    expect(receiver.received).toHaveLength(5);
    await Promise.all([receiver.close(), gone.close()]);
  });
});
