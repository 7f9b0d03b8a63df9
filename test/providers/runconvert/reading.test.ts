import { ERROR_POLICIES } from '../../../src/conversion/errors.js';
import { ACCOUNT_TROUBLES } from '../../../src/routing/breaker.js';
import { runconvertProvider } from '../../../src/providers/runconvert/provider.js';
import type { Report, RunningJob } from '../../../src/conversion/provider.js';
import { bench, failureOf, idle, plain } from '../conformance/bench.js';
import type { ScriptedAnswer } from '../scripted-http.js';
import { harness } from './harness.js';
import { FILE, JOB_ID, MARK, ok, resultOf, running, step, toPng } from './stage.js';

const read = (job: RunningJob, settings: object, ...answers: readonly ScriptedAnswer[]): Promise<Report> =>
  bench(harness, answers, { settings: { ...settings } }).provider.read(job, idle());
const job = (status: string | null, ...tasks: readonly object[]): ScriptedAnswer => ok({ id: JOB_ID, status, tasks });
const file = (name: string) => ({ filename: name, url: `https://storage.runconvert.com/r/${name}`, size: 1 });
const exported = (name: string | null, ...files: readonly object[]) => ({ name, operation: 'export/url', status: 'completed', result: { files } });
const small = step('small', 'compress', { inputs: ['png'] });

describe('results of a RunConvert job', () => {
  it('belong to the step in the export\'s name, in the order of steps and files, however they are listed', async () => {
    const report = await read(running(toPng, small), {}, job('completed', exported(`export-small-${MARK}`, file('s')), exported(`export-png-${MARK}-2`, file('b')), exported(`export-png-${MARK}`, file('a'), file('a2'))));
    expect(report).toMatchObject({ state: 'succeeded', results: [resultOf('png', file('a')), resultOf('png', file('a2')), resultOf('png', file('b')), resultOf('small', file('s'))] });
  });

  it('belong to the step that an unnamed export takes, by name or by id', async () => {
    const tasks = [{ id: 'c1', name: `convert-png-${MARK}` }, { ...exported(null, file('s')), input: `compress-small-${MARK}` }, { ...exported('theirs', file('p')), depends_on_task_ids: ['c1'] }];
    expect(await read(running(toPng, small), {}, job('completed', ...tasks))).toMatchObject({ results: [resultOf('png', file('p')), resultOf('small', file('s'))] });
  });

  it('are told apart by order where nothing else tells, and not guessed where the numbers disagree', async () => {
    const [p, s] = [exported(null, file('p')), exported(null, file('s'))];
    expect(await read(running(toPng, small), {}, job('completed', p, s))).toMatchObject({ results: [resultOf('png', file('p')), resultOf('small', file('s'))] });
    for (const unsure of [[p], [p, s, p]]) expect(plain(await read(running(toPng, small), {}, job('completed', ...unsure)))).toMatchObject({ state: 'failed', kind: 'output_invalid' });
  });

  it('never come from a step whose id only begins like another\'s', async () => {
    const longer = step('png-2', 'convert', { parameters: { to: 'png' } });
    const tasks = [exported(`export-png-2-${MARK}`, file('longer')), exported(`export-png-${MARK}`, file('plain'))];
    expect(await read(running(toPng, longer), {}, job('completed', ...tasks))).toMatchObject({ results: [resultOf('png', file('plain')), resultOf('png-2', file('longer'))] });
  });

  it.each([
    ['one of its files is missing', [exported(`export-png-${MARK}`, FILE), exported(`export-png-${MARK}-2`)]],
    ['its file has no web address', [exported(`export-png-${MARK}`, { ...FILE, url: 'file:///etc/passwd' })]],
    ['no export is there', [{ name: `convert-png-${MARK}`, status: 'completed' }]],
  ])('are no success where %s', async (_name, tasks) => {
    expect(plain(await read(running(toPng), {}, job('completed', ...tasks)))).toMatchObject({ state: 'failed', kind: 'output_invalid' });
  });

  it('come from tasks in a map by name too', async () => {
    const { name: _name, ...task } = exported(null, FILE);
    expect(await read(running(toPng), {}, ok({ id: 7, status: 'finished', tasks: { [`export-png-${MARK}`]: task } }))).toMatchObject({ results: [resultOf('png')] });
  });
});

