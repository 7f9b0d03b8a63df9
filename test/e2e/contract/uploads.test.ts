import { request } from 'node:http';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { smallFile } from '../../doubles/small-files.js';
import { at, PHOTO, problemOf, scene, until, type Job, type Scene } from './scene.js';

const LIMIT = 200_000;
let stage: Scene;
beforeAll(async () => (stage = await scene({ MAX_UPLOAD_BYTES: String(LIMIT) })));
afterAll(() => stage.close());
afterEach(() => expect(stage.gateway.process.exitCode).toBeNull());

const JPG = smallFile('jpg').bytes;
const contentOf = (id: string, input = 'input-1') => `/v1/jobs/${id}/inputs/${input}/content`;
const put = (id: string, bytes: Buffer = JPG, headers: Record<string, string> = {}, input = 'input-1') => stage.gateway.call(contentOf(id, input), { method: 'PUT', headers, body: new Uint8Array(bytes) });
const awaiting = (inputs: object[] = [{ type: 'upload', filename: 'photo.jpg' }], more: object = at('api2convert')): Promise<Job> => stage.accepted({ inputs, steps: [{ operation: 'convert', to: 'png' }], ...more });
/** What the vendor was sent of a job. */
const arrived = (job: Job) => stage.api2convert.to('POST', new RegExp(`/upload-file/${job.attempts[0]?.providerJobId ?? 'none'}$`));

/** Begins a request, sends a part of it, and goes. */
async function brokenOff(id: string, told: number | null): Promise<void> {
  const { hostname, port } = new URL(stage.gateway.url);
  await new Promise<void>((resolve) => {
    const call = request({ hostname, port, path: contentOf(id), method: 'PUT', headers: { authorization: `Bearer ${stage.gateway.key}`, ...(told === null ? {} : { 'content-length': told }) } });
    call.on('error', () => resolve()).on('close', () => resolve());
    call.write(Buffer.alloc(60_000, 1), () => setTimeout(() => call.destroy(), 50));
  });
}

