import type { Api2convertScript } from '../../doubles/api2convert-script.js';
import type { Answer, RecordedRequest } from '../../doubles/recording-server.js';
import type { RunconvertScript } from '../../doubles/runconvert-script.js';
import { smallFile } from '../../doubles/small-files.js';
import { at, scene, together, toPng, type Job, type Scene } from './scene.js';

const onCreate = (answer: Answer) => (request: RecordedRequest) => (request.method === 'POST' && request.path.endsWith('/jobs') ? answer : undefined);
const onRead = (answer: Answer) => (request: RecordedRequest) => (request.method === 'GET' && request.path.includes('/jobs/') ? answer : undefined);
const refusal = (status: number, message: string): Answer => ({ status, body: { code: status, message, errors: {} } });
const trail = (job: Job | undefined) => job?.attempts.map(({ provider, error }) => `${provider}: ${error?.kind ?? 'fine'}`);

type Way<Script> = readonly [name: string, script: Partial<Script>, trail: readonly string[]];
const then = (kind: string) => [`api2convert: ${kind}`, 'runconvert: fine'];
const back = (kind: string) => [`runconvert: ${kind}`, 'api2convert: fine'];

const AT_API2CONVERT: readonly Way<Api2convertScript>[] = [
  ['402', { intercept: onCreate(refusal(402, 'The request exceeded the contract limits')) }, then('quota_exhausted')],
  ['401', { intercept: onCreate(refusal(401, 'Invalid api key')) }, then('unauthorized')],
  ['403', { intercept: onCreate(refusal(403, 'Forbidden')) }, then('unauthorized')],
  ['400 for the target', { intercept: onCreate(refusal(400, 'The target "png" is unknown')) }, then('unsupported')],
  ['429 with a long wait', { intercept: onCreate({ status: 429, headers: { 'retry-after': '30' }, body: { message: 'Too many concurrent requests' } }) }, then('rate_limited')],
  ['500, once more', { intercept: onCreate(refusal(500, 'Server not available')) }, ['api2convert: unavailable', ...then('unavailable')]],
  ['503, once more', { intercept: onCreate(refusal(503, 'Server not available')) }, ['api2convert: unavailable', ...then('unavailable')]],
  ['a create that is answered with nothing', { intercept: onCreate({ status: 204 }) }, then('malformed_response')],
  ['a create that is answered with HTML', { intercept: onCreate({ status: 201, body: '<html>' }) }, then('malformed_response')],
  ['a create that is answered without an id', { intercept: onCreate({ status: 201, body: { token: 'x' } }) }, then('malformed_response')],
  ['a conversion that failed', { ending: { source: 'conversion', code: 7777, message: 'it broke' } }, then('conversion_failed')],
  ['a failure told with a NUL and half a surrogate', { ending: { source: 'conversion', code: 7777, message: 'it \u0000 broke \ud800' } }, then('conversion_failed')],
  ['a failure with a number beyond 32 bits and much text', { ending: { source: 'conversion', code: 99_999_999_999, message: 'x'.repeat(100_000) } }, then('conversion_failed')],
  ['an input it does not take', { ending: { source: 'input', code: 4000, message: 'unsupported input' } }, then('unsupported')],
  ['success without an address', { output: () => ({}) }, then('output_invalid')],
  ['success with a page of HTML', { download: () => Buffer.from('<!DOCTYPE html><html><body>sorry</body></html>') }, then('output_invalid')],
  ['success with a JPEG', { download: () => smallFile('jpg').bytes }, then('output_invalid')],
  ['success with no bytes', { download: () => Buffer.alloc(0) }, then('output_invalid')],
  ['success with a file cut short', { download: (bytes) => bytes.subarray(0, 20) }, then('output_invalid')],
  ['success with a file that is gone', { download: () => refusal(404, 'gone') }, then('output_invalid')],
  ['a size that is not true', { output: (said) => ({ ...said, size: 5_000_000 }) }, then('output_invalid')],
];

const AT_RUNCONVERT: readonly Way<RunconvertScript>[] = [
  ['402', { intercept: onCreate({ status: 402, body: { code: 'insufficient_credits', message: 'Available conversion minutes/credits are finished.' } }) }, back('quota_exhausted')],
  ['401', { intercept: onCreate({ status: 401, body: { message: 'Unauthorized' } }) }, back('unauthorized')],
  ['401 without a body', { intercept: onCreate({ status: 401 }) }, back('unauthorized')],
  ['400 for the format', { intercept: onCreate({ status: 400, body: { error: { message: 'Unsupported output format' } } }) }, back('unsupported')],
  ['credits that end in the middle', { ending: { code: 'insufficient_credits', message: 'finished' } }, back('quota_exhausted')],
  ['a task that failed', { ending: { code: 'processing_failed', message: 'Task failed due to internal process failure.' } }, back('conversion_failed')],
  ['a task that failed, in the words of the SDKs', { words: 'sdk', ending: { code: 'processing_failed', message: 'failed' } }, back('conversion_failed')],
  ['an empty list of files', { result: () => ({ files: [] }) }, back('output_invalid')],
  ['a file without an address', { result: () => ({ files: [{ filename: 'photo.png' }] }) }, back('output_invalid')],
  ['no result', { result: () => ({}) }, back('output_invalid')],
];

