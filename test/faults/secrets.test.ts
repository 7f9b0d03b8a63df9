import { api2convertDouble, API2CONVERT_KEY, type Api2convertDouble } from '../doubles/api2convert-double.ts';
import type { Answer, RecordedRequest } from '../doubles/recording-server.ts';
import { runconvertDouble, RUNCONVERT_KEY, type RunconvertDouble } from '../doubles/runconvert-double.ts';
import type { Gateway } from '../support/gateway.ts';
import { secretsKept } from './auditor/secrets.ts';
import type { View } from './support/caller.ts';
import { ask, askPatiently, pause, type Said } from './support/stream.ts';
import { CANARIES, openWorld, type World } from './support/world.ts';

// Credentials of stores, in every spelling and place, are test/e2e/credentials.test.ts; redirects that would carry them are test/unit/fetching.test.ts.
const SECRETS = { ...CANARIES, api2convert: API2CONVERT_KEY, runconvert: RUNCONVERT_KEY, store: 'canary-store-secret-e01b', header: 'canary-header-7be2', stranger: 'canary-key-of-a-stranger-44', callbackSecret: 'canary-callback-secret-9d', seal: Buffer.alloc(32, 7).toString('base64') };

let world: World;
let doubles: { readonly api2convert: Api2convertDouble; readonly runconvert: RunconvertDouble };
let gateway: Gateway;
/** All that callers were answered. */
const answers: string[] = [];

beforeAll(async () => {
  const [opened, api2convert, runconvert] = await Promise.all([openWorld({ variables: { LOG_LEVEL: 'trace' } }), api2convertDouble(), runconvertDouble()]);
  [world, doubles] = [opened, { api2convert, runconvert }];
  gateway = await world.gateway({ API2CONVERT_API_KEY: API2CONVERT_KEY, API2CONVERT_BASE_URL: api2convert.baseUrl, API2CONVERT_WEBHOOK_SECRET: SECRETS.callbackSecret, RUNCONVERT_API_KEY: RUNCONVERT_KEY, RUNCONVERT_BASE_URL: runconvert.baseUrl });
});

beforeEach(() => {
  doubles.api2convert.behave();
  doubles.runconvert.behave();
});

afterEach(() => keepsSecrets());

afterAll(() => Promise.all([world.close(), doubles.api2convert.close(), doubles.runconvert.close()]));

async function call(path: string, init: RequestInit = {}): Promise<Said> {
  const said = await askPatiently(gateway, path, init);
  answers.push(said.text);
  return said;
}

const post = (body: unknown, headers: Record<string, string> = {}) => call('/v1/jobs', { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: typeof body === 'string' ? body : JSON.stringify(body) });

/** The end of a job, with all that can be read of it. */
async function done(body: object): Promise<View> {
  const said = await post(body);
  expect([said.status, said.text.slice(0, 0)]).toEqual([202, '']);
  const { id } = JSON.parse(said.text) as { id: string };
  const end = await world.caller.ended(id, 30_000);
  for (const path of [`/v1/jobs/${id}`, `/v1/jobs/${id}/events`]) await call(path);
  return end;
}

async function keepsSecrets(): Promise<void> {
  const metrics = (await ask(gateway, '/metrics')).text;
  const evidence = { query: world.postgres.query, ledger: { creates: [], jobs: [] }, received: [], accepted: [], staging: world.staging, texts: [gateway.output(), metrics, ...answers, ...world.receiver.received.map(({ raw }) => raw)], canaries: Object.values(SECRETS) };
  expect(await secretsKept(evidence)).toEqual([]);
  // Neither vendor is told what is the other's, nor what is ours.
  const whole = ({ path, query, headers, body }: RecordedRequest): string => `${path}?${query.toString()} ${JSON.stringify(headers)} ${body.toString('latin1')}`;
  for (const [mine, requests] of [['api2convert', doubles.api2convert.requests], ['runconvert', doubles.runconvert.requests]] as const) {
    const others = Object.entries(SECRETS).filter(([name]) => name !== mine && name !== 'store').map(([, secret]) => secret);
    expect(requests.map(whole).filter((text) => others.some((secret) => text.includes(secret)))).toEqual([]);
  }
}

