import { api2convertDouble, API2CONVERT_KEY, type Api2convertDouble } from '../doubles/api2convert-double.js';
import type { Answer, RecordedRequest } from '../doubles/recording-server.js';
import { finish, runconvertDouble, RUNCONVERT_KEY, type RunconvertDouble } from '../doubles/runconvert-double.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { startGateway, type Gateway } from '../support/gateway.js';
import { ended, eventsOf, jobOf, running, send, until, type JobView } from './support/rest.js';

let database: TestDatabase;
let runconvert: RunconvertDouble;
let api2convert: Api2convertDouble;
let gateway: Gateway;

beforeAll(async () => {
  [database, runconvert, api2convert] = await Promise.all([testDatabase(), runconvertDouble(), api2convertDouble()]);
  gateway = await startGateway({
    DATABASE_URL: database.url, POLL_FLOOR_MS: '50', POLL_CEILING_MS: '100',
    API2CONVERT_API_KEY: API2CONVERT_KEY, API2CONVERT_BASE_URL: api2convert.baseUrl, RUNCONVERT_API_KEY: RUNCONVERT_KEY, RUNCONVERT_BASE_URL: runconvert.baseUrl,
  });
});

afterAll(async () => {
  // A create hangs: a proper stop would wait for it.
  await gateway.kill();
  await Promise.all([runconvert.close(), api2convert.close(), database.drop()]);
});

let words = 0;
const newWord = () => `cancel-${(words += 1)}-here`;
const job = (word: string, vendor: string, routing: object = {}) => ({ inputs: [{ type: 'url', url: `https://files.example.com/${word}.jpg` }], steps: [{ operation: 'convert', to: 'png' }], routing: { only: [vendor], ...routing } });
const doubleOf = (vendor: string) => (vendor === 'runconvert' ? runconvert : api2convert);
const createsOf = (vendor: string, word: string) => doubleOf(vendor).requests.filter(({ method, path, body }) => method === 'POST' && path.endsWith('/jobs') && body.includes(word)).length;
const isCreate = ({ method, path }: RecordedRequest) => method === 'POST' && path.endsWith('/jobs');
const isCanceledThere = (providerJobId: string) => api2convert.to('DELETE', new RegExp(`/jobs/${providerJobId}$`)).length > 0;

async function cancel(id: string): Promise<void> {
  const answer = await gateway.call(`/v1/jobs/${id}/cancel`, { method: 'POST' });
  expect([answer.status, ((await answer.json()) as JobView).status]).toEqual([202, 'canceled']);
}

describe.each(['api2convert', 'runconvert'])('a job that is canceled while %s takes its time with the create', (vendor) => {
  it('has ended at once; what the vendor answers later is written down, and canceled where that can be done', async () => {
    const word = newWord();
    let answer: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (answer = resolve));
    doubleOf(vendor).behaveFor(word, { ending: 'hold', intercept: (request) => (isCreate(request) ? gate.then((): Answer | undefined => undefined) : undefined) });
    const { id } = await send(gateway, job(word, vendor));
    await until('the create', async () => (createsOf(vendor, word) === 1 ? true : null));
    await cancel(id);
    answer();
    const { providerJobId } = await until('the vendor\'s job', async () => (await jobOf(gateway, id)).attempts.find((attempt) => attempt.providerJobId !== null) ?? null);
    if (vendor === 'api2convert') await until('the cancel', async () => (isCanceledThere(providerJobId ?? '') ? true : null));
    expect((await eventsOf(gateway, id)).slice(-2).map(({ type }) => type)).toEqual(['job.canceled', 'attempt.orphan_found']);
    expect(await jobOf(gateway, id)).toMatchObject({ status: 'canceled', outputs: [], attempts: [{ status: 'abandoned' }] });
    // Nothing that was made so is started.
    expect([createsOf(vendor, word), api2convert.to('PATCH', new RegExp(`/jobs/${providerJobId}$`)).length]).toEqual([1, 0]);
  });
});

it('a job that is canceled while it runs is canceled at api2convert; at RunConvert, which has no cancel, what it comes to is written down as waste', async () => {
  const jobs = await Promise.all(['api2convert', 'runconvert'].map(async (vendor) => {
    const word = newWord();
    doubleOf(vendor).behaveFor(word, { ending: 'hold' });
    const { id } = await send(gateway, job(word, vendor));
    const { attempts } = await running(gateway, id);
    await cancel(id);
    return { id, providerJobId: attempts[0]?.providerJobId ?? '' };
  }));
  const [canceled, wasted] = jobs as [(typeof jobs)[number], (typeof jobs)[number]];
  await until('the cancel', async () => (isCanceledThere(canceled.providerJobId) ? true : null));
  const theirs = runconvert.jobs.get(wasted.providerJobId);
  if (theirs === undefined) throw new Error('RunConvert has no such job');
  finish(theirs);
  await database.query('UPDATE attempt SET watch_due_at = now() - make_interval(secs => 1) WHERE watch_due_at IS NOT NULL');
  const stateOf = async (id: string) => (await database.query<{ late_state: string | null; waste: boolean }>('SELECT late_state, waste FROM attempt WHERE job_id = $1', [id]))[0];
  await until('what became of them', async () => ((await stateOf(canceled.id))?.late_state && (await stateOf(wasted.id))?.late_state ? true : null));
  expect([await stateOf(canceled.id), await stateOf(wasted.id)]).toEqual([{ late_state: 'canceled', waste: false }, { late_state: 'succeeded', waste: true }]);
  expect((await eventsOf(gateway, canceled.id)).at(-1)?.type).toBe('job.canceled');
  const events = await eventsOf(gateway, wasted.id);
  expect(events.slice(-2).map(({ type }) => type)).toEqual(['job.canceled', 'attempt.late_success']);
  expect(await jobOf(gateway, wasted.id)).toMatchObject({ status: 'canceled', outputs: [] });

  // A stream of it ends all the same, wherever it goes on; behind its very last event there is nothing.
  const resume = async (after: number) => gateway.call(`/v1/jobs/${wasted.id}/events`, { headers: { accept: 'text/event-stream', 'last-event-id': String(after) } });
  expect((await (await resume(events.length - 1)).text()).match(/^event: .*$/gm)).toEqual(['event: attempt.late_success']);
  expect((await resume(events.length)).status).toBe(204);
});

it('a deadline ends the job whatever its create does, and maxAttempts the tries', async () => {
  const [late, refused] = [newWord(), newWord()];
  api2convert.behaveFor(late, { intercept: (request) => (isCreate(request) ? 'hang' : undefined) });
  api2convert.behaveFor(refused, { intercept: (request) => (isCreate(request) ? { status: 503 } : undefined) });
  const [one, other] = await Promise.all([send(gateway, job(late, 'api2convert', { deadlineSeconds: 2 })), send(gateway, job(refused, 'api2convert', { maxAttempts: 2 }))]);
  expect(await ended(gateway, one.id)).toMatchObject({ status: 'failed', error: { code: 'deadline_exceeded' }, attempts: [{ status: 'abandoned' }] });
  expect(await ended(gateway, other.id)).toMatchObject({ status: 'failed', error: { code: 'providers_exhausted' } });
  expect([createsOf('api2convert', late), createsOf('api2convert', refused), (await jobOf(gateway, other.id)).attempts.length]).toEqual([1, 2, 2]);
});
