import { setTimeout as pause } from 'node:timers/promises';
import type { Sandbox } from '../../../src/sandbox/sandbox.js';
import { Api2convertClient, remote } from './api2convert-client.js';
import { RunConvertClient, taskOf, toPng } from './runconvert-client.js';
import { bytesAt, sandboxOnFreePorts, textOf, until } from './support.js';

const conversion = [{ category: 'image', target: 'png' }];
const photo = { input: [remote('harbour.jpg')], conversion };

let sandbox: Sandbox;
let client: Api2convertClient;
let runconvert: RunConvertClient;
beforeAll(async () => {
  sandbox = await sandboxOnFreePorts();
  client = new Api2convertClient(sandbox.api2convertUrl);
  runconvert = new RunConvertClient(sandbox.runconvertUrl);
});
afterEach(() => sandbox.control.reset());
afterAll(() => sandbox.close());

const tell = (name: string, more: object = {}): unknown => sandbox.control.addScenario({ name, ...more });

describe('scenarios: the answer to a call', () => {
  it('refuses a create once, with what it was told to say', async () => {
    tell('create-status', { vendor: 'api2convert', options: { status: 429, headers: { 'Retry-After': '7' }, body: { message: 'Too many concurrent requests' } } });
    const refused = await client.request('/jobs', { json: photo });
    expect([refused.status, refused.headers.get('retry-after'), refused.json.message]).toEqual([429, '7', 'Too many concurrent requests']);
    expect((await client.request('/jobs', { json: photo })).status).toBe(201);
    expect(sandbox.control.ledger().creates.map(({ status }) => status)).toEqual([429, 201]);
    expect(sandbox.control.ledger().jobs).toHaveLength(1);
  });

  it('drops the answer of a create whose job was made', async () => {
    for (const [vendor, create] of [['api2convert', () => client.create({ ...photo, callback: 'http://127.0.0.1:9/ref' })], ['runconvert', () => runconvert.create(toPng('harbour.jpg'), 'ref')]] as const) {
      tell('drop-create-answer', { vendor });
      await expect(create()).rejects.toThrow();
    }
    const { creates, jobs } = sandbox.control.ledger();
    expect(creates).toMatchObject([{ key: 'test-key', reference: 'http://127.0.0.1:9/ref', dropped: true, status: null }, { key: 'rc_live_test', reference: 'ref', dropped: true, status: null }]);
    expect(jobs.map((job) => job.jobId)).toEqual(creates.map((create) => create.jobId));
    expect((await client.request('/jobs')).json[0]!.callback).toBe('http://127.0.0.1:9/ref');
  });

  it.each([
    ['garbage', 200, /^\{"id": "8d.*[^}]$/],
    ['empty-body', 200, /^$/],
    ['html', 200, /^<!doctype html>/],
    ['status', 502, /told to refuse/],
  ])('spoils a read with %s, and the next is whole', async (name, status, body) => {
    const { id } = await client.create(photo);
    tell(name, { options: { status } });
    const answer = await client.request(`/jobs/${textOf(id)}`, { spoilt: true });
    expect([answer.status, answer.text]).toEqual([status, expect.stringMatching(body)]);
    expect((await client.request(`/jobs/${textOf(id)}`)).json.id).toBe(id);
  });

  it('spoils only the call it names: a create that garbles was still carried out', async () => {
    tell('garbage', { vendor: 'runconvert', options: { call: 'create' } });
    const answer = await runconvert.request('/process/jobs', { json: { tasks: toPng('harbour.jpg') } });
    expect(() => answer.json).toThrow();
    expect((await runconvert.request('/process/jobs')).json.meta).toEqual({ count: 1 });
  });

  it('lets bytes drip', async () => {
    const job = await client.run(photo);
    const took = async (): Promise<number> => {
      const start = performance.now();
      await bytesAt(job.output![0]!.uri);
      return performance.now() - start;
    };
    const size = Number(job.output![0]!.size);
    const usual = await took();
    tell('slow-bytes', { options: { everyMs: 100, chunk: Math.ceil(size / 4) } });
    expect(await took()).toBeGreaterThan(usual + 200);
  });
});

describe('scenarios: a job', () => {
  it('hangs until it is canceled', async () => {
    tell('hang', { match: { filename: 'harbour' } });
    const { id } = await client.create(photo);
    await until(() => client.read(id), (job) => textOf(job.status!.code) === 'processing');
    await pause(100);
    expect((await client.read(id)).status!.code).toBe('processing');
    expect((await client.request(`/jobs/${textOf(id)}`, { method: 'DELETE' })).status).toBe(204);
    expect(sandbox.control.ledger().jobs[0]).toMatchObject({ billable: true, credits: 0, outcome: 'canceled' });
  });

  it('vanishes, at either vendor, for reads and lists alike', async () => {
    tell('vanish', { times: 2 });
    const { id } = await client.create(photo);
    const other = await runconvert.create(toPng('harbour.jpg'));
    expect((await client.request(`/jobs/${textOf(id)}`)).status).toBe(404);
    expect((await client.request('/jobs')).status).toBe(204);
    expect((await runconvert.request(`/process/jobs/${textOf(other.id)}`)).status).toBe(404);
    expect((await client.create(photo)).id).not.toBe(id);
  });

  it('fails as told', async () => {
    tell('fail', { times: 2, options: { code: 401, source: 'input', message: 'The input needs a password' } });
    const job = await client.run(photo);
    expect(job.errors![0]).toEqual({ source: 'input', id_source: job.input![0]!.id, code: 401, message: 'The input needs a password' });
    expect(taskOf(await runconvert.run(toPng('harbour.jpg')), 'convert-1')).toMatchObject({ status: 'failed', code: '401' });
  });

  it('succeeds without a file, or with a wrong one', async () => {
    tell('success-without-file', { times: 2 });
    expect(await client.run(photo)).toMatchObject({ status: { code: 'completed' }, output: [] });
    expect(taskOf(await runconvert.run(toPng('harbour.jpg')), 'export-1')).toMatchObject({ status: 'completed', result: { files: [] } });
    tell('wrong-file', { times: 2 });
    const output = (await client.run(photo)).output![0]!;
    expect([output.filename, (await bytesAt(output.uri)).toString().slice(0, 9)]).toEqual(['harbour.png', '<!doctype']);
    const exported = taskOf(await runconvert.run(toPng('harbour.jpg')), 'export-1').result!;
    expect((await bytesAt(exported.url)).toString()).toContain('Not the file');
  });

  it('reports a word that nobody knows, and then the end', async () => {
    tell('unknown-status', { times: 2, options: { word: 'polishing', ms: 100 } });
    const { id } = await client.create(photo);
    await until(() => client.read(id), (job) => textOf(job.status!.code) === 'polishing');
    expect((await client.ended(id)).status!.code).toBe('completed');
    const other = await runconvert.create(toPng('harbour.jpg'));
    await until(() => runconvert.read(other.id), (job) => textOf(job.status) === 'polishing');
    expect((await runconvert.ended(other.id)).status).toBe('completed');
  });

  it('is steered by its filename, at both vendors or at one', async () => {
    const named = (filename: string): object => ({ input: [{ ...remote('harbour.jpg'), filename }], conversion });
    expect((await client.run(named('sandbox-fail-6037.jpg'))).errors![0]!.code).toBe(6037);
    expect((await client.run(named('sandbox-runconvert-fail.jpg'))).status!.code).toBe('completed');
    expect((await client.run(named('sandbox-failure.jpg'))).status!.code).toBe('completed');
    expect((await client.request('/jobs', { json: named('sandbox-create-status-402.jpg') })).status).toBe(402);
    const failed = await runconvert.run({ ...toPng('harbour.jpg'), 'import-1': { operation: 'import/url', url: 'https://files.example/harbour.jpg', filename: 'sandbox-runconvert-fail.jpg' } });
    expect(failed.status).toBe('failed');
  });
});
