import fc from 'fast-check';
import type { CreatedJob } from '../../../src/conversion/provider.js';
import { api2convertProvider, settingsSchema } from '../../../src/providers/api2convert/provider.js';
import { readJobText, readRefusalText } from '../../../src/providers/api2convert/wire.js';
import { VendorCallFailure } from '../../../src/providers/vendor-call.js';
import { content, failureOf, idle, runningJob } from '../conformance/bench.js';
import { scriptedHttp, type ScriptedTurn } from '../scripted-http.js';
import { harness } from './harness.js';
import { completed, jobBody, JOB_ID, REFERENCE, SERVER, step, TOKEN, uploadWork, work } from './samples.js';

const account = { id: 'a', baseUrl: 'http://127.0.0.1:4010/v2/', apiKey: 'the-account-key', webhookSecret: null, settings: {} };
const jobUrl = `http://127.0.0.1:4010/v2/jobs/${JOB_ID}`;
const created: CreatedJob = { providerJobId: JOB_ID, awaitsUploads: ['photo'], notes: { server: SERVER, token: TOKEN } };

function before(...turns: readonly ScriptedTurn[]) {
  const http = scriptedHttp(...turns);
  return { http, provider: api2convertProvider(account, http, () => new Date()) };
}
const job = (code: string): ScriptedTurn => ({ status: 200, body: jobBody({ status: { code } }) });

describe('the account key', () => {
  it('travels in the header of the API document, or in the one that the settings name', async () => {
    const http = scriptedHttp({ status: 204 }, { status: 204 });
    await api2convertProvider(account, http, () => new Date()).cancel(JOB_ID, idle());
    await api2convertProvider({ ...account, settings: { keyHeader: 'X-Api2convert-Api-Key' } }, http, () => new Date()).cancel(JOB_ID, idle());
    expect(http.calls.map(({ headers }) => headers)).toEqual([{ 'x-oc-api-key': 'the-account-key' }, { 'x-api2convert-api-key': 'the-account-key' }]);
  });

  it.each([{ keyHeader: 'x y' }, { keyheader: 'x-oc-api-key' }, { ocr: { target: 'pdf' } }, { ocr: true }])('settings %j are refused', (settings) => {
    expect(settingsSchema.safeParse(settings).success).toBe(false);
    expect(() => api2convertProvider({ ...account, settings }, scriptedHttp(), () => new Date())).toThrow();
  });
});

describe('an upload', () => {
  it('goes to the job\'s own host with the job\'s token', async () => {
    const { provider, http } = before({ status: 200, text: 'stored' });
    await provider.upload(uploadWork, { ...created, notes: { server: `${SERVER}/`, token: TOKEN } }, 'photo', content, idle());
    expect(http.calls[0]).toMatchObject({ method: 'POST', url: `${SERVER}/upload-file/${JOB_ID}`, headers: { 'x-oc-token': TOKEN }, form: { fields: [], file: { field: 'file' } } });
  });

  it('is known as the same when it is sent again, and as another for another file or attempt', async () => {
    const uuid = async (reference: string, key: string): Promise<string | undefined> => {
      const { provider, http } = before({ status: 200 });
      await provider.upload({ ...uploadWork, reference }, created, key, content, idle());
      return http.calls[0]?.headers?.['x-oc-upload-uuid'];
    };
    const first = await uuid(REFERENCE, 'photo');
    expect(first).toMatch(/^[0-9a-f]{32}$/);
    expect(await uuid(REFERENCE, 'photo')).toBe(first);
    expect(await uuid(REFERENCE, 'photo.2')).not.toBe(first);
    expect(await uuid('another-reference-00000', 'photo')).not.toBe(first);
  });

  it('keeps the order of a merge: what follows it is declared after it, and not in the create', async () => {
    const remote = (id: string) => ({ id, part: '', filename: `${id}.pdf`, source: { type: 'url' as const, url: `https://files.example/${id}` } });
    const merge = step({ operation: 'merge', parameters: { to: 'pdf' }, inputs: ['a', 'b', 'c'] });
    const mixed = { ...work, steps: [merge], inputs: [remote('a'), { id: 'b', part: '', filename: 'b.pdf', source: { type: 'upload' as const, size: 5 } }, remote('c')] };
    const { provider, http } = before({ status: 201, body: jobBody() }, { status: 200 }, { status: 201, body: {} });
    const made = await provider.create(mixed, idle());
    expect(made.awaitsUploads).toEqual(['b']);
    await provider.upload(mixed, made, 'b', content, idle());
    expect(http.calls.map(({ url }) => url)).toEqual([jobUrl.replace(`/${JOB_ID}`, ''), `${SERVER}/upload-file/${JOB_ID}`, `${jobUrl}/input`]);
    expect(http.calls[0]?.json).toMatchObject({ input: [{ source: 'https://files.example/a' }] });
    expect(http.calls[2]?.json).toMatchObject({ type: 'remote', source: 'https://files.example/c' });
  });

  it.each([{ server: null }, { server: 'file:///tmp' }, { token: null }])('has no place where the job tells %j', async (fields) => {
    const { provider, http } = before({ status: 200, body: jobBody(fields) });
    const failure = await failureOf(provider.upload(uploadWork, { ...created, notes: {} }, 'photo', content, idle()));
    expect(failure.kind).toBe('malformed_response');
    expect(http.calls.map(({ url }) => url)).toEqual([jobUrl]);
  });
});

