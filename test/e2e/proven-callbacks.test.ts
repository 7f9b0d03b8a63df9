import { createHmac } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { api2convertDouble, API2CONVERT_KEY, finish, type Api2convertDouble } from '../doubles/api2convert-double.js';
import { finish as finishGraph, runconvertDouble, RUNCONVERT_KEY, type RunconvertDouble } from '../doubles/runconvert-double.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { startGateway, type Gateway } from '../support/gateway.js';
import { ended, eventsOf, problemOf, running, send, until } from './support/rest.js';

/** Nobody polls within a test: what is read was hinted at, what ends was told. */
const POLLS = { POLL_FLOOR_MS: '20000', POLL_CEILING_MS: '20000' };
const SECRET = 'a-secret-that-signs';
let folder: string;
let databases: TestDatabase[];
let api2convert: Api2convertDouble;
let runconvert: RunconvertDouble;
/** With secrets, and without. */
let signed: Gateway;
let plain: Gateway;

beforeAll(async () => {
  [folder, api2convert, runconvert, databases] = await Promise.all([mkdtemp(join(tmpdir(), 'proven-')), api2convertDouble(), runconvertDouble(), Promise.all([testDatabase(), testDatabase()])]);
  const file = join(folder, 'providers.json');
  await writeFile(file, JSON.stringify({ providers: [
    { id: 'api2convert', adapter: 'api2convert', baseUrl: api2convert.baseUrl, apiKey: API2CONVERT_KEY, webhookSecret: SECRET },
    { id: 'runconvert', adapter: 'runconvert', baseUrl: runconvert.baseUrl, apiKey: RUNCONVERT_KEY, webhookSecret: SECRET, settings: { signatureHeader: 'x-signature' } },
  ] }));
  const keys = { API2CONVERT_API_KEY: API2CONVERT_KEY, API2CONVERT_BASE_URL: api2convert.baseUrl, RUNCONVERT_API_KEY: RUNCONVERT_KEY, RUNCONVERT_BASE_URL: runconvert.baseUrl };
  [signed, plain] = await Promise.all([startGateway({ DATABASE_URL: databases[0]?.url, PROVIDERS_FILE: file, LOG_LEVEL: 'info', ...POLLS }), startGateway({ DATABASE_URL: databases[1]?.url, ...keys, ...POLLS })]);
});

afterAll(async () => {
  await Promise.all([signed.stop(), plain.stop()]);
  await Promise.all([api2convert.close(), runconvert.close(), ...databases.map((database) => database.drop()), rm(folder, { recursive: true })]);
});

const job = (provider: string) => ({ inputs: [{ type: 'url', url: 'https://files.example.com/photo.jpg' }], steps: [{ operation: 'convert', to: 'png' }], routing: { only: [provider] } });
const sign = (body: string, secret = SECRET) => createHmac('sha256', secret).update(body).digest('hex');
const tell = (url: string, body: string, signature: Record<string, string> = {}) => fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', ...signature }, body });
const proof = (body: string) => ({ 'x-oc-signature': sign(body), 'x-signature': sign(body) });
const callbacksOf = (attempt: string) => databases[0]?.query<{ outcome: string; body: string }>('SELECT outcome, body FROM callback WHERE attempt_id = $1', [attempt]);

/** A job that runs at api2convert until its callback comes. */
async function held(gateway: Gateway) {
  api2convert.behave({ ending: 'hold' });
  const { id } = await send(gateway, job('api2convert'));
  const { attempts } = await running(gateway, id);
  const theirs = api2convert.jobs.get(attempts[0]?.providerJobId ?? '');
  if (theirs === undefined) throw new Error('no such job at the vendor');
  return { id, theirs, attempt: (attempts[0] as unknown as { id: string }).id, reads: () => api2convert.to('GET', new RegExp(`/jobs/${theirs.id}$`)).length, body: () => JSON.stringify(api2convert.document(theirs)) };
}

