import { api2convertDouble, API2CONVERT_KEY, type Api2convertDouble } from '../doubles/api2convert-double.js';
import { runconvertDouble, RUNCONVERT_KEY, type RunconvertDouble } from '../doubles/runconvert-double.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { startGateway, type Gateway } from '../support/gateway.js';
import { ended, eventsOf, post, send, type JobView } from './support/rest.js';

type Job = JobView & { readonly retryOf: string | null; readonly exports: readonly { readonly status: string }[]; readonly code?: string; readonly errors?: readonly { readonly pointer: string }[] };

let database: TestDatabase;
let doubles: { readonly api2convert: Api2convertDouble; readonly runconvert: RunconvertDouble };
let gateway: Gateway;

beforeAll(async () => {
  const [made, api2convert, runconvert] = await Promise.all([testDatabase(), api2convertDouble(), runconvertDouble()]);
  [database, doubles] = [made, { api2convert, runconvert }];
  gateway = await startGateway({
    DATABASE_URL: database.url, POLL_FLOOR_MS: '50', POLL_CEILING_MS: '100',
    API2CONVERT_API_KEY: API2CONVERT_KEY, API2CONVERT_BASE_URL: api2convert.baseUrl, RUNCONVERT_API_KEY: RUNCONVERT_KEY, RUNCONVERT_BASE_URL: runconvert.baseUrl,
  });
});

beforeEach(() => {
  doubles.api2convert.behave();
  doubles.runconvert.behave();
});

afterAll(async () => {
  await gateway.stop();
  await Promise.all([doubles.api2convert.close(), doubles.runconvert.close(), database.drop()]);
});

async function retry(id: string, body?: object, headers: Record<string, string> = {}): Promise<{ readonly status: number; readonly location: string | null; readonly body: Job }> {
  const answer = await gateway.call(`/v1/jobs/${id}/retry`, { method: 'POST', ...(body === undefined ? { headers } : { headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) }) });
  return { status: answer.status, location: answer.headers.get('location'), body: (await answer.json()) as Job };
}

const creates = () => doubles.api2convert.to('POST', /\/jobs$/).length;
/** Two steps at api2convert: the second is over the first's result, and so a vendor job of its own. */
const CHAIN = { inputs: [{ type: 'url', url: 'https://files.example.com/photo.jpg' }], steps: [{ id: 'small', operation: 'compress' }, { id: 'png', operation: 'convert', to: 'png' }], routing: { only: ['api2convert'], maxAttempts: 1 } };

it('what was done is not run again', async () => {
  doubles.api2convert.behaveFor('"target":"png"', { ending: { source: 'conversion', code: 7777, message: 'it broke' } });
  const old = await ended(gateway, (await send(gateway, CHAIN)).id);
  expect(old).toMatchObject({ status: 'failed', steps: [{ id: 'small', status: 'done' }, { id: 'png', status: 'failed' }] });
  doubles.api2convert.behaveFor('"target":"png"', {});
  const before = creates();
  const { status, location, body } = await retry(old.id);
  expect([status, location, body.retryOf]).toEqual([202, `/v1/jobs/${body.id}`, old.id]);
  const done = (await ended(gateway, body.id)) as Job;
  expect(done).toMatchObject({ status: 'completed', retryOf: old.id, steps: [{ id: 'small', status: 'done', provider: 'api2convert' }, { id: 'png', status: 'done' }] });
  expect(done.outputs.map(({ step }) => step)).toEqual(['png']);
  expect([creates() - before, done.attempts.length]).toEqual([1, 1]);
  expect((await eventsOf(gateway, body.id))[0]).toMatchObject({ type: 'job.created', cause: 'caller', detail: { retryOf: old.id, steps: ['png'] } });
});

it('a job of which everything is there is done at once, and its results are its own', async () => {
  const old = await ended(gateway, (await send(gateway, CHAIN)).id);
  const before = creates();
  const { body } = await retry(old.id);
  expect(body).toMatchObject({ status: 'completed', attempts: [], retryOf: old.id });
  expect(creates()).toBe(before);
  await database.query(`UPDATE file SET path = NULL, erased_at = now() WHERE job_id = $1`, [old.id]);
  const answer = await gateway.call(new URL(body.outputs[0]?.url ?? '').pathname);
  expect([answer.status, (await answer.arrayBuffer()).byteLength]).toEqual([200, body.outputs[0]?.size]);
});

