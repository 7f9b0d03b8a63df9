import { createHmac } from 'node:crypto';
import { finish } from '../../doubles/api2convert-double.js';
import { finish as finishGraph } from '../../doubles/runconvert-double.js';
import { httpServer } from '../../support/local-server.js';
import { smallFile } from '../../doubles/small-files.js';
import { at, problemOf, scene, toPng, until, type Job, type Scene } from './scene.js';

const SECRET = 'a-secret-of-api2convert';
/** Polls come so late that only a callback can end a job in time. */
const SLOW = { POLL_FLOOR_MS: '20000', POLL_CEILING_MS: '60000' };
let plain: Scene;
let signed: Scene;
beforeAll(async () => {
  [plain, signed] = await Promise.all([scene(SLOW), scene({ ...SLOW, API2CONVERT_WEBHOOK_SECRET: SECRET })]);
});
afterAll(() => Promise.all([plain.close(), signed.close()]));

interface Held {
  readonly job: Job;
  readonly vendorId: string;
  readonly callback: string;
  send(body?: unknown, headers?: Record<string, string>): Promise<Response>;
}

/** A job that runs at api2convert until it is told to end. */
async function held(stage: Scene): Promise<Held> {
  stage.api2convert.behave({ ending: 'hold' });
  const { id } = await stage.accepted(toPng(at('api2convert')));
  const job = await until(() => stage.job(id), ({ attempts }) => attempts[0]?.status === 'running');
  const vendorId = job.attempts[0]?.providerJobId ?? '';
  const vendorJob = stage.api2convert.jobs.get(vendorId);
  if (vendorJob === undefined) throw new Error('no such job at the vendor');
  const send = (body: unknown = stage.api2convert.document(vendorJob), headers: Record<string, string> = {}) =>
    fetch(vendorJob.callback, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: typeof body === 'string' ? body : JSON.stringify(body) });
  return { job, vendorId, callback: vendorJob.callback, send };
}

const endAtVendor = (stage: Scene, { vendorId }: Held) => {
  const job = stage.api2convert.jobs.get(vendorId);
  if (job !== undefined) finish(job);
};
const reads = (stage: Scene, { vendorId }: Held) => stage.api2convert.to('GET', new RegExp(`${vendorId}$`)).length;
const rows = async (stage: Scene, id: string) => ((await (await stage.gateway.call(`/v1/jobs/${id}/events`)).json()) as { data: unknown[] }).data.length;
const timely = 6_000;

