import { api2convertDouble, API2CONVERT_KEY, type Api2convertDouble } from '../doubles/api2convert-double.js';
import { runconvertDouble, RUNCONVERT_KEY, type RunconvertDouble } from '../doubles/runconvert-double.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { startGateway, type Gateway } from '../support/gateway.js';
import { until } from './support/rest.js';

type Vendor = 'api2convert' | 'runconvert';
type Fields = Readonly<Record<string, unknown>>;

interface Said {
  readonly status: number;
  readonly body: {
    readonly id: string; readonly status: string; readonly code?: string;
    readonly error: { readonly code: string; readonly message: string } | null;
    readonly errors?: readonly { readonly pointer: string; readonly message: string }[];
    readonly exports: readonly Fields[]; readonly outputs: readonly { readonly step: string; readonly url: string }[];
    readonly steps: readonly { readonly status: string }[]; readonly attempts: readonly { readonly provider: string; readonly status: string }[];
  };
}

const CANARY = 'c4nary-of-the-exports';
const SECRET = { accessKeyId: `${CANARY}-id`, secretAccessKey: `${CANARY}-key` };
const LOGIN = { username: `${CANARY}-user`, password: `${CANARY}-password` };
const S3 = { id: 'bucket', type: 's3', bucket: 'my-bucket', region: 'eu-west-1', key: 'out/photo.png', credentials: SECRET };

let database: TestDatabase;
let doubles: { readonly api2convert: Api2convertDouble; readonly runconvert: RunconvertDouble };
let gateway: Gateway;