describe('a start', () => {
  it('is one PATCH', async () => {
    const { provider, http } = before(job('ready'));
    await provider.start(created, idle());
    expect(http.calls).toMatchObject([{ method: 'PATCH', url: jobUrl, json: { process: true } }]);
  });

  it.each(['queued', 'downloading', 'processing', 'completed', 'failed', 'canceled', 'defragmenting'])('refused with 409 is quiet where the job is %s', async (code) => {
    const { provider, http } = before({ status: 409 }, job(code));
    await provider.start(created, idle());
    expect(http.calls.map(({ method }) => method)).toEqual(['PATCH', 'GET']);
  });

  it('that was not answered is quiet where the job runs, and is not made again: it would be paid twice', async () => {
    for (const lost of [new VendorCallFailure('no_answer', 'ECONNRESET', 'reset'), { status: 502, text: '<html>' }]) {
      const { provider, http } = before(lost, job('processing'));
      await provider.start(created, idle());
      expect(http.calls.map(({ method }) => method)).toEqual(['PATCH', 'GET']);
      expect((await failureOf(before(lost, job('ready')).provider.start(created, idle()))).kind).toBe('unavailable');
    }
    // The control: what was never sent started nothing, and nobody is asked.
    const { provider, http } = before(new VendorCallFailure('not_sent', 'ECONNREFUSED', 'refused'), job('processing'));
    expect((await failureOf(provider.start(created, idle()))).kind).toBe('unavailable');
    expect(http.calls).toHaveLength(1);
  });

  it.each(['created', 'incomplete', 'ready'])('refused with 409 failed where the job is still %s', async (code) => {
    expect((await failureOf(before({ status: 409 }, job(code)).provider.start(created, idle()))).kind).toBe('unavailable');
  });

  it('that is answered by something else is believed only after a look at the job', async () => {
    const page: ScriptedTurn = { status: 200, text: '<html>' };
    await before(page, job('queued')).provider.start(created, idle());
    expect((await failureOf(before(page, job('ready')).provider.start(created, idle()))).kind).toBe('unavailable');
    expect((await failureOf(before(page, { status: 404 }).provider.start(created, idle()))).kind).toBe('vanished');
  });
});

describe('an answer', () => {
  it('about another job is not believed', async () => {
    const { provider } = before({ status: 200, body: completed({ id: 'another' }) });
    expect((await failureOf(provider.read(runningJob(harness), idle()))).kind).toBe('malformed_response');
  });

  it('may leave its id out', async () => {
    const { provider } = before({ status: 200, body: completed({ id: undefined }) });
    expect((await provider.read(runningJob(harness), idle())).state).toBe('succeeded');
  });

  it.each([[null], [[]], [{}], [{ code: '' }], ['completed']])('with the status %j tells nothing', async (status) => {
    const { provider } = before({ status: 200, body: completed({ status }) });
    expect((await failureOf(provider.read(runningJob(harness), idle()))).kind).toBe('malformed_response');
  });

  it('that repeats the callback URL does not give our token away', async () => {
    const { provider } = before({ status: 400, body: { message: `The callback ${work.callbackUrl} is https://me:pass@x.example/?a=b bad` } });
    const { message } = await failureOf(provider.create(work, idle()));
    expect(message).toContain('gateway.example');
    for (const secret of [REFERENCE, 'me:pass', 'a=b']) expect(message).not.toContain(secret);
  });

  it('of a failed job does not give the job\'s token away', async () => {
    const errors = [{ source: 'conversion', code: 1, message: `token ${TOKEN} failed` }];
    const report = await before({ status: 200, body: jobBody({ status: { code: 'failed' }, errors }) }).provider.read(runningJob(harness), idle());
    expect(report.state === 'failed' ? report.error.message : '').toMatch(/token \[redacted\] failed/);
  });

  it('of any shape is read without an exception', () => {
    const keys = fc.constantFrom('id', 'status', 'errors', 'output', 'conversion', 'spent', 'source', 'code', 'uri', 'size', '__proto__');
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof({ depthSize: 'small' }, fc.jsonValue(), fc.array(tie('value')), fc.dictionary(keys, tie('value'))),
    }));
    fc.assert(
      fc.property(fc.dictionary(keys, value), (body) => {
        const text = JSON.stringify(body);
        expect(readJobText(text)).not.toBeNull();
        readRefusalText(text);
      }),
    );
  });
});

describe('a callback', () => {
  it('proves nothing by an empty secret', () => {
    const provider = api2convertProvider({ ...account, webhookSecret: '' }, scriptedHttp(), () => new Date());
    expect(provider.readCallback({ headers: {}, body: Buffer.from('{"id":7}') })).toEqual({ verdict: 'hint', providerJobId: '7' });
  });
});