describe('the state of a RunConvert job', () => {
  it('is failed where a task failed, although the job calls itself completed', async () => {
    const failed = { name: `convert-png-${MARK}`, operation: 'convert', status: 'failed', code: 'odd', message: 'Broken.' };
    expect(plain(await read(running(toPng), {}, job('completed', failed, exported(`export-png-${MARK}`, FILE))))).toEqual({ state: 'failed', kind: 'conversion_failed', code: 'odd', cost: { credits: null } });
  });

  it.each([
    [['finished', 'error'], 'failed'],
    [['finished', 'canceled'], 'canceled'],
    [['finished', 'processing'], 'running'],
    [['error', 'processing'], 'running'],
  ])('is read from its tasks where it has no word: %p is %s', async (words, state) => {
    const tasks = words.map((status, index) => ({ id: index, operation: 'convert', status }));
    expect((await read(running(toPng), {}, job(null, ...tasks))).state).toBe(state);
  });

  it('follows the words that the settings add', async () => {
    const answer = job('Abgeschlossen', exported(`export-png-${MARK}`, FILE));
    expect((await read(running(toPng), {}, answer)).state).toBe('running');
    expect((await read(running(toPng), { statusWords: { succeeded: ['abgeschlossen'] } }, answer)).state).toBe('succeeded');
  });

  it('is not taken from an error that was sent as 200', async () => {
    expect((await failureOf(read(running(toPng), {}, ok({ status: 'error', message: 'Service busy' })))).kind).toBe('malformed_response');
  });

  it('is not lost with a task list that fails', async () => {
    expect((await failureOf(read(running(toPng), {}, job('completed'), { status: 503 }))).kind).toBe('unavailable');
    expect((await read(running(toPng), {}, job('processing'), { status: 404 })).state).toBe('running');
  });
});

describe('why a RunConvert job failed', () => {
  const why = async (task: object) => plain(await read(running(toPng), {}, job('failed', { status: 'failed', ...task })));

  it.each([
    ['import/url', { code: 'whatever' }, 'source_unreachable'],
    ['import/url', { name: `result-old-${MARK}` }, 'unavailable'],
    ['import/upload', { code: 'upload_timeout' }, 'unavailable'],
    ['import/base64', {}, 'unmapped'],
    ['convert', { code: 'insufficient_credits' }, 'quota_exhausted'],
    ['convert', { result: { errorCode: 'out_of_conversion_minutes' } }, 'quota_exhausted'],
    ['convert', { result: { errorCode: 'out_of_conversion_minutes_per_task' } }, 'conversion_failed'],
    ['convert', { error: { code: 'engine_timeout' } }, 'timeout'],
    ['convert', { error: 'processing_failed' }, 'conversion_failed'],
    ['convert', { message: 'Output format is not supported for this file' }, 'unsupported'],
    ['convert', { code: 'INVALID_FORMAT', message: 'Invalid output_format' }, 'unsupported'],
    ['convert', { code: 'brand_new' }, 'conversion_failed'],
    ['export/url', { code: 'brand_new' }, 'unmapped'],
  ])('%s %j is %s', async (operation, said, kind) => {
    expect(await why({ operation, ...said })).toMatchObject({ state: 'failed', kind });
  });

  it.each([
    ['marked as waiting for another', [{ operation: 'ocr', code: 'INPUT_TASK_FAILED' }, { operation: 'convert', code: 'engine_timeout' }], 'timeout'],
    ['listed before the import', [{ operation: 'convert', code: 'processing_failed' }, { operation: 'import/url' }], 'source_unreachable'],
    ['fed by one that failed', [{ name: 'b', operation: 'convert', input: 'a' }, { name: 'a', operation: 'convert', code: 'engine_timeout' }], 'timeout'],
  ])('is not asked of a task %s', async (_name, tasks, kind) => {
    const failed = tasks.map((task) => ({ status: 'failed', ...task }));
    expect(plain(await read(running(toPng), {}, job('failed', ...failed)))).toMatchObject({ state: 'failed', kind });
  });

  it('is unmapped where nobody says', async () => {
    expect(plain(await read(running(toPng), {}, job('failed'), ok([])))).toEqual({ state: 'failed', kind: 'unmapped', code: null, cost: { credits: null } });
  });
});

