import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { api2convertDouble, API2CONVERT_KEY, type Api2convertDouble } from '../doubles/api2convert-double.js';
import { runconvertDouble, RUNCONVERT_KEY, type RunconvertDouble } from '../doubles/runconvert-double.js';
import { smallFile } from '../doubles/small-files.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { startGateway, type Gateway } from '../support/gateway.js';
import { until } from './support/rest.js';

interface Job {
  readonly id: string; readonly status: string; readonly code?: string;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly errors?: readonly { readonly pointer: string; readonly message: string }[];
  readonly inputs: readonly Record<string, unknown>[];
  readonly outputs: readonly { readonly id: string; readonly filename: string }[];
  readonly attempts: readonly { readonly provider: string; readonly status: string }[];
}

const TOKEN = 'Bearer c4nary-of-the-headers';
const PHOTO = smallFile('jpg').bytes;

let database: TestDatabase;
let doubles: { readonly api2convert: Api2convertDouble; readonly runconvert: RunconvertDouble };
let gateway: Gateway;
let origin: Server;
let at: string;
/** What the origin was asked for, and how it answers; by path. */
const asked: IncomingMessage[] = [];
const ways = new Map<string, (answer: ServerResponse, times: number) => void>();

beforeAll(async () => {
  origin = createServer((request, answer) => {
    asked.push(request);
    const path = request.url ?? '';
    const way = ways.get(path);
    if (way !== undefined) way(answer, asked.filter(({ url }) => url === path).length);
    else answer.writeHead(request.headers.authorization === TOKEN ? 200 : 401, { 'content-type': 'image/jpeg' }).end(request.headers.authorization === TOKEN ? PHOTO : 'Who are you?');
  }).listen(0, '127.0.0.1');
  const [made, api2convert, runconvert] = await Promise.all([testDatabase(), api2convertDouble(), runconvertDouble()]);
  [database, doubles] = [made, { api2convert, runconvert }];
  at = `http://127.0.0.1:${(origin.address() as AddressInfo).port}`;
  gateway = await startGateway({
    DATABASE_URL: database.url, LOG_LEVEL: 'trace', POLL_FLOOR_MS: '50', POLL_CEILING_MS: '100', EGRESS_ALLOW: '127.0.0.1/32',
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
  origin.close();
});

async function call(path: string, init?: RequestInit): Promise<{ readonly status: number; readonly body: Job }> {
  const answer = await gateway.call(path, init);
  const text = await answer.text();
  expect(text).not.toContain('c4nary');
  return { status: answer.status, body: JSON.parse(text) as Job };
}

const post = (inputs: readonly object[], more: object = {}) =>
  call('/v1/jobs', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ inputs, steps: [{ operation: 'convert', to: 'png' }], ...more }) });

async function done(inputs: readonly object[], more: object = {}): Promise<Job> {
  const { status, body } = await post(inputs, more);
  expect({ status, errors: body.errors }).toEqual({ status: 202, errors: undefined });
  return until(`the end of ${body.id}`, async () => {
    const { body: now } = await call(`/v1/jobs/${body.id}`);
    return ['completed', 'failed'].includes(now.status) ? now : null;
  });
}

const held = (path: string, more: object = {}) => ({ type: 'url', url: at + path, fetch: 'gateway', headers: { authorization: TOKEN }, ...more });
const times = (path: string): number => asked.filter(({ url }) => url === path).length;

