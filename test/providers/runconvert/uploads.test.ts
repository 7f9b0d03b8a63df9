import type { StageWork } from '../../../src/conversion/provider.js';
import { bench, content, failureOf, idle } from '../conformance/bench.js';
import type { ScriptedAnswer } from '../scripted-http.js';
import { harness } from './harness.js';
import { JOB_ID, MARK, ok, stage, toPng, uploadInput } from './stage.js';

const work = stage([uploadInput('photo', 'a.jpg', 5, '1'), uploadInput('photo', 'b.jpg', 5, '2')], toPng);
const form = (host: string, parameters: object = {}) => ({ result: { form: { url: `https://${host}.upload.example/`, parameters } } });
const unnamed = (host: string) => ({ operation: 'import/upload', ...form(host) });
const named = (place: string, host: string) => ({ ...unnamed(host), name: `import-photo-${MARK}${place}` });

/** Creates the stage's job and uploads both files; the hosts that they went to. */
async function hostsOf(asked: StageWork, created: ScriptedAnswer, ...more: readonly ScriptedAnswer[]): Promise<string[]> {
  const { provider, http } = bench(harness, [created, ...more]);
  const job = await provider.create(asked, idle());
  for (const key of job.awaitsUploads) await provider.upload(asked, job, key, content, idle());
  return http.calls.filter((call) => call.name === 'upload').map((call) => new URL(call.url).host.split('.')[0] ?? '');
}

const created = (tasks?: unknown): ScriptedAnswer => ({ status: 201, body: { id: JOB_ID, status: 'created', tasks } });
const taken: ScriptedAnswer = { status: 201 };

describe('uploads to RunConvert', () => {
  it.each([
    ['a list with names, in any order', [named('-2', 'b'), named('', 'a')]],
    ['a list without names, in ours', [{ operation: 'convert' }, unnamed('a'), unnamed('b')]],
    ['a map by name', { [`import-photo-${MARK}-2`]: form('b'), [`import-photo-${MARK}`]: form('a') }],
    ['bare addresses', [{ operation: 'import/upload', result: { url: 'https://a.upload.example/?x=1' } }, { operation: 'import/upload', results: { upload_url: 'https://b.upload.example/' } }]],
  ])('go to their own form: %s', async (_name, tasks) => {
    expect(await hostsOf(work, created(tasks), taken, taken)).toEqual(['a', 'b']);
  });

  it('ask the job for the forms that the create did not tell, and then the task list', async () => {
    const whole = ok({ id: JOB_ID, status: 'created', tasks: [named('', 'a'), named('-2', 'b')] });
    const bare = ok({ id: JOB_ID, status: 'created' });
    expect(await hostsOf(work, created(), whole, taken, bare, ok({ data: [named('-2', 'b')] }), taken)).toEqual(['a', 'b']);
  });

  it('send every field of the form first, in its order, then the file, in the field that the settings name', async () => {
    const { provider, http } = bench(harness, [created([{ ...named('', 'a'), ...form('a', { expires: 170, signature: 's', acl: 'x' }) }]), taken], { settings: { uploadField: 'blob' } });
    await provider.upload(work, await provider.create(work, idle()), 'photo.1', content, idle());
    expect(http.calls[1]).toMatchObject({ method: 'POST', form: { fields: [['expires', '170'], ['signature', 's'], ['acl', 'x']], file: { field: 'blob', content } } });
    expect(http.calls[1]?.headers).toBeUndefined();
  });

  it('fail as malformed where no form is told, and as unavailable where a form is no longer taken', async () => {
    const nowhere = bench(harness, [created(), ok({ id: JOB_ID, status: 'created', tasks: [{ operation: 'convert' }] })]);
    const without = await nowhere.provider.create(work, idle());
    expect((await failureOf(nowhere.provider.upload(work, without, 'photo.1', content, idle()))).kind).toBe('malformed_response');

    const late = bench(harness, [created([named('', 'a')]), { status: 403, text: '<Error>expired</Error>' }]);
    const told = await late.provider.create(work, idle());
    expect((await failureOf(late.provider.upload(work, told, 'photo.1', content, idle()))).kind).toBe('unavailable');
  });
});

describe('an upload to RunConvert after a restart', () => {
  const resumed = { providerJobId: JOB_ID, awaitsUploads: ['photo.1', 'photo.2'], notes: {} };
  const callsFor = async (first: object, settings: object = {}): Promise<string[]> => {
    const { provider, http } = bench(harness, [ok({ id: JOB_ID, status: 'processing', tasks: [first, named('-2', 'b')] }), taken], { settings: { ...settings } });
    await provider.upload(work, resumed, 'photo.1', content, idle());
    return http.calls.map(({ name }) => name);
  };
  const first = (status: string | null, shown: object) => ({ operation: 'import/upload', name: `import-photo-${MARK}`, status, ...shown });

  it.each([
    ['its task is done', first('completed', { result: { files: [{ filename: 'a.jpg' }] } }), {}],
    ['its task is done in the SDKs\' words, the form still shown', first('finished', form('a')), {}],
    ['its task is done in a word of the settings', first('stored', {}), { statusWords: { succeeded: ['stored'] } }],
    ['its task is on its way, without a form', first('processing', {}), {}],
  ])('is not sent again where %s', async (_name, task, settings) => {
    expect(await callsFor(task, settings)).toEqual(['read']);
  });

  it.each([
    ['waits', first('waiting', form('a'))],
    ['is on its way, but takes a file', first('processing', form('a'))],
    ['tells no word', first(null, form('a'))],
  ])('is sent where its task %s', async (_name, task) => {
    expect(await callsFor(task)).toEqual(['read', 'upload']);
  });

  it('fails where its task waits, and says not where to send it', async () => {
    expect((await failureOf(callsFor(first('created', {})))).kind).toBe('malformed_response');
  });
});

describe('a RunConvert callback', () => {
  const idIn = (body: object) => bench(harness, []).provider.readCallback({ headers: {}, body: Buffer.from(JSON.stringify(body)) });

  it.each([
    [{ event: 'job.finished', job: { id: 'j1', status: null } }, 'j1'],
    [{ id: 'j2', status: 'completed' }, 'j2'],
    [{ event: 'job.failed', data: { job: { id: 'j3' } } }, 'j3'],
    [{ event: 'task.finished', task: { id: 't', job_id: 'j4' } }, 'j4'],
    [{ event: 'task.finished', id: 't' }, null],
    [{ event: 'job.finished', id: 'event-1', job: { id: 5 } }, '5'],
  ])('%j speaks of %s', (body, providerJobId) => {
    expect(idIn(body)).toEqual({ verdict: 'hint', providerJobId });
  });

  it('is a hint while no header is named, whatever the secret, and takes "sha256=" before the signature once one is', () => {
    const { body, sign, header } = harness.callback;
    const raw = { headers: { [header]: `sha256=${sign(body, 'secret')}` }, body };
    const verdict = (settings: object) => bench(harness, [], { webhookSecret: 'secret', settings: { ...settings } }).provider.readCallback(raw).verdict;
    expect(verdict({})).toBe('hint');
    expect(verdict({ signatureHeader: 'RunConvert-Signature' })).toBe('proven');
    expect(verdict({ signatureHeader: 'other' })).toBe('refused');
  });
});
