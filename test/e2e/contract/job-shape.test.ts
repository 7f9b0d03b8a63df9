import { sha256, smallFile } from '../../doubles/small-files.js';
import { at, PHOTO, scene, toPng, until, type Job, type Scene } from './scene.js';

let stage: Scene;
beforeAll(async () => (stage = await scene()));
afterAll(() => stage.close());
beforeEach(() => {
  stage.api2convert.behave();
  stage.runconvert.behave();
});

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
const UUID7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const FIELDS = ['attempts', 'cost', 'createdAt', 'endedAt', 'error', 'exports', 'id', 'inputs', 'losses', 'metadata', 'outputs', 'progress', 'retention', 'retryOf', 'routing', 'startedAt', 'status', 'steps', 'tag'];
const matching = (pattern: RegExp) => expect.stringMatching(pattern) as string;

describe('the job that comes back', () => {
  test('has every field of the contract from the first answer on', async () => {
    const response = await stage.post(toPng({ tag: 'invoice-42', metadata: { order: '42' }, retention: 'PT24H' }));
    const job = (await response.json()) as Job;
    expect(response.status).toBe(202);
    expect(response.headers.get('location')).toMatch(new RegExp(`/v1/jobs/${job.id}$`));
    expect(Object.keys(job)).toEqual(expect.arrayContaining(FIELDS));
    expect(job).toMatchObject({
      id: matching(UUID7), status: 'queued', progress: 0, error: null, outputs: [], attempts: [], exports: [], retryOf: null, createdAt: matching(TIME), startedAt: null, endedAt: null, losses: [],
      tag: 'invoice-42', metadata: { order: '42' }, retention: 'PT24H',
      inputs: [{ id: 'input-1', type: 'url', url: PHOTO.url }],
      steps: [{ id: 'step-1', operation: 'convert', inputs: ['input-1'], to: 'png', status: 'pending', provider: null }],
    });
    await stage.ended(job.id);
  });

  test('and has them filled in at the end', async () => {
    const job = await stage.run(toPng(at('api2convert')));
    const png = smallFile('png').bytes;
    expect(Object.keys(job)).toEqual(expect.arrayContaining(FIELDS));
    expect(job).toMatchObject({
      status: 'completed', progress: 100, error: null, startedAt: matching(TIME), endedAt: matching(TIME), steps: [{ status: 'done', provider: 'api2convert' }],
      outputs: [{ id: matching(/./), step: 'step-1', filename: 'photo.png', contentType: 'image/png', size: png.length, url: matching(/\/v1\/jobs\/.+\/outputs\/.+\/content$/) }],
      attempts: [{ id: matching(UUID7), provider: 'api2convert', providerJobId: stage.api2convert.latest().id, stage: expect.anything() as unknown, steps: ['step-1'], status: 'succeeded', startedAt: matching(TIME), endedAt: matching(TIME), error: null }],
    });
    for (const name of ['cost', 'checksum', 'expiresAt']) expect(JSON.stringify(job)).toContain(`"${name}":`);
    expect([null, sha256(png)]).toContain(job.outputs[0]?.checksum);
  });

  test('the output comes whole, by range, by tag, and its checksum is its own', async () => {
    const job = await stage.run(toPng());
    const path = new URL(job.outputs[0]?.url ?? '', stage.gateway.url).pathname;
    const png = smallFile('png').bytes;
    const whole = await stage.gateway.call(path);
    expect(Buffer.from(await whole.arrayBuffer()).equals(png)).toBe(true);
    expect(whole.headers.get('content-type')).toBe('image/png');
    expect(whole.headers.get('content-disposition')).toMatch(/^attachment; filename="?photo\.png"?/);
    expect(whole.headers.get('accept-ranges')).toBe('bytes');
    expect(whole.headers.get('x-content-type-options')).toBe('nosniff');
    const part = await stage.gateway.call(path, { headers: { range: 'bytes=4-7' } });
    expect(part.status).toBe(206);
    expect(part.headers.get('content-range')).toBe(`bytes 4-7/${png.length}`);
    expect(Buffer.from(await part.arrayBuffer()).equals(png.subarray(4, 8))).toBe(true);
    const tail = await stage.gateway.call(path, { headers: { range: 'bytes=-5' } });
    expect(Buffer.from(await tail.arrayBuffer()).equals(png.subarray(-5))).toBe(true);
    expect((await stage.gateway.call(path, { headers: { range: `bytes=${png.length}-` } })).status).toBe(416);
    const etag = whole.headers.get('etag') ?? '';
    expect(etag).toMatch(/^(W\/)?".+"$/);
    expect((await stage.gateway.call(path, { headers: { 'if-none-match': etag } })).status).toBe(304);
    expect([null, sha256(png)]).toContain((await stage.job(job.id)).outputs[0]?.checksum);
  });

  test('a DAG that fans out: outputs are what nobody took', async () => {
    const job = await stage.run({
      inputs: [{ ...PHOTO, id: 'photo' }],
      steps: [
        { id: 'small', operation: 'compress', inputs: ['photo'] },
        { id: 'png', operation: 'convert', to: 'png', inputs: ['small'] },
        { id: 'webp', operation: 'convert', to: 'webp', inputs: ['small'] },
        { id: 'pack', operation: 'archive', to: 'zip', inputs: ['png', 'photo'] },
      ],
    });
    expect(job).toMatchObject({ status: 'completed', error: null });
    expect(job.steps.map(({ status }) => status)).toEqual(['done', 'done', 'done', 'done']);
    expect(job.outputs.map(({ step }) => step).sort()).toEqual(['pack', 'webp']);
  });

  test('a step without inputs takes all inputs if it is the first, else what the one before it made', async () => {
    const job = await stage.accepted({ inputs: [PHOTO, { ...PHOTO, url: 'https://files.example.com/b.jpg' }], steps: [{ operation: 'convert', to: 'png' }, { operation: 'archive', to: 'zip' }] });
    expect(job.steps.map(({ inputs }) => inputs)).toEqual([['input-1', 'input-2'], ['step-1']]);
    expect((await stage.ended(job.id)).outputs).toHaveLength(1);
  });

  test.each(['api2convert', 'runconvert'])('%s: convert over n files gives n results, each with its name', async (provider) => {
    const job = await stage.run({ inputs: ['a', 'b', 'c'].map((name) => ({ type: 'url', url: `https://files.example.com/${name}.jpg` })), steps: [{ operation: 'convert', to: 'png' }], ...at(provider) });
    expect(job.outputs.map(({ filename }) => filename).sort()).toEqual(['a.png', 'b.png', 'c.png']);
    expect(new Set(job.outputs.map(({ id }) => id)).size).toBe(3);
  });

  test('two inputs of one name do not become one file', async () => {
    const job = await stage.run({ inputs: [PHOTO, PHOTO], steps: [{ operation: 'convert', to: 'png' }] });
    expect(job.outputs).toHaveLength(2);
    for (const output of job.outputs) expect(sha256(await stage.bytes(output))).toBe(sha256(smallFile('png').bytes));
  });

  test('capture needs no inputs', async () => {
    for (const provider of ['api2convert', 'runconvert']) {
      expect(await stage.run({ inputs: [], steps: [{ operation: 'capture', url: 'https://example.com/', to: 'png' }], ...at(provider) })).toMatchObject({ status: 'completed', inputs: [], steps: [{ inputs: [] }], outputs: [{ contentType: 'image/png' }] });
    }
  });

  test('what runs is shown as running; a cancel is certain, told to the vendor, and final', async () => {
    stage.api2convert.behave({ ending: 'hold' });
    const { id } = await stage.accepted(toPng(at('api2convert')));
    const running = await until(() => stage.job(id), ({ attempts }) => attempts[0]?.status === 'running');
    expect(running).toMatchObject({ status: 'processing', startedAt: matching(TIME), endedAt: null, steps: [{ status: 'running', provider: 'api2convert' }] });
    const canceled = await stage.gateway.call(`/v1/jobs/${id}/cancel`, { method: 'POST' });
    expect(canceled.status).toBe(202);
    expect(await canceled.json()).toMatchObject({ status: 'canceled', endedAt: matching(TIME) });
    await until(() => stage.api2convert.to('DELETE', new RegExp(stage.api2convert.latest().id)), (seen) => seen.length > 0);
    expect((await stage.gateway.call(`/v1/jobs/${id}/cancel`, { method: 'POST' })).status).toBe(409);
    expect(await stage.job(id)).toMatchObject({ status: 'canceled', attempts: [{ status: expect.stringMatching(/^(abandoned|errored)$/) as string }] });
  });

  test('the timeline is numbered from one, in order, with causes that the contract names', async () => {
    const { id } = await stage.run(toPng());
    const said = (await (await stage.gateway.call(`/v1/jobs/${id}/events`)).json()) as { data: { sequence: number; type: string; at: string; cause: string; detail: object }[]; nextCursor: null };
    expect(said.nextCursor).toBeNull();
    expect(said.data.map(({ sequence }) => sequence)).toEqual(said.data.map((_event, index) => index + 1));
    for (const event of said.data) expect(event).toMatchObject({ type: matching(/^[a-z]+\.[a-z_]+$/), at: matching(TIME), cause: matching(/^(caller|timer|poll|callback|operator)$/), detail: expect.any(Object) as object });
    expect(said.data.map(({ type }) => type)).toEqual(expect.arrayContaining(['job.queued', 'attempt.submitting', 'job.completed']));
  });

  test('what the caller asked for is carried out, not the defaults', async () => {
    const job = await stage.run(toPng({ routing: { only: ['runconvert'], exclude: [], prefer: [], maxAttempts: 2, deadlineSeconds: 77 } }));
    expect(job).toMatchObject({ routing: { only: ['runconvert'], maxAttempts: 2, deadlineSeconds: 77, strategy: 'cheapest' } });
  });
});