describe('a file that the gateway fetches', () => {
  it.each(['api2convert', 'runconvert'])('goes to %s as bytes; the address and its headers stay here', async (vendor) => {
    const path = `/private-${vendor}.jpg`;
    const job = await done([held(path)], { routing: { only: [vendor] } });
    expect(job).toMatchObject({ status: 'completed', error: null, inputs: [{ type: 'url', fetch: 'gateway', url: at + path }] });
    const requests = Object.values(doubles).flatMap((double) => double.requests);
    expect(requests.some(({ body }) => body.includes(PHOTO.subarray(0, 16)))).toBe(true);
    expect(requests.some(({ body, headers }) => `${body.toString('latin1')}${JSON.stringify(headers)}`.includes('c4nary') || body.includes(path))).toBe(false);
    expect(times(path)).toBe(1);
  });

  it('is fetched once, whoever else has to run the job', async () => {
    doubles.api2convert.behave({ ending: { source: 'conversion', code: 1, message: 'Broken.' } });
    const job = await done([held('/once.jpg')], { routing: { prefer: ['api2convert'] } });
    expect(job.attempts.map(({ provider, status }) => [provider, status])).toEqual([['api2convert', 'errored'], ['runconvert', 'succeeded']]);
    expect(times('/once.jpg')).toBe(1);
  });

  it('is asked for again where that may help, and not where it will not', async () => {
    ways.set('/shaky.jpg', (answer, time) => void answer.writeHead(time < 3 ? 503 : 200).end(time < 3 ? '' : PHOTO));
    expect((await done([held('/shaky.jpg')])).status).toBe('completed');
    expect(times('/shaky.jpg')).toBe(3);
    const job = await done([held('/locked.jpg', { headers: { authorization: 'Bearer wrong' } })]);
    expect(job).toMatchObject({ status: 'failed', error: { code: 'source_unreachable', message: expect.stringMatching(/could not fetch the input "input-1".*401/) as string } });
    expect(times('/locked.jpg')).toBe(1);
  });

  it('never from a private place that nobody allowed, not even by a redirect', async () => {
    expect(await post([held('', { url: 'http://10.0.0.1/x.jpg' })])).toMatchObject({ status: 422, body: { errors: [{ pointer: '/inputs/0/url' }] } });
    ways.set('/away.jpg', (answer) => void answer.writeHead(302, { location: 'http://10.0.0.1/x.jpg' }).end());
    expect(await done([held('/away.jpg')])).toMatchObject({ status: 'failed', error: { code: 'source_unreachable' } });
    ways.set('/along.jpg', (answer) => void answer.writeHead(302, { location: `http://localhost:${(origin.address() as AddressInfo).port}/there.jpg` }).end());
    await done([held('/along.jpg')]);
    expect(asked.filter(({ url }) => url === '/there.jpg').every(({ headers }) => headers.authorization === undefined)).toBe(true);
  });
});

describe('an output of an earlier job', () => {
  it('is an input of the next one, and outlives the first', async () => {
    const first = await done([{ type: 'url', url: 'https://example.com/photo.jpg' }], { retention: 'PT1H' });
    const [output] = first.outputs;
    const input = { type: 'job-output', jobId: first.id, outputId: output?.id };
    const next = await done([input], { steps: [{ operation: 'convert', to: 'pdf' }] });
    expect(next).toMatchObject({ status: 'completed', inputs: [{ ...input, filename: output?.filename, status: 'ready' }] });
    await database.query(`UPDATE file SET expires_at = now() - interval '1 hour' WHERE job_id = $1`, [first.id]);
    expect(await post([input])).toMatchObject({ status: 422, body: { errors: [{ pointer: '/inputs/0/outputId', message: expect.stringContaining('no longer kept') as string }] } });
  });

  it('is planned by its own format', async () => {
    const first = await done([{ type: 'url', url: 'https://example.com/photo.jpg' }]);
    const { status, body } = await post([{ type: 'job-output', jobId: first.id, outputId: first.outputs[0]?.id }], { steps: [{ operation: 'convert', to: 'mp3' }] });
    expect([status, body.code]).toEqual([422, 'unsupported_conversion']);
  });

  it('that is not there, or is another\'s, is refused at its pointer', async () => {
    const first = await done([{ type: 'url', url: 'https://example.com/photo.jpg' }]);
    const nobody = '01900000-0000-7000-8000-000000000000';
    for (const input of [{ jobId: nobody, outputId: first.outputs[0]?.id }, { jobId: first.id, outputId: nobody }]) {
      expect(await post([{ type: 'job-output', ...input }])).toMatchObject({ status: 422, body: { errors: [{ pointer: '/inputs/0/outputId' }] } });
    }
    await database.query(`UPDATE job SET tenant = 'somebody' WHERE id = $1`, [first.id]);
    expect(await post([{ type: 'job-output', jobId: first.id, outputId: first.outputs[0]?.id }])).toMatchObject({ status: 422 });
  });
});

it('the control: no header\'s value was kept or logged', async () => {
  const tables = await database.query<{ name: string }>(`SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'`);
  const rows = await Promise.all(tables.map(async ({ name }) => JSON.stringify(await database.query(`SELECT to_jsonb(t) AS row FROM "${name}" t`))));
  expect([...rows, gateway.output()].filter((text) => text.includes('c4nary'))).toEqual([]);
  expect(asked.some(({ headers }) => headers.authorization === TOKEN)).toBe(true);
});