describe('a RunConvert 402', () => {
  it.each([
    [{ code: 'insufficient_credits', message: 'Too many credits used' }, 'quota_exhausted', null],
    [{ message: 'You have started too many jobs at once' }, 'rate_limited', 9000],
    [{ message: 'Payment Required' }, 'quota_exhausted', null],
    [{ code: 'out_of_conversion_minutes', message: 'None left' }, 'quota_exhausted', null],
    [{ code: 'out_of_conversion_minutes_per_task', message: 'Too long for your plan' }, 'conversion_failed', null],
  ])('%j is %s', async (body, kind, retryAfterMs) => {
    const failure = await failureOf(read(running(toPng), {}, { status: 402, body, headers: { 'retry-after': '9' } }));
    expect([failure.kind, failure.details.retryAfterMs]).toEqual([kind, retryAfterMs]);
  });
});

it('a limit of one task is none of the account: nobody else is kept away for it', () => {
  const [ofTask, ofAccount] = [ERROR_POLICIES['conversion_failed'], ERROR_POLICIES['quota_exhausted']];
  expect([ofTask.then, ofTask.blamesProvider, ACCOUNT_TROUBLES.has('conversion_failed')]).toEqual(['next_provider_once', false, false]);
  // The control.
  expect([ofAccount.blamesProvider, ACCOUNT_TROUBLES.has('quota_exhausted')]).toEqual([true, true]);
});

describe('RunConvert\'s settings', () => {
  const make = (settings: Record<string, unknown>) => () => runconvertProvider({ id: 'r', baseUrl: 'https://r.example', apiKey: 'k', webhookSecret: null, settings }, bench(harness, []).http, () => new Date(0));

  it('all have defaults, and refuse what they do not know', () => {
    expect(make({})).not.toThrow();
    for (const wrong of [{ pathprefix: 'core' }, { pathPrefix: '../admin' }, { urlField: 'uri' }, { statusWords: { done: ['x'] } }]) expect(make(wrong)).toThrow();
  });

  it('move the jobs to another path', async () => {
    const { provider, http } = bench(harness, [job('processing', {})], { settings: { pathPrefix: 'core' } });
    await provider.read({ ...running(toPng), providerJobId: 'a/b' }, idle());
    expect(http.calls[0]?.url).toBe('https://api.runconvert.com/v2/core/jobs/a%2Fb');
  });
});

describe('steps that are done in a RunConvert job that is not', () => {
  const done = (name: string, ...files: readonly object[]) => ({ ...exported(`export-${name}-${MARK}`, ...files), status: 'completed' });
  const open = (name: string, status = 'processing') => ({ name: `export-${name}-${MARK}`, operation: 'export/url', status });
  const results = async (...tasks: readonly object[]) => ((await read(running(toPng, small), {}, job('processing', ...tasks))) as { results?: readonly object[] }).results;

  it('are told with their files, while it runs and once it failed', async () => {
    expect(await results(done('png', file('p')), open('small'))).toEqual([resultOf('png', file('p'))]);
    const failed = await read(running(toPng, small), {}, job('failed', done('png', file('p')), open('small', 'failed')));
    expect(failed).toMatchObject({ state: 'failed', results: [resultOf('png', file('p'))] });
  });

  it.each([
    ['none is', [open('png'), open('small')]],
    ['another file of the step is not there yet', [done('png', file('p')), { ...open('png'), name: `export-png-${MARK}-2` }, open('small')]],
    ['it has no file', [done('png'), open('small')]],
    ['not every step is listed: tasks may be missing', [done('png', file('p'))]],
    ['only the order tells whose it is', [{ ...done('png', file('p')), name: null }, open('small')]],
  ])('are not told where %s', async (_name, tasks) => expect(await results(...tasks)).toBeUndefined());

  it('are not told of a job of one step: its end is soon enough', async () => {
    expect(await read(running(toPng), {}, job('processing', done('png', file('p'))))).not.toHaveProperty('results');
  });
});
