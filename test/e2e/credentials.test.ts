import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { api2convertDouble, API2CONVERT_KEY, type Api2convertDouble } from '../doubles/api2convert-double.js';
import type { RecordedRequest } from '../doubles/recording-server.js';
import { runconvertDouble, RUNCONVERT_KEY, type RunconvertDouble } from '../doubles/runconvert-double.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { startGateway, type Gateway } from '../support/gateway.js';
import { PLACES, plant, tracesOf, type Planted, type Vendor } from './support/planted.js';
import { until } from './support/rest.js';

let database: TestDatabase;
let doubles: { readonly api2convert: Api2convertDouble; readonly runconvert: RunconvertDouble };
let gateway: Gateway;
/** All that was ever answered to the caller. */
const answers: string[] = [];
const planted: Planted[] = [];

beforeAll(async () => {
  const [made, api2convert, runconvert] = await Promise.all([testDatabase(), api2convertDouble(), runconvertDouble()]);
  [database, doubles] = [made, { api2convert, runconvert }];
  gateway = await startGateway({
    DATABASE_URL: database.url, LOG_LEVEL: 'trace', POLL_FLOOR_MS: '50', POLL_CEILING_MS: '100',
    API2CONVERT_API_KEY: API2CONVERT_KEY, API2CONVERT_BASE_URL: api2convert.baseUrl, RUNCONVERT_API_KEY: RUNCONVERT_KEY, RUNCONVERT_BASE_URL: runconvert.baseUrl,
  });
});

afterAll(async () => {
  await gateway.stop();
  await Promise.all([doubles.api2convert.close(), doubles.runconvert.close(), database.drop()]);
});

interface Said {
  readonly status: number;
  readonly body: { readonly id: string; readonly status: string; readonly code?: string; readonly inputs: readonly Record<string, unknown>[]; readonly error: { readonly code: string } | null; readonly attempts: readonly { readonly status: string; readonly error: { readonly kind: string; readonly code: string | null; readonly message: string } | null }[]; readonly errors?: readonly { readonly pointer: string; readonly message: string }[] };
}

async function call(path: string, init?: RequestInit): Promise<Said> {
  const answer = await gateway.call(path, init);
  const text = await answer.text();
  answers.push(JSON.stringify([...answer.headers]) + text);
  return { status: answer.status, body: JSON.parse(text) as Said['body'] };
}

function post(input: object, more: object = {}): Promise<Said> {
  return call('/v1/jobs', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ inputs: [input], steps: [{ operation: 'convert', to: 'png' }], ...more }) });
}

function planting(place: (typeof PLACES)[number]): Planted {
  const made = plant(place);
  planted.push(made);
  return made;
}

const ended = (id: string) =>
  until(`the end of ${id}`, async () => {
    const { body } = await call(`/v1/jobs/${id}`);
    await call(`/v1/jobs/${id}/events`);
    return ['completed', 'failed', 'canceled'].includes(body.status) ? body : null;
  });
const at = (vendor: Vendor) => ({ routing: { only: [vendor], maxAttempts: 1 } });
const rowsLeft = async () => (await database.query<{ count: number }>('SELECT count(*)::int AS count FROM credential'))[0]?.count;

/** What a vendor says that repeats all it was given: the caller's secrets, and the account's key. */
const repeating = ({ vendor, canaries }: Planted): string => `Access denied for ${canaries.join(' and ')} with ${vendor === 'api2convert' ? API2CONVERT_KEY : RUNCONVERT_KEY}.`;

async function sent(what: Planted, more: object = at(what.vendor)): Promise<Said['body']> {
  const { status, body } = await post(what.input, more);
  expect({ status, code: body.code }).toEqual({ status: 202, code: undefined });
  return ended(body.id);
}