describe('uploads', () => {
  test('a job waits for its last file, and starts with it', async () => {
    const job = await awaiting([{ type: 'upload', filename: 'a.jpg' }, { type: 'upload', id: 'second', filename: 'b.jpg' }]);
    expect(job).toMatchObject({ status: 'awaiting_input', startedAt: null });
    const one = await put(job.id);
    expect([one.status, ((await one.json()) as Job).status]).toEqual([200, 'awaiting_input']);
    const other = await put(job.id, JPG, {}, 'second');
    expect([other.status, ((await other.json()) as Job).status]).toEqual([200, 'queued']);
    expect(await stage.ended(job.id)).toMatchObject({ status: 'completed', outputs: [{}, {}] });
  });

  test('a file may be replaced until the last one is in, then it is 409; the vendor gets the last one', async () => {
    const job = await awaiting([{ type: 'upload', filename: 'a.jpg' }, { type: 'upload', filename: 'b.jpg' }]);
    for (const text of ['first', 'second', 'third']) expect((await put(job.id, Buffer.from(text.repeat(10)))).status).toBe(200);
    expect((await put(job.id, JPG, {}, 'input-2')).status).toBe(200);
    expect(await problemOf(await put(job.id))).toMatchObject({ status: 409, code: 'conflict' });
    const bodies = arrived(await stage.ended(job.id)).map(({ body }) => body.toString('latin1'));
    expect(bodies.map((body) => /first|second|third/.exec(body)?.[0] ?? 'jpg').sort()).toEqual(['jpg', 'third']);
  });

  test('two at once for one file leave one of them, whole', async () => {
    const job = await awaiting([{ type: 'upload', filename: 'a.bin' }, { type: 'upload', filename: 'b.bin' }]);
    const bodies = ['A', 'B', 'C', 'D'].map((letter) => Buffer.alloc(50_000, letter));
    const answers = await Promise.all(bodies.map((body) => put(job.id, body)));
    for (const answer of answers) expect([200, 409]).toContain(answer.status);
    await put(job.id, JPG, {}, 'input-2');
    const sent = arrived(await stage.ended(job.id)).map(({ body }) => body);
    expect(bodies.filter((body) => sent.some((one) => one.includes(body)))).toHaveLength(1);
  });

  test.each([['its size was told', 120_000], ['its size was not told', null]])('an upload broken off in the middle loses nothing (%s)', async (_name, told) => {
    const job = await awaiting();
    await brokenOff(job.id, told);
    expect((await stage.job(job.id)).status).toBe('awaiting_input');
    await until(() => leftovers(), (files) => files.length === 0, 4_000);
    expect((await put(job.id)).status).toBe(200);
    const done = await stage.ended(job.id);
    expect([done.status, arrived(done).length, arrived(done)[0]?.body.includes(JPG)]).toEqual(['completed', 1, true]);
  });

  test('one that is broken off does not spoil the one that came before it', async () => {
    const job = await awaiting([{ type: 'upload', filename: 'a.jpg' }, { type: 'upload', filename: 'b.jpg' }]);
    expect((await put(job.id)).status).toBe(200);
    await brokenOff(job.id, 120_000);
    expect((await put(job.id, JPG, {}, 'input-2')).status).toBe(200);
    const done = await stage.ended(job.id);
    expect([done.status, arrived(done).every(({ body }) => body.includes(JPG))]).toEqual(['completed', true]);
  });

  test('as many bytes as are allowed, and not one more, told or not', async () => {
    const job = await awaiting([{ type: 'upload', filename: 'a.jpg' }, { type: 'upload', filename: 'b.jpg' }]);
    expect((await put(job.id, Buffer.alloc(LIMIT))).status).toBe(200);
    expect(await problemOf(await put(job.id, Buffer.alloc(LIMIT + 1)))).toMatchObject({ status: 413, code: 'payload_too_large' });
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => {
        for (let count = 0; count < 5; count += 1) controller.enqueue(new Uint8Array(50_000));
        controller.close();
      },
    });
    const chunked = await stage.gateway.call(contentOf(job.id), { method: 'PUT', body: stream, duplex: 'half' });
    expect(await problemOf(chunked)).toMatchObject({ status: 413 });
  });

  test('a size beyond what is allowed is told before anybody sends it', async () => {
    const problem = await problemOf(await stage.post({ inputs: [{ type: 'upload', filename: 'a.jpg', size: LIMIT + 1 }], steps: [{ operation: 'convert', to: 'png' }] }));
    expect([413, 422]).toContain(problem.status);
  });

  test('a size that was told is held to', async () => {
    const job = await awaiting([{ type: 'upload', filename: 'a.jpg', size: JPG.length }]);
    const wrong = await problemOf(await put(job.id, Buffer.concat([JPG, JPG])));
    expect([409, 413, 422]).toContain(wrong.status);
    expect((await stage.job(job.id)).status).toBe('awaiting_input');
    expect((await put(job.id)).status).toBe(200);
  });

  test('a form is refused: bytes are wanted', async () => {
    const job = await awaiting();
    const form = new FormData();
    form.append('file', new Blob([new Uint8Array(JPG)]), 'a.jpg');
    expect(await problemOf(await stage.gateway.call(contentOf(job.id), { method: 'PUT', body: form }))).toMatchObject({ status: 415, code: 'unsupported_media_type' });
    expect((await stage.job(job.id)).status).toBe('awaiting_input');
  });

  test('compressed bytes are refused rather than taken for the file', async () => {
    const job = await awaiting();
    expect(await problemOf(await put(job.id, gzipSync(JPG), { 'content-encoding': 'gzip' }))).toMatchObject({ status: 415, code: 'unsupported_media_type' });
    expect((await stage.job(job.id)).status).toBe('awaiting_input');
  });

  test('nothing at all is no file', async () => {
    const job = await awaiting();
    const answer = await put(job.id, Buffer.alloc(0));
    expect([400, 422]).toContain((await problemOf(answer)).status);
    expect((await stage.job(job.id)).status).toBe('awaiting_input');
  });

  test('what is not an upload of this job is 404, what is no upload 409', async () => {
    const job = await awaiting([PHOTO, { type: 'upload', filename: 'b.jpg' }]);
    for (const input of ['nobody', 'step-1', '%2e%2e%2fx', 'constructor', "'"]) expect((await put(job.id, JPG, {}, encodeURIComponent(input))).status).toBe(404);
    expect([404, 409]).toContain((await put(job.id)).status);
    expect((await put('01900000-0000-7000-8000-000000000000')).status).toBe(404);
  });

  test('a canceled job takes no more files', async () => {
    const job = await awaiting();
    expect((await stage.gateway.call(`/v1/jobs/${job.id}/cancel`, { method: 'POST' })).status).toBe(202);
    expect(await problemOf(await put(job.id))).toMatchObject({ status: 409, code: 'conflict' });
    expect((await stage.job(job.id)).status).toBe('canceled');
  });

  test.each([
    ['../../etc/passwd.jpg'], ['..\\..\\boot.jpg'], ['a\u202Egpj.exe.jpg'], [`${'x'.repeat(4_000)}.jpg`], ['a\r\nx-evil: 1.jpg'], ['a"; name="x.jpg'], ['фото 写真.jpg'], ['%2e%2e%2f.jpg'], ['.jpg'],
  ])('a file that the caller calls %j is a name to the vendor, never a path or a header', async (filename) => {
    const response = await stage.post({ inputs: [{ type: 'upload', filename }], steps: [{ operation: 'convert', to: 'png' }], ...at('api2convert') });
    if (response.status === 422) {
      expect((await problemOf(response)).errors?.map(({ pointer }) => pointer)).toEqual(['/inputs/0/filename']);
      return;
    }
    const { id } = (await response.json()) as Job;
    expect((await put(id)).status).toBe(200);
    const done = await stage.ended(id);
    expect(done.status).toBe('completed');
    const [head = ''] = arrived(done)[0]?.body.toString('utf8').split('\r\n\r\n') ?? [];
    const line = head.split('\r\n').find((one) => /^content-disposition/i.test(one)) ?? '';
    expect(head.split('\r\n').filter((one) => !/^(--|content-(disposition|type): )/i.test(one))).toEqual([]);
    expect(line).toMatch(/^content-disposition: form-data; name="file"; filename="[^"/\\\u202E]+"/i);
    expect(line.length).toBeLessThan(700);
    expect(done.outputs[0]?.filename).toMatch(/^[^/\\\r\n\u202E]{1,255}$/);
  });

  test('what was sent is kept for the next vendor: failover needs no caller', async () => {
    stage.api2convert.behave({ ending: { source: 'conversion', code: 7777, message: 'it broke' } });
    const { id } = await awaiting([{ type: 'upload', filename: 'photo.jpg' }], { routing: { prefer: ['api2convert'] } });
    await put(id);
    const job = await stage.ended(id);
    stage.api2convert.behave();
    expect([job.status, job.attempts.map(({ provider }) => provider)]).toEqual(['completed', ['api2convert', 'runconvert']]);
    expect(stage.runconvert.to('POST', new RegExp(`^/upload/${job.attempts[1]?.providerJobId ?? 'none'}/`))[0]?.body.includes(JPG)).toBe(true);
  });
});