const at = (vendor: string) => ({ routing: { only: [vendor], maxAttempts: 1 } });
const echoing = (secret: string): readonly (readonly [string, Answer])[] => [
  ['a refusal that quotes our key', { status: 401, body: { code: 401, message: `Invalid api key ${secret}`, error: { message: `key ${secret}` } } }],
  ['a refusal that quotes our request', { status: 422, body: { message: 'bad', errors: [{ headers: { authorization: `Bearer ${secret}`, 'x-oc-api-key': secret }, detail: secret }] } }],
  ['a page in HTML', { status: 500, headers: { 'content-type': 'text/html' }, body: `<html>${'x'.repeat(150)} Authorization: Bearer ${secret}</html>` }],
  ['an answer that is none', { status: 200, headers: { 'content-type': 'application/json' }, body: `{"id": "${secret}` }],
  ['headers', { status: 403, headers: { 'x-debug': secret, 'retry-after': secret }, body: { message: 'no', code: secret } }],
];

describe.each([['api2convert', API2CONVERT_KEY], ['runconvert', RUNCONVERT_KEY]] as const)('FI-30: %s repeats our own key in', (vendor, key) => {
  test.each(echoing(key))('%s', async (_name, answer) => {
    let said = 0;
    doubles[vendor].behave({ intercept: (request: RecordedRequest) => (request.method === 'POST' ? ((said += 1), answer) : undefined) });
    expect((await done(world.job(at(vendor)))).status).toBe('failed');
    // The control: it was said.
    expect(said).toBeGreaterThan(0);
  });

  test('the reason why a conversion failed', async () => {
    const message = `Could not write: token ${key} has expired`;
    if (vendor === 'api2convert') doubles.api2convert.behave({ ending: { source: 'conversion', code: 9, message } });
    else doubles.runconvert.behave({ ending: { code: 'UNKNOWN', message } });
    const { status, attempts } = await done(world.job(at(vendor)));
    expect([status, attempts[0]?.error?.message.includes('has expired')]).toEqual(['failed', true]);
  });
});

test('FI-30: what a caller sends wrongly is not sent back to it, nor written down', async () => {
  const bucket = { id: 'file', type: 's3', bucket: 'b', region: 'eu-west-1', key: 'a.jpg' };
  const job = (input: object) => world.job({ inputs: [input] });
  const wrong = [
    job({ ...bucket, credentials: { accessKeyId: 'AKIA', secretAccessKey: SECRETS.store, another: SECRETS.store } }),
    job({ ...bucket, credentials: SECRETS.store }),
    job({ ...bucket, credentials: { accessKeyId: SECRETS.store } }),
    job({ ...bucket, type: 's4', credentials: { secretAccessKey: SECRETS.store } }),
    job({ id: 'file', type: 'url', fetch: 'gateway', url: 'https://files.example.com/a.jpg', headers: [SECRETS.header] }),
    job({ id: 'file', type: 'url', fetch: 'gateway', url: `https://user:${SECRETS.header}@files.example.com/a.jpg` }),
    world.job({ webhook: { url: 'https://hooks.example.com', secret: SECRETS.store } }),
  ];
  for (const body of wrong) expect([(await post(body)).status, JSON.stringify(body)]).toEqual([422, JSON.stringify(body)]);
  for (const body of [`{"credentials": {"secretAccessKey": "${SECRETS.store}", }`, `"${SECRETS.store}`, `{${SECRETS.store}}`, `{"a": ${SECRETS.store}`]) expect((await post(body)).status).toBe(400);
  const stranger = await call('/v1/jobs', { headers: { authorization: `Bearer ${SECRETS.stranger}` } });
  expect([stranger.status, (await call(`/v1/callbacks/api2convert/${SECRETS.stranger}`, { method: 'POST', body: '{}' })).status]).toEqual([401, 404]);
});

