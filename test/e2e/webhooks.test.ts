import { api2convertDouble, API2CONVERT_KEY, type Api2convertDouble } from '../doubles/api2convert-double.js';
import { runconvertDouble, RUNCONVERT_KEY, type RunconvertDouble } from '../doubles/runconvert-double.js';
import { verified, webhookReceiver, type Receiver } from '../doubles/webhook-receiver.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { startGateway, type Gateway } from '../support/gateway.js';
import { closedPort } from '../support/local-server.js';
import { toPng, until, type Job } from './contract/scene.js';
import { tracesOf } from './support/planted.js';

const SECRET = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;
const S3 = { id: 'bucket', type: 's3', bucket: 'b', region: 'eu-west-1', key: 'out/photo.png', credentials: { accessKeyId: 'AKIA', secretAccessKey: 'hidden' } };

let database: TestDatabase;
let receiver: Receiver;
let vendors: { readonly api2convert: Api2convertDouble; readonly runconvert: RunconvertDouble };
let gateway: Gateway;
let tenantSecret: string;

beforeAll(async () => {
  const [made, api2convert, runconvert, heard] = await Promise.all([testDatabase(), api2convertDouble(), runconvertDouble(), webhookReceiver()]);
  [database, receiver, vendors] = [made, heard, { api2convert, runconvert }];
  gateway = await startGateway({
    DATABASE_URL: database.url, EGRESS_ALLOW: '127.0.0.0/8', LOG_LEVEL: 'trace', POLL_FLOOR_MS: '50', POLL_CEILING_MS: '100',
    API2CONVERT_API_KEY: API2CONVERT_KEY, API2CONVERT_BASE_URL: api2convert.baseUrl, RUNCONVERT_API_KEY: RUNCONVERT_KEY, RUNCONVERT_BASE_URL: runconvert.baseUrl,
  });
  tenantSecret = ((await (await gateway.call('/v1/webhook-secret')).json()) as { secret: string }).secret;
});

afterAll(async () => {
  await gateway.stop();
  await Promise.all([receiver.close(), vendors.api2convert.close(), vendors.runconvert.close(), database.drop()]);
});

beforeEach(() => {
  vendors.api2convert.behave();
  vendors.runconvert.behave();
});

