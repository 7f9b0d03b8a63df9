import { runconvertDouble, RUNCONVERT_KEY, type RunconvertDouble } from '../doubles/runconvert-double.js';
import { api2convertDouble, API2CONVERT_KEY, type Api2convertDouble } from '../doubles/api2convert-double.js';
import type { Answer, RecordedRequest } from '../doubles/recording-server.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { startGateway, type Gateway } from '../support/gateway.js';
import { ended, eventsOf, jobOf, send, until } from '../e2e/support/rest.js';

let database: TestDatabase;
let runconvert: RunconvertDouble;
let api2convert: Api2convertDouble;
let gateway: Gateway;

beforeAll(async () => {
  [database, runconvert, api2convert] = await Promise.all([testDatabase(), runconvertDouble(), api2convertDouble()]);
  gateway = await start();
});

beforeEach(() => runconvert.behave());

afterAll(async () => {
  await gateway.stop();
  await Promise.all([runconvert.close(), api2convert.close(), database.drop()]);
});

const start = (): Promise<Gateway> =>
  startGateway({
    DATABASE_URL: database.url, POLL_FLOOR_MS: '50', POLL_CEILING_MS: '100',
    API2CONVERT_API_KEY: API2CONVERT_KEY, API2CONVERT_BASE_URL: api2convert.baseUrl, RUNCONVERT_API_KEY: RUNCONVERT_KEY, RUNCONVERT_BASE_URL: runconvert.baseUrl,
  });

let words = 0;
/** A job whose input has a word of its own, by which the double knows it. */
const job = (word: string, more: object = {}) => ({ inputs: [{ type: 'url', url: `https://files.example.com/${word}.jpg` }], steps: [{ operation: 'convert', to: 'png' }], routing: { prefer: ['runconvert'] }, ...more });
const newWord = () => `lost-${(words += 1)}-create`;
const createsOf = (word: string) => runconvert.requests.filter(({ method, path, body }) => method === 'POST' && path.endsWith('/process/jobs') && body.includes(word)).length;
const typesOf = async (id: string) => (await eventsOf(gateway, id)).map(({ type }) => type).filter((type) => type.startsWith('attempt.') && type !== 'attempt.progressed');
const isSearch = ({ method, path, query }: RecordedRequest): boolean => method === 'GET' && path.endsWith('/process/jobs') && query.get('limit') === '50' && query.get('offset') === '0';

it.each<[string, Answer]>([
  ['reset', 'reset'],
  ['a gateway\'s 502', { status: 502, body: '<html>bad gateway</html>' }],
  ['a 504', { status: 504 }],
  ['garbage', { status: 201, body: '{"id": ' }],
])('a create that is answered with %s, and whose job runs all the same, is found and adopted: one vendor job', async (_name, createLost) => {
  const word = newWord();
  runconvert.behaveFor(word, { createLost });
  const done = await ended(gateway, (await send(gateway, job(word))).id);
  expect(done).toMatchObject({ status: 'completed', attempts: [{ provider: 'runconvert', status: 'succeeded', error: null, providerJobId: expect.any(String) as string }] });
  expect(done.attempts).toHaveLength(1);
  expect(createsOf(word)).toBe(1);
  expect(await typesOf(done.id)).toEqual(['attempt.submitting', 'attempt.unknown', 'attempt.adopted', 'attempt.running', 'attempt.succeeded']);
});

it('an adopted job gets the uploads that it waits for', async () => {
  const word = newWord();
  runconvert.behaveFor(word, { createLost: 'reset' });
  const { id } = await send(gateway, { ...job(word), inputs: [{ id: 'file', type: 'upload', filename: `${word}.jpg` }] });
  await gateway.call(`/v1/jobs/${id}/inputs/file/content`, { method: 'PUT', body: 'bytes of the file' });
  expect(await ended(gateway, id)).toMatchObject({ status: 'completed', attempts: [{ status: 'succeeded' }] });
  expect(createsOf(word)).toBe(1);
});

it('a create that never arrived is sent again, once the vendor was searched twice', async () => {
  const word = newWord();
  let times = 0;
  runconvert.behaveFor(word, { intercept: ({ method }) => (method === 'POST' && (times += 1) === 1 ? 'reset' : undefined) });
  const before = runconvert.requests.filter(isSearch).length;
  const { id } = await send(gateway, job(word));
  await until('the search', async () => ((await jobOf(gateway, id)).attempts[0]?.status === 'unknown' ? true : null));
  const done = await ended(gateway, id);
  expect(done).toMatchObject({ status: 'completed', attempts: [{ provider: 'runconvert', status: 'errored', error: { kind: 'unavailable' } }, { provider: 'runconvert', status: 'succeeded' }] });
  expect([createsOf(word), runconvert.requests.filter(isSearch).length - before]).toEqual([2, 2]);
});

it('a process that dies while its create is answered: the next one finds the job', async () => {
  const word = newWord();
  runconvert.behaveFor(word, { createLost: 'hang' });
  const { id } = await send(gateway, job(word));
  await until('the create', async () => (createsOf(word) === 1 ? true : null));
  await gateway.kill();
  // As if its lease had run out.
  await database.query('UPDATE stage SET lease_until = now() - make_interval(secs => 1) WHERE lease_until IS NOT NULL');
  gateway = await start();
  const done = await ended(gateway, id);
  expect(done).toMatchObject({ status: 'completed', attempts: [{ provider: 'runconvert', status: 'succeeded' }] });
  expect(createsOf(word)).toBe(1);
}, 60_000);

it('a refusal proves that nothing was made: nothing is searched', async () => {
  const word = newWord();
  const before = runconvert.requests.filter(isSearch).length;
  runconvert.behaveFor(word, { intercept: ({ method }) => (method === 'POST' ? { status: 503, body: { message: 'Later' } } : undefined) });
  expect(await ended(gateway, (await send(gateway, job(word))).id)).toMatchObject({ status: 'completed', attempts: [{ provider: 'runconvert' }, { provider: 'runconvert' }, { provider: 'api2convert', status: 'succeeded' }] });
  expect(runconvert.requests.filter(isSearch)).toHaveLength(before);
});