describe.each(PLACES.map((place) => [place[0], String(place[1]['type']), place] as const))('at %s, an input of type %s', (vendor, type, place) => {
  it('is fetched by the vendor, with the caller\'s credentials', async () => {
    const what = planting(place);
    const job = await sent(what);
    expect([job.status, job.attempts.map(({ error }) => error)]).toEqual(['completed', [null]]);
    const { credentials: _credentials, ...shown } = what.input;
    expect(job.inputs[0]).toMatchObject({ ...shown, id: 'input-1', status: 'ready', filename: type === 'google-drive' ? null : `${what.word}.jpg` });
    expect(Object.keys(job.inputs[0] ?? {})).not.toEqual(expect.arrayContaining([expect.stringMatching(/credential/i)]));
    expect(doubles[vendor].faults).toEqual([]);
  });

  it('fails the job when the vendor cannot fetch it, and what the vendor repeats is not passed on', async () => {
    const what = planting(place);
    if (vendor === 'api2convert') doubles.api2convert.behaveFor(what.word, { ending: { source: 'input', code: 99, message: repeating(what) } });
    else doubles.runconvert.behaveFor(what.word, { ending: { code: 'processing_failed', message: repeating(what), at: 'import' } });
    const job = await sent(what);
    expect(job.error).toMatchObject({ code: 'source_unreachable' });
    expect(job.attempts[0]?.error?.message).toContain('Access denied for [redacted]');
  });

  it('is refused at the create by a vendor that repeats everything', async () => {
    const what = planting(place);
    const intercept = ({ method }: RecordedRequest) => (method === 'POST' ? { status: 422, body: { code: 8, message: repeating(what), errors: {} } } : undefined);
    doubles[vendor].behaveFor(what.word, { intercept });
    const job = await sent(what);
    expect(job.status).toBe('failed');
    expect(job.attempts[0]?.error?.message).toContain('Access denied for [redacted]');
  });
});

it('a place that one vendor alone has goes there of itself', async () => {
  const places = PLACES.filter(([, { type }]) => ['ftp', 'google-drive', 'sftp'].includes(String(type)));
  for (const place of places) expect((await sent(planting(place), {})).status).toBe('completed');
});

it('what a vendor has no field for is refused there, at the input, with the reason', async () => {
  const what = planting(PLACES[0] as (typeof PLACES)[number]);
  const token = planting(PLACES[4] as (typeof PLACES)[number]);
  const over = (more: object) => ({ ...what.input, ...more });
  const cases: readonly (readonly [object, object, string, string, RegExp])[] = [
    [{ ...over({}), projectId: 'x' }, {}, 'invalid_request', '/inputs/0/projectId', /no field/],
    [over({ endpoint: 'https://s3.example.com' }), {}, 'unsupported_conversion', '/inputs/0', /endpoint.*endpoint/],
    [over({ endpoint: 'http://10.0.0.1' }), {}, 'invalid_request', '/inputs/0/endpoint', /public/],
    [over({ credentials: { ...(what.input['credentials'] as object), password: 'x' } }), {}, 'invalid_request', '/inputs/0/credentials/password', /no such credential/],
    [over({ credentials: JSON.stringify(what.input['credentials']) }), {}, 'invalid_request', '/inputs/0/credentials', /object/],
    [{ ...token.input, folderId: 'x' }, {}, 'invalid_request', '/inputs/0/folderId', /./],
    [over({ credentialsRef: 'mine' }), {}, 'invalid_request', '/inputs/0/credentialsRef', /not supported yet/],
  ];
  for (const [input, more, code, pointer, message] of cases) {
    const { status, body } = await post(input, more);
    expect({ status, code: body.code, told: body.errors?.map((error) => error.pointer) }).toEqual({ status: 422, code, told: expect.arrayContaining([pointer]) as string[] });
    expect(body.errors?.find((error) => error.pointer === pointer)?.message).toMatch(message);
  }
});

it('while a job waits its credentials lie sealed; a changed byte fails the job before any vendor hears of it', async () => {
  const what = planting(PLACES[0] as (typeof PLACES)[number]);
  const { body } = await post(what.input, { inputs: [{ id: 'mine', ...what.input }, { id: 'file', type: 'upload', filename: 'a.jpg' }] });
  expect(await rowsLeft()).toBe(1);
  await expectNoTraces();
  await database.query('UPDATE credential SET sealed = set_byte(sealed, 40, get_byte(sealed, 40) # 1)');
  await call(`/v1/jobs/${body.id}/inputs/file/content`, { method: 'PUT', body: 'bytes' });
  const job = await ended(body.id);
  expect(job.error).toMatchObject({ code: 'invalid_input' });
  expect(job.attempts.map(({ error }) => [error?.kind, error?.code])).toEqual([['invalid_input', 'credential_unusable']]);
  expect(job.attempts[0]?.error?.message).toContain('SECRETS_KEY');
  expect(Object.values(doubles).some(({ requests }) => requests.some((request) => request.body.includes(what.word)))).toBe(false);
  planted.splice(planted.indexOf(what), 1);
});

