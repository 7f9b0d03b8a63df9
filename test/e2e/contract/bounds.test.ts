import type { Answer, RecordedRequest } from '../../doubles/recording-server.js';
import { closedPort } from '../../support/local-server.js';
import { at, PHOTO, scene, toPng, until, type Job, type Scene } from './scene.js';

let stage: Scene;
beforeAll(async () => {
  stage = await scene();
  await stage.withoutBreakers();
});
afterAll(() => stage.close());
beforeEach(() => {
  stage.api2convert.behave();
  stage.runconvert.behave();
});

const first = (provider: string) => ({ routing: { prefer: [provider] } });
const isCreate = ({ method, path }: RecordedRequest) => method === 'POST' && path.endsWith('/jobs');
const onCreate = (answer: Answer) => (request: RecordedRequest) => (isCreate(request) ? answer : undefined);
const refusal = (status: number, message: string, headers: Record<string, string> = {}): Answer => ({ status, headers, body: { code: status, message, errors: {} } });
const trail = (job: Job) => job.attempts.map(({ provider, error }) => `${provider}: ${error?.kind ?? 'fine'}`);

describe('bounds', () => {
  test('when every try was the fault of the providers, that is what the job says', async () => {
    stage.api2convert.behave({ intercept: onCreate(refusal(402, 'no credits')) });
    stage.runconvert.behave({ intercept: onCreate({ status: 401 }) });
    const job = await stage.run(toPng({ routing: { maxAttempts: 2 } }));
    expect(job).toMatchObject({ status: 'failed', error: { code: 'providers_exhausted', retryable: true } });
    expect(job.attempts).toHaveLength(2);
  });

  test.each([1, 2, 3])('maxAttempts: %i', async (maxAttempts) => {
    for (const double of [stage.api2convert, stage.runconvert]) double.behave({ intercept: onCreate(refusal(503, 'down')) });
    const job = await stage.run(toPng({ routing: { maxAttempts } }));
    expect(job.attempts).toHaveLength(maxAttempts);
    expect(job).toMatchObject({ status: 'failed', error: { code: 'providers_exhausted' } });
  });

  test('a conversion that fails at both fails as a conversion', async () => {
    stage.api2convert.behave({ ending: { source: 'conversion', code: 7777, message: 'it broke' } });
    stage.runconvert.behave({ ending: { code: 'processing_failed', message: 'it broke too' } });
    const job = await stage.run(toPng());
    expect(job.error?.code).toBe('conversion_failed');
    expect(job.attempts).toHaveLength(2);
  });

  test('deadlineSeconds ends a job that hangs, and the vendor is told', async () => {
    stage.api2convert.behave({ ending: 'hold' });
    const job = await stage.run(toPng({ routing: { only: ['api2convert'], deadlineSeconds: 2 } }));
    expect([job.status, job.error?.code]).toEqual(['failed', 'deadline_exceeded']);
    expect(Date.parse(String(job['endedAt'])) - Date.parse(String(job['createdAt']))).toBeLessThan(5_000);
    await until(() => stage.api2convert.to('DELETE', new RegExp(job.attempts[0]?.providerJobId ?? 'none')), (seen) => seen.length > 0);
  });

  test('only and exclude are kept to, whatever it costs', async () => {
    stage.api2convert.behave({ intercept: onCreate(refusal(402, 'no credits')) });
    const before = stage.runconvert.requests.filter(({ method }) => method === 'POST').length;
    for (const routing of [{ only: ['api2convert'] }, { exclude: ['runconvert'] }]) {
      const job = await stage.run(toPng({ routing: { ...routing, maxAttempts: 1 } }));
      expect([job.status, ...trail(job)]).toEqual(['failed', 'api2convert: quota_exhausted']);
    }
    expect(stage.runconvert.requests.filter(({ method }) => method === 'POST')).toHaveLength(before);
  });

  test('prefer is kept to while it can be', async () => {
    for (const provider of ['runconvert', 'api2convert']) expect((await stage.run(toPng(first(provider)))).attempts.map((attempt) => attempt.provider)).toEqual([provider]);
  });

  test('429 with Retry-After: waited for when there is nobody else', async () => {
    let asked = 0;
    stage.api2convert.behave({ intercept: (request) => (isCreate(request) && (asked += 1) === 1 ? refusal(429, 'Too many concurrent requests', { 'retry-after': '1' }) : undefined) });
    const job = await stage.run(toPng(at('api2convert')));
    expect([job.status, ...trail(job)]).toEqual(['completed', 'api2convert: rate_limited', 'api2convert: fine']);
    const [one, other] = job.attempts;
    expect(Date.parse(other?.startedAt ?? '') - Date.parse(one?.endedAt ?? '')).toBeGreaterThanOrEqual(900);
  });

  test('steps that are done are not run again', async () => {
    let creates = 0;
    stage.api2convert.behave({ intercept: (request) => (isCreate(request) && (creates += 1) > 1 ? refusal(402, 'no credits') : undefined) });
    const job = await stage.run({ inputs: [PHOTO], steps: [{ id: 'small', operation: 'compress' }, { id: 'png', operation: 'convert', to: 'png' }], ...first('api2convert') });
    expect(job.status).toBe('completed');
    expect(job.steps.map(({ id, provider }) => [id, provider])).toEqual([['small', 'api2convert'], ['png', 'runconvert']]);
    const graph = Object.values((stage.runconvert.to('POST', /\/process\/jobs$/).at(-1)?.json as { tasks: Record<string, { operation: string }> }).tasks).map(({ operation }) => operation);
    expect(graph).not.toContain('compress');
    expect(job.outputs.map(({ step }) => step)).toEqual(['png']);
  });

  test('one bad read among good ones is no end', async () => {
    let reads = 0;
    stage.api2convert.behave({ between: ['processing'], intercept: (request) => (request.method === 'GET' && (reads += 1) === 1 ? refusal(503, 'busy') : undefined) });
    const job = await stage.run(toPng(first('api2convert')));
    expect([job.status, ...trail(job)]).toEqual(['completed', 'api2convert: fine']);
  });

  test('connection refused: the gateway starts, and the other vendor does the work', async () => {
    const lonely = await scene({ API2CONVERT_BASE_URL: `http://127.0.0.1:${await closedPort()}/v2` });
    try {
      const job = await lonely.run(toPng(first('api2convert')));
      expect([job.status, job.attempts[0]?.error?.kind, job.attempts.at(-1)?.provider]).toEqual(['completed', 'unavailable', 'runconvert']);
    } finally {
      await lonely.close();
    }
  });
});
