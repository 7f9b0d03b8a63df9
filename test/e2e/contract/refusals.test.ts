import { PHOTO, problemOf, scene, toPng, type Scene } from './scene.js';

let stage: Scene;
beforeAll(async () => (stage = await scene()));
afterAll(() => stage.close());

type Row = readonly [string, unknown, string];
const from = (input: object): object => ({ inputs: [input], steps: [{ operation: 'convert', to: 'png' }] });
const key = { accessKeyId: 'AKIA', secretAccessKey: 'hidden-secret' };
const credentialed = [
  { type: 's3', bucket: 'b', key: 'k', region: 'eu-west-1', credentials: key },
  { type: 'gcs', bucket: 'b', key: 'k', projectId: 'p', credentials: { clientEmail: 'a@b', privateKey: 'hidden-secret' } },
  { type: 'azure-blob', container: 'c', key: 'k', credentials: { accountName: 'a', accountKey: 'hidden-secret' } },
  { type: 'sftp', host: 'h.example', port: 22, path: '/a', credentials: { username: 'u', password: 'hidden-secret' } },
  { type: 'ftp', host: 'h.example', path: '/a', credentials: { username: 'u', password: 'hidden-secret' } },
  { type: 'google-drive', fileId: 'f', credentials: { token: 'hidden-secret' } },
];

const LATER: readonly Row[] = [
  ...credentialed.map((input): Row => [`stored credentials of an input of type ${input.type}`, from({ ...input, credentials: undefined, credentialsRef: 'mine' }), '/inputs/0/credentialsRef']),
  ['a resumable upload', from({ type: 'upload', filename: 'a.png', uploadId: 'u1' }), '/inputs/0/uploadId'],
];

describe('what the contract names and is not there yet', () => {
  test.each(LATER)('%s is refused where it stands', async (_name, body, pointer) => {
    const text = await (await stage.post(body)).text();
    const problem = JSON.parse(text) as { errors?: { pointer: string; message: string }[] };
    expect(problem).toMatchObject({ status: 422, code: 'invalid_request' });
    const told = problem.errors?.find((error) => error.pointer === pointer || error.pointer.startsWith(`${pointer}/`));
    expect(told?.message).toMatch(/not supported yet/i);
    expect(text).not.toContain('hidden-secret');
  });

  test('an Idempotency-Key is honoured', async () => {
    const headers = { 'idempotency-key': 'one-and-the-same' };
    const [first, second] = [await stage.post(toPng({ tag: 'once' }), headers), await stage.post(toPng({ tag: 'once' }), headers)];
    const made = ((await (await stage.gateway.call('/v1/jobs?tag=once')).json()) as { data: unknown[] }).data.length;
    expect([first.status, second.status, made]).toEqual([202, 202, 1]);
  });

  test.each(['wait=0', 'wait=61', 'wait=-1', 'wait=abc', 'wait=1.5', 'wait='])('Prefer: %s is refused or bounded, no fault', async (prefer) => {
    const response = await stage.post(toPng(), { prefer });
    expect([200, 202, 422]).toContain(response.status);
    if (response.status === 422) await problemOf(response);
  });

  test.each(['wait=10', 'respond-async, wait=10', 'Wait = 10', 'wait="10"'])('Prefer: %s waits for the end', async (prefer) => {
    const response = await stage.post(toPng(), { prefer });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ status: 'completed', outputs: [{ step: 'step-1' }] });
    expect(response.headers.get('location')).toMatch(/\/v1\/jobs\/[0-9a-f-]{36}$/);
  });

  test('a wait that is too short ends with 202 and the job as it stands', async () => {
    stage.api2convert.behave({ ending: 'hold' });
    const response = await stage.post(toPng({ routing: { only: ['api2convert'] } }), { prefer: 'wait=1' });
    expect(response.status).toBe(202);
    expect(await response.json()).toMatchObject({ status: expect.stringMatching(/^(queued|processing)$/) as string });
  });

  test('a client that goes while it waits leaves the job to itself', async () => {
    stage.api2convert.behave({ between: ['queued', 'processing'] });
    await expect(stage.gateway.call('/v1/jobs', { method: 'POST', headers: { 'content-type': 'application/json', prefer: 'wait=20' }, body: JSON.stringify(toPng({ tag: 'left alone' })), signal: AbortSignal.timeout(150) })).rejects.toThrow();
    const { data } = (await (await stage.gateway.call('/v1/jobs?tag=left%20alone')).json()) as { data: { id: string }[] };
    expect((await stage.ended(data[0]?.id ?? '')).status).toBe('completed');
  });

  test('what no provider does is told apart from what is wrong', async () => {
    expect([422]).toContain((await stage.post(toPng({ routing: { regions: ['eu'] } }))).status);
    const noTarget = await problemOf(await stage.post({ inputs: [PHOTO], steps: [{ operation: 'watermark', text: 'x' }], routing: { only: ['api2convert'] } })).catch(() => null);
    if (noTarget !== null) expect(['unsupported_conversion', 'no_eligible_provider']).toContain(noTarget.code);
    expect(await problemOf(await stage.post(toPng({ routing: { exclude: ['api2convert', 'runconvert'] } })))).toMatchObject({ status: 422, code: 'no_eligible_provider' });
    expect(await problemOf(await stage.post({ inputs: [{ type: 'url', url: 'https://files.example.com/film.mp4' }], steps: [{ operation: 'convert', to: 'zip' }, { operation: 'ocr', to: 'mp3' }] }))).toMatchObject({ status: 422 });
  });
});