describe('callbacks without a secret are hints', () => {
  test('control: without one nothing would be known for long', async () => {
    const one = await held(plain);
    endAtVendor(plain, one);
    await expect(until(() => plain.job(one.job.id), ({ status }) => status === 'completed', 1_500)).rejects.toThrow('still not as wanted');
  });

  test('one ends the job at once, and is answered in time', async () => {
    const one = await held(plain);
    endAtVendor(plain, one);
    const start = Date.now();
    const answer = await one.send();
    expect([answer.status >= 200 && answer.status < 300, Date.now() - start < 3_000]).toEqual([true, true]);
    expect(await until(() => plain.job(one.job.id), ({ status }) => status === 'completed', timely)).toMatchObject({ outputs: [{ filename: 'photo.png' }] });
    expect(reads(plain, one)).toBeGreaterThan(0);
  });

  test('a forged "completed" changes nothing: the vendor is asked', async () => {
    const sentinel = await httpServer((_request, response) => response.end(smallFile('png').bytes));
    const one = await held(plain);
    const evil = { ...plain.api2convert.document(plain.api2convert.latest()), status: { code: 'completed' }, output: [{ id: 'x', uri: `${sentinel.origin}/evil.png`, filename: 'evil.png', size: 70, status: 'enabled', content_type: 'image/png' }] };
    const before = reads(plain, one);
    expect((await one.send(evil)).status).toBeLessThan(300);
    await until(() => reads(plain, one), (seen) => seen > before, timely);
    expect(await plain.job(one.job.id)).toMatchObject({ status: 'processing', outputs: [] });
    expect(sentinel.connections()).toBe(0);
    endAtVendor(plain, one);
    await one.send();
    expect(JSON.stringify(await until(() => plain.job(one.job.id), ({ status }) => status === 'completed', timely))).not.toContain('evil');
    expect(sentinel.connections()).toBe(0);
    await sentinel.close();
  });

  test('a forged "failed" fails nothing', async () => {
    const one = await held(plain);
    const before = reads(plain, one);
    await one.send({ id: one.vendorId, status: { code: 'failed' }, errors: [{ source: 'input', code: 404, message: 'gone' }] });
    await until(() => reads(plain, one), (seen) => seen > before, timely);
    expect(await plain.job(one.job.id)).toMatchObject({ status: 'processing', error: null });
  });

  test('a wrong token is 404 and changes nothing; so is a right one at another provider', async () => {
    const one = await held(plain);
    endAtVendor(plain, one);
    const before = reads(plain, one);
    for (const url of [one.callback.slice(0, -1) + (one.callback.endsWith('A') ? 'B' : 'A'), one.callback.replace('/api2convert/', '/runconvert/'), one.callback.replace('/api2convert/', '/acme/'), `${one.callback}x`, one.callback.replace(/[^/]+$/, '%00'), one.callback.replace(/[^/]+$/, 'x'.repeat(190))]) {
      expect(await problemOf(await fetch(url, { method: 'POST', body: '{}' }))).toMatchObject({ status: 404, code: 'not_found' });
    }
    expect(reads(plain, one)).toBe(before);
    expect((await plain.job(one.job.id)).status).toBe('processing');
  });

  test.each([
    ['nothing', ''], ['no JSON', 'status=completed'], ['a list', '[]'], ['null', 'null'], ['another shape', '{"hello":{"status":[]}}'], ['deep', '['.repeat(50_000)], ['bytes', '\u0000\u0001\uFFFD'], ['the job of somebody else', '{"id":"somebody-else","status":{"code":"completed"}}'],
  ])('rubbish behind the right token (%s) is acknowledged and harms nothing', async (_name, body) => {
    const one = await held(plain);
    for (const type of ['application/json', 'text/plain', 'application/x-www-form-urlencoded']) expect((await one.send(body, { 'content-type': type })).status).toBeLessThan(300);
    expect((await plain.job(one.job.id)).status).toBe('processing');
    endAtVendor(plain, one);
    await one.send();
    await until(() => plain.job(one.job.id), ({ status }) => status === 'completed', timely);
  });

  test('ten at once are one, late ones change nothing', async () => {
    const one = await held(plain);
    endAtVendor(plain, one);
    const answers = await Promise.all(Array.from({ length: 10 }, () => one.send()));
    for (const answer of answers) expect(answer.status).toBeLessThan(300);
    const done = await until(() => plain.job(one.job.id), ({ status }) => status === 'completed', timely);
    expect([done.attempts.length, done.outputs.length]).toEqual([1, 1]);
    const known = await rows(plain, one.job.id);
    expect((await one.send()).status).toBeLessThan(300);
    expect((await one.send({ id: one.vendorId, status: { code: 'failed' } })).status).toBeLessThan(300);
    expect(await plain.job(one.job.id)).toEqual(done);
    expect(await rows(plain, one.job.id)).toBe(known);
  });

  test('one that overtakes the answer to the create is not lost', async () => {
    let early: Promise<Response> | undefined;
    plain.api2convert.behave({
      intercept: async (request) => {
        if (request.method !== 'POST' || request.path !== '/v2/jobs' || early !== undefined) return undefined;
        early = fetch((request.json as { callback: string }).callback, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"status":{"code":"completed"}}' });
        await early;
        return undefined;
      },
    });
    const { id } = await plain.accepted(toPng(at('api2convert')));
    await until(() => plain.job(id), ({ attempts }) => attempts[0]?.status !== 'planned' && attempts[0]?.providerJobId != null);
    expect((await early)?.status).toBeLessThan(300);
    await fetch(plain.api2convert.latest().callback, { method: 'POST', body: '{}' });
    await until(() => plain.job(id), ({ status }) => status === 'completed', timely);
  });

  test('RunConvert: behind the reference of the job, whatever the dialect of the event', async () => {
    for (const shape of [(document: object) => ({ event: 'job.finished', job: document }), (document: object) => ({ event: 'job.finished', data: { job: document } }), (document: object) => document]) {
      plain.runconvert.behave({ ending: 'hold' });
      const { id } = await plain.accepted(toPng(at('runconvert')));
      await until(() => plain.job(id), ({ attempts }) => attempts[0]?.status === 'running');
      const vendorJob = plain.runconvert.latest();
      finishGraph(vendorJob);
      const answer = await fetch(`${plain.gateway.url}/v1/callbacks/runconvert/${String(vendorJob.tag)}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(shape(plain.runconvert.document(vendorJob))) });
      expect(answer.status).toBeLessThan(300);
      await until(() => plain.job(id), ({ status }) => status === 'completed', timely);
    }
  });
});

describe('callbacks with a secret prove themselves', () => {
  const signature = (body: string, secret = SECRET) => createHmac('sha256', secret).update(body).digest('hex');
  const bodyOf = ({ vendorId }: Held) => JSON.stringify(signed.api2convert.document(signed.api2convert.jobs.get(vendorId) as never));

  test('a missing or wrong signature is 401 and changes nothing', async () => {
    const one = await held(signed);
    endAtVendor(signed, one);
    const body = bodyOf(one);
    const before = reads(signed, one);
    for (const given of [undefined, '', 'rubbish', signature(body, 'another'), signature(`${body} `), signature(body).slice(0, -2), `${signature(body)}00`, 'é'.repeat(64)]) {
      const headers: Record<string, string> = given === undefined ? {} : { 'x-oc-signature': Buffer.from(given).toString('latin1') };
      expect(await problemOf(await one.send(body, headers))).toMatchObject({ status: 401, code: 'unauthorized' });
    }
    expect([reads(signed, one), (await signed.job(one.job.id)).status]).toEqual([before, 'processing']);
  });

  test('the right one ends the job at once, in any formatting of the JSON', async () => {
    const one = await held(signed);
    endAtVendor(signed, one);
    const body = JSON.stringify(JSON.parse(bodyOf(one)), null, 4);
    expect((await one.send(body, { 'x-oc-signature': signature(body) })).status).toBeLessThan(300);
    await until(() => signed.job(one.job.id), ({ status }) => status === 'completed', timely);
  });

  test('a wrong token is 404 whether signed or not', async () => {
    const one = await held(signed);
    const url = one.callback.replace(/[^/]+$/, 'A'.repeat(32));
    for (const headers of [{}, { 'x-oc-signature': signature('{}') }]) expect((await fetch(url, { method: 'POST', headers, body: '{}' })).status).toBe(404);
  });
});