/** The same at RunConvert, behind the account's address. */
async function heldGraph(gateway: Gateway) {
  runconvert.behave({ ending: 'hold' });
  const { id } = await send(gateway, job('runconvert'));
  await running(gateway, id);
  const theirs = runconvert.latest();
  return { id, theirs, reads: () => runconvert.to('GET', new RegExp(`/jobs/${theirs.id}$`)).length };
}

const endpoint = (gateway: Gateway) =>
  until('the registration', async () => runconvert.to('POST', /\/webhooks$/).map(({ json }) => (json as { endpoint_url: string }).endpoint_url).find((url) => url.startsWith(gateway.url)) ?? null);

describe('a signed callback that tells the end', () => {
  it('settles the job without a single question to the vendor', async () => {
    const one = await held(signed);
    finish(one.theirs);
    expect((await tell(one.theirs.callback, one.body(), proof(one.body()))).status).toBe(204);
    expect(await ended(signed, one.id)).toMatchObject({ status: 'completed', outputs: [{ filename: 'photo.png' }] });
    expect((await eventsOf(signed, one.id)).find(({ type }) => type === 'attempt.succeeded')?.cause).toBe('callback');
    expect(one.reads()).toBe(0);
  });

  it('control: unsigned, it leads to exactly one', async () => {
    const one = await held(plain);
    finish(one.theirs);
    expect((await tell(one.theirs.callback, one.body())).status).toBe(204);
    expect(await ended(plain, one.id)).toMatchObject({ status: 'completed' });
    expect(one.reads()).toBe(1);
  });

  it('behind an account\'s address as well, where the event holds the job; an id alone leads to one question', async () => {
    const url = await endpoint(signed);
    for (const [whole, questions] of [[true, 0], [false, 1]] as const) {
      const one = await heldGraph(signed);
      finishGraph(one.theirs);
      const body = JSON.stringify({ event: 'job.finished', job: whole ? runconvert.document(one.theirs) : { id: one.theirs.id, status: 'completed' } });
      expect((await tell(url, body, proof(body))).status).toBe(204);
      expect(await ended(signed, one.id)).toMatchObject({ status: 'completed', outputs: [{ filename: 'photo.png' }] });
      expect(one.reads()).toBe(questions);
    }
  });

  it('a hundred times at once has one effect, and is taken a hundred times', async () => {
    const one = await held(signed);
    finish(one.theirs);
    const body = one.body();
    const answers = await Promise.all(Array.from({ length: 100 }, () => tell(one.theirs.callback, body, proof(body))));
    expect(answers.filter(({ status }) => status !== 204)).toEqual([]);
    await ended(signed, one.id);
    expect((await eventsOf(signed, one.id)).filter(({ type }) => type === 'job.completed' || type === 'attempt.succeeded')).toHaveLength(2);
    expect(await callbacksOf(one.attempt)).toHaveLength(1);
    expect(one.reads()).toBe(0);
  });

  it('names files that are not there: the vendor is asked before anybody is blamed', async () => {
    const one = await held(signed);
    finish(one.theirs);
    const body = one.body().replaceAll('/download-file/', '/moved-since/');
    await tell(one.theirs.callback, body, proof(body));
    expect(await ended(signed, one.id)).toMatchObject({ status: 'completed', attempts: [{ status: 'succeeded' }] });
    expect(one.reads()).toBe(1);
  });
});

