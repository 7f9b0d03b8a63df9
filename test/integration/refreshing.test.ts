import { JobRefresh } from '../../src/jobs/job-refresh.js';
import { engineRoom, TENANT, until, type EngineRoom } from '../support/engine-room.js';
import { FakeProvider } from '../support/fake-provider.js';

let room: EngineRoom;
let refresh: JobRefresh;
let jobId: string;

beforeAll(async () => {
  room = await engineRoom([new FakeProvider('one', ['convert'])]);
  refresh = new JobRefresh(room.database);
});

beforeEach(async () => {
  await room.empty();
  jobId = (await room.accept({})).id;
  const [lease] = await room.claim();
  if (lease === undefined) throw new Error('nothing is due');
  const { scene, attempt } = await room.running(lease);
  await room.attempts.progressed(scene, attempt, { progress: 10, word: 'busy' }, 'poll', 3_600_000, 60_000);
});

afterAll(() => room.close());

const isStale = async (): Promise<boolean | undefined> => (await room.jobs.find(TENANT, jobId))?.stale;
const age = (more = '') => room.test.query(`UPDATE attempt SET stale_at = now() - interval '1 s'${more}`);
const stage = (set: string) => room.test.query(`UPDATE stage SET ${set}`);
const claimed = async (): Promise<number> => (await room.claim()).length;
/** Says so on the same pool afterwards: by then the word has been heeded. */
const asked = async (times = 1): Promise<void> => {
  for (let time = 0; time < times; time += 1) refresh.ask(jobId);
  await until(async () => (await room.test.query(`SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND query LIKE '%UPDATE stage SET due_at = now() WHERE id IN%' AND pid <> pg_backend_pid()`)).length === 0);
  await new Promise((resolve) => setTimeout(resolve, 50));
};

it('what the vendor told a moment ago is not asked for again', async () => {
  expect(await isStale()).toBe(false);
  await asked();
  expect(await claimed()).toBe(0);
});

it('what is old is, once, however many ask', async () => {
  await age();
  expect(await isStale()).toBe(true);
  await asked(50);
  expect(await claimed()).toBe(1);
  await asked(50);
  expect(await claimed()).toBe(0);
});

it.each<[string, () => Promise<unknown>]>([
  ['somebody works on it', async () => (await age(), await stage(`lease_owner = gen_random_uuid(), lease_until = now() + interval '10 s'`))],
  ['the vendor could not be read, and has its own pause', () => room.test.query('UPDATE attempt SET stale_at = NULL')],
  ['the list of jobs that shows it is being read', async () => (await age(`, listed = 'running'`), await room.test.query(`INSERT INTO roll_call (provider, covers_until) VALUES ('one', now() + interval '1 minute') ON CONFLICT (provider) DO UPDATE SET covers_until = excluded.covers_until`))],
  ['it has ended', async () => (await age(), await room.cancels.cancel(TENANT, jobId))],
])('and not where %s', async (_why, happen) => {
  await happen();
  await asked();
  await stage('lease_owner = NULL, lease_until = NULL');
  expect(await claimed()).toBe(0);
});

it('where the list does not show it, it is', async () => {
  await room.test.query(`INSERT INTO roll_call (provider, covers_until) VALUES ('one', now() + interval '1 minute') ON CONFLICT (provider) DO UPDATE SET covers_until = excluded.covers_until`);
  await age(`, listed = 'ended'`);
  await asked();
  expect(await claimed()).toBe(1);
});