describe('one call, file in and file out', () => {
  const convert = (query: string, bytes: Buffer, filename: string, field = 'file') => {
    const form = new FormData();
    form.append(field, new Blob([new Uint8Array(bytes)]), filename);
    return stage.gateway.call(`/v1/convert${query}`, { method: 'POST', body: form });
  };

  test('the file comes back, with the place of its job', async () => {
    const answer = await convert('?to=png', JPG, 'photo.jpg');
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'image/png']);
    expect(answer.headers.get('location')).toMatch(/\/v1\/jobs\/[0-9a-f-]{36}$/);
    expect(answer.headers.get('content-disposition')).toMatch(/photo\.png/);
    expect(Buffer.from(await answer.arrayBuffer()).equals(smallFile('png').bytes)).toBe(true);
  });

  test('what is wrong is told where it is', async () => {
    for (const [query, pointer] of [['', '/to'], ['?to=nope', '/to'], ['?to=png&wait=0', '/wait'], ['?to=png&wait=121', '/wait'], ['?to=png&options=%7B', '/options'], ['?to=png&options=[]', '/options'], ['?to=png&operation=levitate', '/operation'], ['?to=png&strange=1', '/strange']] as const) {
      expect(await problemOf(await convert(query, JPG, 'photo.jpg'))).toMatchObject({ status: 422, code: 'invalid_request', errors: [{ pointer }] });
    }
    expect((await problemOf(await convert('?to=png', JPG, 'photo.jpg', 'other'))).status).toBe(422);
    expect((await problemOf(await stage.gateway.call('/v1/convert?to=png', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }))).status).toBe(415);
    expect((await problemOf(await convert('?to=png', Buffer.alloc(LIMIT + 1), 'photo.jpg'))).status).toBe(413);
  });

  test('a failure has the status of who is at fault', async () => {
    stage.runconvert.behave({ intercept: (request) => (request.method === 'POST' ? { status: 401 } : undefined) });
    stage.api2convert.behave({ ending: { source: 'input', code: 401, message: 'password' } });
    expect(await problemOf(await convert('?to=png', JPG, 'photo.jpg'))).toMatchObject({ status: 422, code: 'invalid_input' });
    stage.api2convert.behave({ intercept: (request) => (request.method === 'POST' ? { status: 401 } : undefined) });
    const fault = await problemOf(await convert('?to=png&wait=8', JPG, 'photo.jpg'));
    expect(fault).toMatchObject({ status: 502, code: 'providers_exhausted' });
  });

  test('what takes longer is 202 with the job', async () => {
    stage.runconvert.behave({ ending: 'hold' });
    stage.api2convert.behave({ ending: 'hold' });
    const answer = await convert('?to=png&wait=1', JPG, 'photo.jpg');
    expect([answer.status, ((await answer.json()) as Job).status]).toEqual([202, 'processing']);
  });
});

/** Files in the place of staging that belong to no job any more are not known from outside; half of an upload is. */
async function leftovers(): Promise<string[]> {
  const files = await readdir(join(stage.gateway.dataDir, 'files'), { recursive: true }).catch(() => []);
  return files.filter((name) => /part|tmp/i.test(name));
}