const post = (body: object) => gateway.call('/v1/jobs', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

/** A job that tells `path` of itself. */
async function send(path: string, more: object = {}, webhook: object = {}): Promise<Job> {
  const answer = await post(toPng({ webhook: { url: `${receiver.origin}${path}`, ...webhook }, ...more }));
  const job = (await answer.json()) as Job;
  expect(answer.status).toBe(202);
  return job;
}

const told = (path: string, count: number) => until(() => receiver.at(path), (all) => all.length >= count);
const typesAt = (path: string) => receiver.at(path).map(({ body }) => body.type);
/** Makes what waits for its next try due now. */
const hurry = () => database.query(`WITH due AS (UPDATE delivery SET due_at = now() - make_interval(secs => 1) WHERE due_at > now() RETURNING id) SELECT pg_notify('conversion_news', '') FROM due`);
const triesOf = (jobId: string) =>
  database.query<{ type: string; number: number; status: number | null; error: string | null; state: string }>(
    'SELECT e.type, t.number, t.status, t.error, d.status AS state FROM delivery d JOIN outbox_event e ON e.id = d.event_id LEFT JOIN delivery_try t ON t.delivery_id = d.id WHERE d.job_id = $1 ORDER BY d.sequence, t.number', [jobId]);

test('a job tells its receiver of everything, in order, signed with the job\'s own secret', async () => {
  const job = await send('/whole', { exports: [S3], routing: { only: ['runconvert'] } }, { secret: SECRET });
  await told('/whole', 4);
  const news = receiver.at('/whole').map((one) => verified(SECRET, one));
  expect(news.map(({ type, sequence }) => [type, sequence])).toEqual([['job.queued', 1], ['job.processing', 2], ['export.delivered', 3], ['job.completed', 4]]);
  expect(news.map(({ data }) => data.status)).toEqual(['queued', 'processing', 'processing', 'completed']);
  expect(new Set(news.map(({ data }) => data.id))).toEqual(new Set([job.id]));
  expect(news[2]?.export).toMatchObject({ id: 'bucket', type: 's3', status: 'delivered', error: null });
  expect(new Set(receiver.at('/whole').map(({ id }) => id)).size).toBe(4);
  // The last one is the job as it can be read, word for word; the first one as it was answered.
  expect(news[3]?.data).toEqual(await (await gateway.call(`/v1/jobs/${job.id}`)).json());
  expect(news[0]?.data).toEqual(job);
  expect(JSON.stringify(news)).not.toMatch(/whsec_|hidden/);
  // A control: the signature is of this secret and of these bytes.
  expect(() => verified(tenantSecret, receiver.at('/whole')[0]!)).toThrow('No matching signature');
  expect(() => verified(SECRET, { ...receiver.at('/whole')[0]!, raw: '{}' })).toThrow('No matching signature');
});

test('the job shows where it tells, and never what signs', async () => {
  const job = await send('/shown', {}, { events: ['job.failed', 'job.completed'], secret: SECRET });
  expect(job['webhook']).toEqual({ url: `${receiver.origin}/shown`, events: ['job.completed', 'job.failed'] });
  await told('/shown', 1);
  expect(receiver.at('/shown').map(({ body: { type, sequence } }) => [type, sequence])).toEqual([['job.completed', 3]]);
  await until(() => database.query('SELECT secret FROM job_webhook WHERE job_id = $1', [job.id]), ([row]) => (row as { secret: unknown }).secret === null);
  // Neither does anything that is written, not even while it is still needed.
  vendors.api2convert.behave({ ending: 'hold' });
  await send('/shown-not-yet', { routing: { only: ['api2convert'] } }, { events: ['job.completed'], secret: SECRET });
  const kept = JSON.stringify(await Promise.all(['job', 'job_webhook', 'outbox_event', 'delivery', 'delivery_try', 'event'].map((table) => database.query(`SELECT t::text FROM ${table} t`))));
  expect(kept).toContain('/shown-not-yet');
  for (const trace of [SECRET, ...tracesOf(SECRET.slice(6)), Buffer.alloc(32, 5).toString('hex')]) expect(`${gateway.output()} ${kept}`).not.toContain(trace);
});

test('without a secret of its own the tenant\'s signs, which stays the same', async () => {
  expect(tenantSecret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  expect(await (await gateway.call('/v1/webhook-secret')).json()).toEqual({ secret: tenantSecret });
  expect((await fetch(`${gateway.url}/v1/webhook-secret`)).status).toBe(401);
  await send('/tenant');
  await told('/tenant', 3);
  expect(receiver.at('/tenant').map((one) => verified(tenantSecret, one).type)).toEqual(['job.queued', 'job.processing', 'job.completed']);
  const [row] = await database.query<{ sealed: Buffer }>('SELECT sealed FROM webhook_secret');
  expect(row?.sealed.includes(tenantSecret)).toBe(false);
});

test('a job that awaits its upload is told of from the moment it is queued; one that is canceled says so', async () => {
  const upload = await send('/upload', { inputs: [{ id: 'photo', type: 'upload', filename: 'a.jpg' }] });
  vendors.api2convert.behave({ ending: 'hold' });
  await gateway.call(`/v1/jobs/${upload.id}/inputs/photo/content`, { method: 'PUT', body: 'bytes' });
  await told('/upload', 2);
  await gateway.call(`/v1/jobs/${upload.id}/cancel`, { method: 'POST' });
  await told('/upload', 3);
  expect(receiver.at('/upload').map(({ body: { type, sequence, data } }) => [type, sequence, data.status])).toEqual([['job.queued', 1, 'queued'], ['job.processing', 2, 'processing'], ['job.canceled', 3, 'canceled']]);
});

test('a request that is sent again tells nobody a second time', async () => {
  const body = JSON.stringify(toPng({ exports: [S3], routing: { only: ['runconvert'] }, webhook: { url: `${receiver.origin}/keyed`, secret: SECRET } }));
  const again = () => gateway.call('/v1/jobs', { method: 'POST', headers: { 'content-type': 'application/json', 'idempotency-key': 'told-once' }, body });
  const answers = await Promise.all([again(), again(), again()]);
  const taken = answers.filter(({ status }) => status === 202);
  expect(taken.length).toBeGreaterThan(0);
  const ids = await Promise.all(taken.map(async (answer) => ((await answer.json()) as Job).id));
  expect(new Set(ids).size).toBe(1);
  await told('/keyed', 4);
  await again();
  expect(typesAt('/keyed')).toEqual(['job.queued', 'job.processing', 'export.delivered', 'job.completed']);
  expect(await database.query('SELECT url FROM job_webhook WHERE url LIKE $1', ['%/keyed'])).toHaveLength(1);
});

test('a receiver that fails twice hears the third try, the same message each time, and what comes after it only then', async () => {
  receiver.behave('/shaky', (response, { body }, nth) => void response.writeHead(body.type === 'job.queued' && nth < 3 ? 500 : 200).end('thanks'));
  const job = await send('/shaky', {}, { secret: SECRET });
  await until(async () => (await hurry(), typesAt('/shaky')), (types) => types.includes('job.completed'));
  expect(typesAt('/shaky')).toEqual(['job.queued', 'job.queued', 'job.queued', 'job.processing', 'job.completed']);
  const [first, second, third] = receiver.at('/shaky');
  expect([second?.id, second?.raw, third?.id, third?.raw]).toEqual([first?.id, first?.raw, first?.id, first?.raw]);
  for (const one of receiver.at('/shaky')) verified(SECRET, one);
  expect(await until(() => triesOf(job.id), (tries) => tries.length === 5 && tries.every(({ state }) => state === 'sent'))).toMatchObject([
    { type: 'job.queued', number: 1, status: 500, error: 'The request was answered 500.' }, { number: 2, status: 500 }, { number: 3, status: 200, error: null },
    { type: 'job.processing', number: 1, status: 200 }, { type: 'job.completed', number: 1, status: 200 },
  ]);
});

test('410 is final, for that event alone', async () => {
  receiver.behave('/gone', (response, { body }) => void response.writeHead(body.type === 'job.queued' ? 410 : 200).end());
  const job = await send('/gone');
  await told('/gone', 3);
  expect(typesAt('/gone')).toEqual(['job.queued', 'job.processing', 'job.completed']);
  expect((await triesOf(job.id))[0]).toMatchObject({ number: 1, status: 410, state: 'exhausted' });
  const counted = await (await fetch(`${gateway.url}/metrics`)).text();
  expect(counted).toContain('conversion_webhook_deliveries_total{status="exhausted"} 1');
  expect(counted).toMatch(/conversion_webhook_deliveries_total\{status="sent"\} [1-9]/);
  expect(counted).toMatch(/conversion_webhook_deliveries_total\{status="scheduled"\} [1-9]/);
});

test('Retry-After is waited for, in seconds or until a date', async () => {
  receiver.behave('/seconds', (response) => void response.writeHead(429, { 'retry-after': '600' }).end());
  receiver.behave('/date', (response) => void response.writeHead(503, { 'retry-after': new Date(Date.now() + 900_000).toUTCString() }).end());
  receiver.behave('/none', (response) => void response.writeHead(503).end());
  const pauses = await Promise.all(['/seconds', '/date', '/none'].map(async (path) => {
    const { id } = await send(path);
    const [row] = await until(() => database.query<{ seconds: number }>('SELECT extract(epoch FROM due_at - now())::float8 AS seconds FROM delivery WHERE job_id = $1 AND tries = 1', [id]), (rows) => rows.length === 1);
    return row?.seconds ?? 0;
  }));
  expect(pauses.map((seconds, index) => Math.abs(seconds - ([600, 900, 5][index] ?? 0)) < 5)).toEqual([true, true, true]);
});

test('a redirect is not followed, a receiver that is not there is named by nothing but its trouble', async () => {
  const port = await closedPort();
  receiver.behave('/moved?token=in-the-address', (response) => void response.writeHead(302, { location: '/elsewhere' }).end());
  const [moved, away] = await Promise.all([send('/moved?token=in-the-address'), post(toPng({ webhook: { url: `http://127.0.0.1:${port}/hook?token=in-the-address` } })).then((answer) => answer.json() as Promise<Job>)]);
  expect((await until(() => triesOf(moved.id), ([one]) => one?.number === 1))[0]).toMatchObject({ status: 302, error: 'The request was answered 302; redirects are not followed.', state: 'scheduled' });
  expect((await until(() => triesOf(away.id), ([one]) => one?.number === 1))[0]).toMatchObject({ status: null, error: 'The request could not connect (ECONNREFUSED).', state: 'scheduled' });
  expect(receiver.at('/elsewhere')).toEqual([]);
  expect(JSON.stringify(await database.query('SELECT error FROM delivery_try'))).not.toContain('in-the-address');
});

test('a receiver that hangs holds up its own news and nobody else\'s', async () => {
  const hanging = await webhookReceiver();
  hanging.behave('/hang', () => undefined);
  // More than a process sends to one receiver at once.
  const many = 48;
  await Promise.all(Array.from({ length: many }, async () => expect((await post(toPng({ webhook: { url: `${hanging.origin}/hang` } }))).status).toBe(202)));
  await until(() => hanging.received.length, (count) => count > 0);
  await send('/beside');
  await told('/beside', 3);
  // A control: it hangs still, and was not sent everything at once.
  expect(hanging.received.every(({ body }) => body.type === 'job.queued')).toBe(true);
  expect(hanging.received.length).toBeLessThan(many);
  await hanging.close();
});

describe('what is refused', () => {
  const refused = async (webhook: object) => ((await (await post(toPng({ webhook }))).json()) as { status: number; errors: { pointer: string; message: string }[] });

  test.each([
    ['an address of this network', { url: 'http://10.0.0.7/hook' }, '/webhook/url', /EGRESS_ALLOW/],
    ['no web address', { url: 'ftp://caller.example/hook' }, '/webhook/url', /neither http nor https/],
    ['a password in the address', { url: 'https://u:p@caller.example/hook' }, '/webhook/url', /password/],
    ['an event that is none', { url: 'https://caller.example', events: ['job.completed', 'job.complete'] }, '/webhook/events/1', /did you mean "job.completed"/],
    ['a secret that is too short', { url: 'https://caller.example', secret: 'whsec_c2hvcnQ=' }, '/webhook/secret', /24 to 64/],
  ])('%s', async (_name, webhook, pointer, message) => {
    const problem = await refused(webhook);
    expect(problem).toMatchObject({ status: 422, errors: [{ pointer, message: expect.stringMatching(message) as string }] });
    expect(JSON.stringify(problem)).not.toContain('c2hvcnQ');
  });
});