test('FI-30: a database that quotes the row it refuses, and one that fails in the middle, tell nothing of it', async () => {
  await world.postgres.query('ALTER TABLE job ADD CONSTRAINT nothing CHECK (false) NOT VALID');
  const refused = await post(world.job({ metadata: { note: SECRETS.header } }));
  await world.postgres.query('ALTER TABLE job DROP CONSTRAINT nothing');
  expect([refused.status, (JSON.parse(refused.text) as { code: string }).code]).toEqual([500, 'internal_error']);
  // The control: it was written down, without the row.
  expect(gateway.output()).toContain('violates check constraint');
});

test('FI-30: a signed address goes to the vendor that fetches it, and into no log, metric or error', async () => {
  const token = 'canary-url-token-51fa';
  doubles.api2convert.behave({ ending: { source: 'input', code: 1, message: `Could not download https://files.example.com/a.jpg?X-Amz-Signature=${token}` } });
  const end = await done(world.job({ inputs: [{ id: 'file', type: 'url', url: `https://files.example.com/a.jpg?X-Amz-Signature=${token}` }], ...at('api2convert') }));
  expect(end.status).toBe('failed');
  expect(doubles.api2convert.requests.some(({ body }) => body.includes(token))).toBe(true);
  expect([gateway.output(), (await ask(gateway, '/metrics')).text].filter((text) => text.includes(token))).toEqual([]);
});

test('FI-38: nobody writes a line of the log but the service', async () => {
  const forged = 'a\n{"level":60,"msg":"forged"}\r\n{"level":60,"msg":"forged"}';
  const from = gateway.output().length;
  doubles.api2convert.behave({ ending: { source: 'conversion', code: 9, message: forged } });
  const name = `${forged}.jpg`;
  await done(world.job({ tag: 'line', inputs: [{ id: 'file', type: 'url', url: 'https://files.example.com/a.jpg', filename: 'forged.jpg' }], metadata: { [forged]: forged }, ...at('api2convert') }));
  await post(world.job({ tag: forged, inputs: [{ id: 'file', type: 'url', url: 'https://files.example.com/a.jpg', filename: name }] }));
  const form = new FormData();
  form.set('file', new Blob(['text']), name);
  await call('/v1/convert?to=html&wait=1', { method: 'POST', body: form });
  await call(`/v1/jobs/${encodeURIComponent(forged)}`, { headers: { 'user-agent': 'a {"level":60,"msg":"forged"}' } });
  await call(`/v1/callbacks/${encodeURIComponent(forged)}/x`, { method: 'POST', body: forged });
  await pause(500);
  const lines = gateway.output().slice(from).split('\n').filter((line) => line !== '');
  const parsed = lines.map((line) => JSON.parse(line) as { level: number; msg?: string });
  expect(parsed.filter(({ level, msg }) => level >= 60 || msg === 'forged')).toEqual([]);
  // The control: the vendor's words were written down, as one line of ours.
  expect(parsed.some(({ msg }) => msg?.includes('forged') === true)).toBe(true);
});

test('FI-38: no caller makes the metrics grow', async () => {
  const series = async () => (await ask(gateway, '/metrics')).text.split('\n').filter((line) => line !== '' && !line.startsWith('#') && !line.startsWith('nodejs_')).length;
  await call('/v1/callbacks/nobody/nothing', { method: 'POST', body: '{}' });
  const before = await series();
  for (let turn = 0; turn < 150; turn += 1) {
    const word = `x${crypto.randomUUID()}`;
    await Promise.all([
      call(`/v1/callbacks/${word}/${word}`, { method: 'POST', body: `{"${word}":1}` }),
      call(`/${word}/${word}`),
      call(`/v1/jobs/${word}`, { method: turn % 2 === 0 ? 'GET' : 'DELETE', headers: { 'user-agent': word } }),
      post(world.job({ routing: { only: [word] } })),
    ]);
  }
  expect(await series()).toBe(before);
});