it('a callback that repeats credentials leaves none of them behind', async () => {
  const what = planting(PLACES[0] as (typeof PLACES)[number]);
  doubles.api2convert.behaveFor(what.word, { ending: 'hold' });
  const { body } = await post(what.input, at('api2convert'));
  const held = await until('the vendor\'s job', async () => [...doubles.api2convert.jobs.values()].find((job) => job.started && JSON.stringify(job.inputs).includes(what.word)) ?? null);
  const told = () => fetch(held.callback, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ ...doubles.api2convert.document(held), at: Math.random() }) });
  expect((await told()).ok).toBe(true);
  await expectNoTraces();
  await call(`/v1/jobs/${body.id}/cancel`, { method: 'POST' });
  // Late news: the credentials are erased by now, and nothing could be compared with them any more.
  expect((await told()).ok).toBe(true);
  await expectNoTraces();
  const kept = await database.query<{ body: string }>('SELECT body FROM callback WHERE attempt_id = (SELECT id FROM attempt WHERE job_id = $1)', [body.id]);
  expect(kept).toHaveLength(2);
  // Its shape alone: an operator sees what came, and no word of the caller's.
  for (const one of kept) expect(JSON.parse(one.body)).toMatchObject({ token: '[text of 32]', input: [{ source: '[text of 8]', credentials: { accesskeyid: expect.stringMatching(/^\[text of \d+\]$/) as string } }] });
});

it('at the end no credential is left, and none can be found anywhere', async () => {
  await call('/v1/jobs?limit=200');
  expect(await rowsLeft()).toBe(0);
  await expectNoTraces();
});

it('the control: every one of them did reach its vendor, in one request, and the other vendor never', () => {
  const reached = planted.filter(({ word }) => Object.values(doubles).some(({ requests }) => requests.some(({ body }) => body.includes(word))));
  expect(reached.length).toBeGreaterThanOrEqual(PLACES.length * 3);
  for (const { vendor, canaries } of reached) {
    const other = vendor === 'api2convert' ? doubles.runconvert : doubles.api2convert;
    for (const canary of canaries) {
      expect(doubles[vendor].requests.filter(({ body }) => body.includes(canary)).map(({ method, path }) => `${method} ${path}`)).toEqual([vendor === 'api2convert' ? 'POST /v2/jobs' : 'POST /v2/process/jobs']);
      expect(other.requests.some(({ body, path, query, headers }) => `${body.toString()}${path}${String(query)}${JSON.stringify(headers)}`.includes(canary))).toBe(false);
    }
  }
});

/** Everything that the gateway keeps, wrote or said, by the place where it was found. */
async function everything(): Promise<Record<string, string>> {
  const tables = await database.query<{ name: string }>(`SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'`);
  const rows = await Promise.all(tables.map(async ({ name }) => [`table ${name}`, JSON.stringify(await database.query(`SELECT to_jsonb(t) AS row FROM "${name}" t`))] as const));
  const files = (await readdir(gateway.dataDir, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const staged = await Promise.all(files.map(async ({ parentPath, name }) => (await readFile(join(parentPath, name))).toString('latin1')));
  return { ...Object.fromEntries(rows), output: gateway.output(), answers: answers.join('\n'), staged: staged.join('\n') };
}

async function expectNoTraces(): Promise<void> {
  const places = await everything();
  const secrets = [...planted.flatMap(({ canaries }) => canaries), API2CONVERT_KEY, RUNCONVERT_KEY].flatMap(tracesOf);
  expect(Object.entries(places).flatMap(([place, text]) => secrets.filter((secret) => text.includes(secret)).map((secret) => `${secret} in ${place}`))).toEqual([]);
  // The search finds what is there.
  const word = planted[0]?.word ?? '';
  expect([places['table job'], places['answers']].map((text) => text?.includes(word))).toEqual([true, true]);
  expect(places['staged']?.length).toBeGreaterThan(0);
}