it('what comes out of order, or is captured and sent again days later, moves nothing', async () => {
  const one = await held(signed);
  const before = one.body();
  finish(one.theirs);
  const after = one.body();
  await tell(one.theirs.callback, after, proof(after));
  const done = await ended(signed, one.id);
  const timeline = await eventsOf(signed, one.id);
  expect((await tell(one.theirs.callback, before, proof(before))).status).toBe(204);
  await databases[0]?.query(`UPDATE callback SET received_at = now() - interval '3 days', read_at = now() - interval '3 days' WHERE attempt_id = $1`, [one.attempt]);
  expect((await tell(one.theirs.callback, after, proof(after))).status).toBe(204);
  expect([await ended(signed, one.id), await eventsOf(signed, one.id)]).toEqual([done, timeline]);
  expect((await callbacksOf(one.attempt))?.map(({ outcome }) => outcome).sort()).toEqual(['late', 'proven']);
});

it('two hundred forged at once: 401 and 404, not a row is written, and the log stays quiet', async () => {
  const one = await held(signed);
  finish(one.theirs);
  const written = async () => databases[0]?.query('SELECT (SELECT count(*) FROM callback) AS callbacks, s.hinted, s.due_at, s.lease_epoch FROM stage s JOIN attempt a ON a.stage_id = s.id WHERE a.id = $1', [one.attempt]);
  const [before, lines] = [await written(), signed.output().split('\n').length];
  const wrong = one.theirs.callback.replace(/[^/]+$/, 'A'.repeat(32));
  const answers = await Promise.all(Array.from({ length: 200 }, (_, index) => (index % 2 === 0 ? tell(wrong, one.body(), proof(one.body())) : tell(one.theirs.callback, one.body(), { 'x-oc-signature': sign(one.body(), 'another') }))));
  expect([...new Set(answers.map(({ status }) => status))].sort()).toEqual([401, 404]);
  expect(await written()).toEqual(before);
  expect(signed.output().split('\n').length - lines).toBeLessThanOrEqual(2);
  const metrics = await (await fetch(`${signed.url}/metrics`)).text();
  expect(metrics).toContain('conversion_callbacks_total{provider="api2convert",outcome="refused"} 100');
  expect(metrics).toMatch(/conversion_callbacks_total\{provider="api2convert",outcome="proven"\} \d/);
  await tell(`${signed.url}/v1/callbacks/acme-${Date.now()}/${'A'.repeat(32)}`, '{}');
  expect(await (await fetch(`${signed.url}/metrics`)).text()).toContain('conversion_callbacks_total{provider="unknown",outcome="wrong_token"} 1');
});

describe('a callback that is faster than the answer to the create', () => {
  it('is used as soon as the job is known: by the token in its address', async () => {
    let early: Response | null = null;
    api2convert.behave({
      intercept: async ({ method, path, json }) => {
        if (method !== 'POST' || path !== '/v2/jobs' || early !== null) return undefined;
        const body = '{"status":{"code":"completed"}}';
        early = await tell((json as { callback: string }).callback, body, proof(body));
        return undefined;
      },
    });
    const { id } = await send(signed, job('api2convert'));
    expect(await ended(signed, id, 10_000)).toMatchObject({ status: 'completed' });
    expect((early as Response | null)?.status).toBe(204);
  });

  it('is used as soon as the job is known: by the vendor\'s job, of which nobody knew whose it was', async () => {
    const url = await endpoint(signed);
    let taken = 0;
    runconvert.behave({
      ending: 'hold',
      beforeAnswer: async (theirs) => {
        const vendorJob = runconvert.jobs.get(theirs);
        if (vendorJob !== undefined) finishGraph(vendorJob);
        const body = JSON.stringify({ event: 'job.finished', job: { id: theirs, status: 'completed' } });
        taken = (await tell(url, body, proof(body))).status;
        expect(await databases[0]?.query('SELECT outcome, attempt_id FROM callback WHERE provider_job_id = $1', [theirs])).toEqual([{ outcome: 'unknown_job', attempt_id: null }]);
      },
    });
    const { id } = await send(signed, job('runconvert'));
    const { attempts } = await ended(signed, id, 10_000);
    expect(taken).toBe(204);
    expect((await eventsOf(signed, id)).find(({ type }) => type === 'attempt.succeeded')?.cause).toBe('callback');
    expect(await databases[0]?.query('SELECT outcome, attempt_id FROM callback WHERE provider_job_id = $1', [attempts[0]?.providerJobId])).toMatchObject([{ outcome: 'hint', attempt_id: expect.any(String) as string }]);
  });
});