beforeAll(async () => {
  const [made, api2convert, runconvert] = await Promise.all([testDatabase(), api2convertDouble(), runconvertDouble()]);
  [database, doubles] = [made, { api2convert, runconvert }];
  gateway = await startGateway({
    DATABASE_URL: database.url, LOG_LEVEL: 'trace', POLL_FLOOR_MS: '50', POLL_CEILING_MS: '100',
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

async function call(path: string, init?: RequestInit): Promise<Said> {
  const answer = await gateway.call(path, init);
  const text = await answer.text();
  expect(text).not.toContain(CANARY);
  return { status: answer.status, body: JSON.parse(text) as Said['body'] };
}

const post = (exports: readonly Fields[], more: object = {}): Promise<Said> =>
  call('/v1/jobs', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ inputs: [{ type: 'url', url: 'https://example.com/photo.jpg' }], steps: [{ id: 'png', operation: 'convert', to: 'png' }], exports, ...more }) });

async function done(exports: readonly Fields[], more: object = {}): Promise<Said['body']> {
  const { status, body } = await post(exports, more);
  expect({ status, errors: body.errors }).toEqual({ status: 202, errors: undefined });
  return until(`the end of ${body.id}`, async () => {
    const { body: now } = await call(`/v1/jobs/${body.id}`);
    return ['completed', 'failed'].includes(now.status) ? now : null;
  });
}

const at = (vendor: Vendor) => ({ routing: { only: [vendor] } });
const events = async (id: string) => ((await call(`/v1/jobs/${id}/events`)).body as unknown as { data: { type: string; detail: Fields }[] }).data.filter(({ type }) => type.startsWith('export.'));

it.each<Vendor>(['api2convert', 'runconvert'])('%s delivers a result itself, and the job completes when it arrived', async (vendor) => {
  const job = await done([S3], at(vendor));
  const { credentials: _credentials, ...shown } = S3;
  expect(job).toMatchObject({ status: 'completed', error: null, exports: [{ ...shown, inputs: ['png'], status: 'delivered', error: null }] });
  expect(JSON.stringify(job.exports)).not.toMatch(/credential/i);
  expect(doubles[vendor].faults).toEqual([]);
  expect(doubles[vendor].requests.some(({ body }) => body.includes(`${CANARY}-key`))).toBe(true);
  expect(await events(job.id)).toMatchObject([{ type: 'export.delivered', detail: { export: 'bucket' } }]);
  expect(await database.query('SELECT count(*)::int AS left FROM credential')).toEqual([{ left: 0 }]);
});

it('what the vendor keeps beside the delivery is an output too; what it does not keep is none', async () => {
  expect((await done([S3], at('runconvert'))).outputs).toMatchObject([{ step: 'png' }]);
  expect((await done([S3], at('api2convert'))).outputs).toEqual([]);
});

it.each<Vendor>(['api2convert', 'runconvert'])('%s cannot deliver: the job fails for that alone, its secrets unsaid', async (vendor) => {
  doubles[vendor].behave({ delivery: { refused: `Access denied for ${CANARY}-key.` } });
  const job = await done([S3], at(vendor));
  expect(job).toMatchObject({ status: 'failed', error: { code: 'export_failed' }, steps: [{ status: 'done' }], exports: [{ status: 'undeliverable' }], attempts: [{ status: 'succeeded' }] });
  expect(`${job.error?.message} ${String(job.exports[0]?.['error'])}`).toMatch(/"bucket".*Access denied for \[redacted\].*Access denied/);
  expect(job.outputs).toHaveLength(vendor === 'runconvert' ? 1 : 0);
  expect(await events(job.id)).toMatchObject([{ type: 'export.undeliverable', detail: { export: 'bucket' } }]);
});

it('one export of several fails, the others are delivered all the same', async () => {
  const steps = [{ id: 'png', operation: 'convert', to: 'png' }, { id: 'page', operation: 'capture', url: 'https://refused.example.com', to: 'pdf' }];
  doubles.runconvert.behaveFor('refused.example.com', { delivery: { refused: 'Quota exceeded.' } });
  const exports = [{ ...S3, inputs: ['png'] }, { id: 'server', type: 'sftp', host: 'sftp.example.com', path: '/out/page.pdf', credentials: LOGIN, inputs: ['page'] }];
  const job = await done(exports, { steps: [steps[0], { ...steps[1] }], routing: { prefer: ['api2convert'] } });
  expect(job.attempts.map(({ provider }) => provider).sort()).toEqual(['api2convert', 'runconvert']);
  expect(job).toMatchObject({ status: 'failed', error: { code: 'export_failed' }, exports: [{ id: 'bucket', status: 'delivered' }, { id: 'server', status: 'undeliverable' }] });
});

it('goes to whoever can deliver it', async () => {
  const sftp = { type: 'sftp', host: 'sftp.example.com', path: '/out/photo.png', credentials: LOGIN };
  expect((await done([sftp])).attempts).toMatchObject([{ provider: 'runconvert' }]);
  expect((await done([{ type: 'google-drive', folderId: 'folder', filename: 'photo.png', credentials: { token: CANARY } }])).attempts).toMatchObject([{ provider: 'api2convert' }]);
  expect((await done([{ type: 'youtube', title: 'Holidays', credentials: { token: CANARY } }])).attempts).toMatchObject([{ provider: 'api2convert' }]);
});

it('a result that a later step takes as well is delivered where the vendor keeps it', async () => {
  const steps = [{ id: 'small', operation: 'compress' }, { id: 'png', operation: 'convert', to: 'png' }];
  const exports = [{ ...S3, inputs: ['small'], key: 'out/small.jpg' }];
  const job = await done(exports, { steps, routing: { prefer: ['api2convert'] } });
  expect(job).toMatchObject({ status: 'completed', exports: [{ status: 'delivered' }], outputs: [{ step: 'png' }] });
  expect(job.attempts[0]).toMatchObject({ provider: 'runconvert' });
});

it('what nobody can deliver is refused at the export, with every reason', async () => {
  const steps = [{ id: 'small', operation: 'compress' }, { id: 'png', operation: 'convert', to: 'png' }];
  const drive = { type: 'google-drive', credentials: { token: CANARY }, inputs: ['small'] };
  expect(await post([drive], { steps })).toMatchObject({ status: 422, body: { code: 'unsupported_conversion', errors: [{ pointer: '/exports/0', message: expect.stringMatching(/api2convert.*another step.*runconvert.*google-drive/) as string }] } });
  expect(await post([{ ...S3, endpoint: 'https://s3.example.com' }])).toMatchObject({ status: 422, body: { errors: [{ pointer: '/exports/0', message: expect.stringMatching(/endpoint.*endpoint/) as string }] } });
  expect(await post([{ ...S3, key: 'out/' }])).toMatchObject({ status: 422, body: { code: 'invalid_request', errors: [{ pointer: '/exports/0/key' }] } });
});

it('a delivery is made again by the next vendor when the first fails before it', async () => {
  doubles.api2convert.behave({ ending: { source: 'conversion', code: 1, message: 'Broken.' } });
  const job = await done([S3], { routing: { prefer: ['api2convert'] } });
  expect(job).toMatchObject({ status: 'completed', exports: [{ status: 'delivered' }] });
  expect(job.attempts.map(({ provider, status }) => [provider, status])).toEqual([['api2convert', 'errored'], ['runconvert', 'succeeded']]);
});

it('a callback that repeats an export\'s credentials leaves none of them behind', async () => {
  doubles.api2convert.behave({ ending: 'hold' });
  const { body } = await post([S3], at('api2convert'));
  const held = await until('the vendor\'s job', async () => [...doubles.api2convert.jobs.values()].find((job) => job.started && job.ended === null) ?? null);
  const told = await fetch(held.callback, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ ...doubles.api2convert.document(held), echo: S3.credentials }) });
  expect(told.ok).toBe(true);
  const [kept] = await database.query<{ body: string }>('SELECT body FROM callback WHERE attempt_id = (SELECT id FROM attempt WHERE job_id = $1)', [body.id]);
  expect(kept?.body).not.toContain(CANARY);
  expect(Object.keys(JSON.parse(kept?.body ?? '{}') as object)).toContain('echo');
  await call(`/v1/jobs/${body.id}/cancel`, { method: 'POST' });
});

it('the control: nothing that was kept or logged holds a credential', async () => {
  const tables = await database.query<{ name: string }>(`SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'`);
  const rows = await Promise.all(tables.map(async ({ name }) => JSON.stringify(await database.query(`SELECT to_jsonb(t) AS row FROM "${name}" t`))));
  expect([...rows, gateway.output()].filter((text) => text.includes(CANARY))).toEqual([]);
  expect(rows.some((text) => text.includes('my-bucket'))).toBe(true);
});