const FATAL: readonly (readonly [string, Partial<Api2convertScript>, string])[] = [
  ['an input that needs a password', { ending: { source: 'input', code: 401, message: 'password needed' } }, 'invalid_input'],
  ['an input that is not there', { ending: { source: 'input', code: 404, message: 'could not be downloaded' } }, 'source_unreachable'],
];

const UNREADABLE: readonly Answer[] = [{ status: 200, headers: { 'content-type': 'text/html' }, body: '<html>maintenance</html>' }, { status: 200 }, { status: 200, body: { hello: ['world'] } }, { status: 200, body: 'null' }, 'reset'];
const ODD_WORDS = ['proc\u0000essing', 'x'.repeat(20_000), '', 'COMPLETED?', '\ud800'];

let stage: Scene;
let outcomes: { api2convert: Promise<Job>[]; runconvert: Promise<Job>[]; fatal: Promise<Job>[]; unreadable: Promise<Job>[]; odd: Promise<Job>[] };
beforeAll(async () => {
  stage = await scene();
  await stage.withoutBreakers();
  outcomes = {
    api2convert: together(stage, 'api2convert', AT_API2CONVERT.map(([, script]) => script)),
    runconvert: together(stage, 'runconvert', AT_RUNCONVERT.map(([, script]) => script)),
    fatal: together(stage, 'api2convert', FATAL.map(([, script]) => script)),
    unreadable: together(stage, 'api2convert', UNREADABLE.map((answer) => ({ intercept: onRead(answer) })), { routing: { prefer: ['api2convert'], deadlineSeconds: 6 } }),
    odd: together(stage, 'api2convert', ODD_WORDS.map((word) => ({ between: [word, 'processing'] })), at('api2convert')),
  };
});
afterAll(() => stage.close());

describe('a failure at api2convert is answered by its kind', () => {
  test.each(AT_API2CONVERT.map(([name], index) => [name, index] as const))('%s', async (_name, index) => {
    const job = await outcomes.api2convert[index];
    expect([job?.status, ...(trail(job) ?? [])]).toEqual(['completed', ...(AT_API2CONVERT[index]?.[2] ?? [])]);
    expect(job).toMatchObject({ error: null, steps: [{ provider: 'runconvert', status: 'done' }] });
    expect(job?.attempts.map(({ status }) => status)).toEqual([...(AT_API2CONVERT[index]?.[2].slice(1).map(() => 'errored') ?? []), 'succeeded']);
    expect((await stage.bytes(job?.outputs[0])).equals(smallFile('png').bytes)).toBe(true);
  });

  test.each(FATAL.map(([name, , kind], index) => [name, kind, index] as const))('%s fails the job at once', async (_name, kind, index) => {
    const job = await outcomes.fatal[index];
    expect([job?.status, job?.error?.code, ...(trail(job) ?? [])]).toEqual(['failed', kind, `api2convert: ${kind}`]);
    expect(job).toMatchObject({ outputs: [], steps: [{ status: 'failed' }], error: { message: expect.stringMatching(/.{10}/) as string } });
  });

  test.each(UNREADABLE.map((_answer, index) => [index]))('reads that cannot be read (%i) take half of the time at most, then somebody else or once more', async (index) => {
    const job = await outcomes.unreadable[index];
    expect([job?.attempts[0]?.provider, job?.attempts[0]?.status]).toEqual(['api2convert', 'errored']);
    expect(['completed', 'failed']).toContain(job?.status);
  });

  test.each(ODD_WORDS.map((word, index) => [word.slice(0, 20), index] as const))('the word %j in between is a word in between', async (_word, index) => {
    expect(await outcomes.odd[index]).toMatchObject({ status: 'completed', attempts: [{ status: 'succeeded' }] });
  });

  test('an id that was handed out before neither hangs the job nor makes it create again and again', async () => {
    const known = await stage.run(toPng(at('api2convert')));
    const body = { ...stage.api2convert.document(stage.api2convert.latest()), id: known.attempts[0]?.providerJobId };
    const before = stage.api2convert.to('POST', /\/jobs$/).length;
    const [outcome] = together(stage, 'api2convert', [{ intercept: onCreate({ status: 201, body }) }]);
    const job = await outcome;
    expect([job?.status, job?.attempts[0]?.status, job?.attempts.at(-1)?.provider]).toEqual(['completed', 'errored', 'runconvert']);
    expect(stage.api2convert.to('POST', /\/jobs$/).length - before).toBeLessThanOrEqual(2);
    expect(await stage.job(known.id)).toEqual(known);
  });
});

describe('a failure at RunConvert is answered by its kind', () => {
  test.each(AT_RUNCONVERT.map(([name], index) => [name, index] as const))('%s', async (_name, index) => {
    const job = await outcomes.runconvert[index];
    expect([job?.status, ...(trail(job) ?? [])]).toEqual(['completed', ...(AT_RUNCONVERT[index]?.[2] ?? [])]);
  });
});