describe('an operator', () => {
  interface Row { readonly id: string; readonly attemptId: string | null; readonly outcome: string; readonly body: string; readonly replayedAt: string | null; readonly effect?: string }
  const list = async (query = '') => (await (await plain.call(`/v1/providers/api2convert/callbacks${query}`)).json()) as { data: Row[]; nextCursor: string | null };
  const replay = (id: string) => plain.call(`/v1/providers/api2convert/callbacks/${id}/replay`, { method: 'POST' });

  it('has a callback looked at again; once its job has ended that changes nothing, and the answer says so', async () => {
    const one = await held(plain);
    await tell(one.theirs.callback, one.body());
    await until('the look at the vendor', async () => (one.reads() === 1 ? true : null));
    finish(one.theirs);
    const [row] = (await list(`?attempt=${one.attempt}`)).data;
    expect(row).toMatchObject({ outcome: 'hint', attemptId: one.attempt, jobId: one.theirs.id, replayedAt: null, body: expect.stringContaining(one.theirs.id) as string });
    const answer = await replay(row?.id ?? '');
    expect([answer.status, await answer.json()]).toMatchObject([202, { id: row?.id, effect: 'woken' }]);
    expect(await ended(plain, one.id)).toMatchObject({ status: 'completed' });
    const timeline = await eventsOf(plain, one.id);
    expect(timeline.find(({ type }) => type === 'attempt.succeeded')?.cause).toBe('operator');
    expect(await (await replay(row?.id ?? '')).json()).toMatchObject({ effect: 'late', replayedAt: expect.any(String) as string });
    expect(await eventsOf(plain, one.id)).toEqual(timeline);
  });

  it('sees them newest first, page by page, by outcome; what is not there is 404, what is no question 422', async () => {
    const one = await held(plain);
    for (const place of [1, 2, 3]) await tell(one.theirs.callback, JSON.stringify({ id: 'of-somebody-else', place, secret: 'canary' }));
    const whole = await list(`?outcome=other_job&attempt=${one.attempt}`);
    expect(whole.data.map(({ body }) => body)).toEqual(Array.from({ length: 3 }, () => '{"id":"of-somebody-else","place":"[number]","secret":"[text of 6]"}'));
    const first = await list(`?outcome=other_job&attempt=${one.attempt}&limit=2`);
    const second = await list(`?outcome=other_job&attempt=${one.attempt}&limit=2&cursor=${first.nextCursor}`);
    expect([[...first.data, ...second.data], second.nextCursor]).toEqual([whole.data, null]);
    expect([...whole.data].sort((left, right) => (left.id < right.id ? 1 : -1))).toEqual(whole.data);
    expect(await (await replay(whole.data[0]?.id ?? '')).json()).toMatchObject({ effect: 'other_job' });
    for (const id of ['no-id', '01900000-0000-7000-8000-000000000000']) expect(await problemOf(await replay(id))).toMatchObject({ status: 404 });
    expect(await problemOf(await plain.call('/v1/providers/acme/callbacks'))).toMatchObject({ status: 404 });
    expect(await problemOf(await plain.call(`/v1/providers/runconvert/callbacks/${whole.data[0]?.id}/replay`, { method: 'POST' }))).toMatchObject({ status: 404 });
    for (const query of ['outcome=nice', 'attempt=x', 'limit=0', 'cursor=eA', 'more=1']) expect(await problemOf(await plain.call(`/v1/providers/api2convert/callbacks?${query}`))).toMatchObject({ status: 422 });
    expect((await fetch(`${plain.url}/v1/providers/api2convert/callbacks`)).status).toBe(401);
  });
});