it('uploads come along, and are missed when they are gone', async () => {
  doubles.api2convert.behave({ ending: { source: 'conversion', code: 7777, message: 'it broke' } });
  const sent = await send(gateway, { ...CHAIN, inputs: [{ id: 'file', type: 'upload', filename: 'photo.jpg' }] });
  await gateway.call(`/v1/jobs/${sent.id}/inputs/file/content`, { method: 'PUT', body: 'bytes of the file' });
  const old = await ended(gateway, sent.id);
  doubles.api2convert.behave();
  const { body } = await retry(old.id);
  expect(await ended(gateway, body.id)).toMatchObject({ status: 'completed' });
  await database.query(`UPDATE file SET expires_at = now() - interval '1 hour' WHERE job_id = $1`, [old.id]);
  const { status, body: refused } = await retry(old.id);
  expect([status, refused.code]).toEqual([422, 'invalid_request']);
});

it('credentials that were erased are sent again; a delivery that was made is not made again', async () => {
  const S3 = { type: 's3', bucket: 'b', key: 'k.png', region: 'r' };
  const credentials = { accessKeyId: 'AKIA', secretAccessKey: 's3cret-of-the-retry' };
  doubles.runconvert.behave({ delivery: { refused: 'No such bucket.' } });
  const old = (await ended(gateway, (await send(gateway, { ...CHAIN, exports: [{ id: 'bucket', ...S3, inputs: ['png'], credentials }], routing: { only: ['runconvert'], maxAttempts: 1 } })).id)) as Job;
  expect(old).toMatchObject({ status: 'failed', error: { code: 'export_failed' } });
  doubles.runconvert.behave();
  expect(await retry(old.id)).toMatchObject({ status: 422, body: { errors: [{ pointer: '/credentials/bucket' }] } });
  expect(await retry(old.id, { credentials: { bucket: credentials, nobody: {} } })).toMatchObject({ status: 422, body: { errors: [{ pointer: '/credentials/nobody' }] } });
  const { body } = await retry(old.id, { credentials: { bucket: credentials } });
  const done = (await ended(gateway, body.id)) as Job;
  expect(done).toMatchObject({ status: 'completed', exports: [{ status: 'delivered' }] });
  expect(JSON.stringify(done)).not.toContain('s3cret');
  const deliveries = doubles.runconvert.requests.filter(({ body: said }) => said.includes('export/s3')).length;
  expect((await retry(done.id)).body).toMatchObject({ status: 'completed', exports: [{ status: 'delivered' }] });
  expect(doubles.runconvert.requests.filter(({ body: said }) => said.includes('export/s3'))).toHaveLength(deliveries);
});

it('is refused while the job runs, where there is none, and with what it does not take', async () => {
  doubles.api2convert.behave({ ending: 'hold' });
  const running = await send(gateway, CHAIN);
  expect(await retry(running.id)).toMatchObject({ status: 409, body: { code: 'conflict' } });
  await gateway.call(`/v1/jobs/${running.id}/cancel`, { method: 'POST' });
  expect(await retry('01900000-0000-7000-8000-000000000000')).toMatchObject({ status: 404 });
  expect(await retry(running.id, { again: true })).toMatchObject({ status: 422, body: { errors: [{ pointer: '/again' }] } });
  expect(await retry(running.id, { credentials: { x: 'y' } })).toMatchObject({ status: 422, body: { errors: [{ pointer: '/credentials/x' }] } });
});

it('with an Idempotency-Key it makes one job, however often it comes', async () => {
  const old = await ended(gateway, (await send(gateway, CHAIN)).id);
  const key = { 'idempotency-key': 'retry-once' };
  const answers = [await retry(old.id, undefined, key), await retry(old.id, undefined, key)];
  expect(answers.map(({ status }) => status)).toEqual([202, 202]);
  expect(answers[1]?.body.id).toBe(answers[0]?.body.id);
  expect((await post(gateway, CHAIN, key)).status).toBe(422);
});
