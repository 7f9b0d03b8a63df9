import { jest } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import type { Claim } from '../../src/jobs/idempotency-claim.js';
import { IdempotencyStore } from '../../src/jobs/idempotency-store.js';
import { IdempotencyService } from '../../src/jobs/idempotency.service.js';
import type { JobBody } from '../../src/conversion/job-body.js';
import { databaseTrouble } from '../../src/platform/database-trouble.js';
import { engineRoom, TENANT, until, type EngineRoom } from '../support/engine-room.js';
import { FakeProvider } from '../support/fake-provider.js';

const BODY: JobBody = { inputs: [{ type: 'url', url: 'https://example.com/a.jpg' }], steps: [{ operation: 'convert', to: 'png' }] };

let room: EngineRoom;

beforeAll(async () => {
  room = await engineRoom([new FakeProvider('one', ['convert'])]);
  await room.test.query(`
    CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF NEW.tag = 'bad' THEN RAISE EXCEPTION 'a bad one' USING ERRCODE = '23514'; END IF;
      IF NEW.tag = 'slow' THEN PERFORM pg_sleep(60); END IF;
      RETURN NEW; END $$`);
  await room.test.query('CREATE TRIGGER spoil BEFORE INSERT ON job FOR EACH ROW EXECUTE FUNCTION spoil()');
});

beforeEach(async () => {
  await room.empty();
  await room.test.query('TRUNCATE idempotency_key');
});

afterEach(() => jest.restoreAllMocks());
afterAll(() => room.close());

const accept = (tag: string | null, claim?: Claim) => room.accepts.accept(TENANT, { ...BODY, tag }, claim);
const claim = (key: string): Claim => ({ tenant: TENANT, key, fingerprint: 'ab', holder: null, answer: ({ id }) => ({ jobId: id, status: 202, headers: {}, body: { id } }) });
const many = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => make(index));
const tags = async () => (await room.test.query<{ tag: string }>('SELECT tag FROM job')).map(({ tag }) => tag).sort();
const commits = async () => (await room.test.query('SELECT DISTINCT xmin::text FROM job')).length;

it('fifty that come at once share a few commits, and each is written whole', async () => {
  const query = jest.spyOn(room.database, 'query');
  const jobs = await Promise.all(many(50, (index) => accept(`t-${index}`)));
  expect(query.mock.calls.length).toBeLessThanOrEqual(4);
  expect(await commits()).toBeLessThanOrEqual(4);
  for (const job of jobs) expect(await room.find(job.id)).toMatchObject({ id: job.id, tag: job.tag, created_at: job.created_at, queued_at: job.queued_at, steps: [{ id: 'step-1', status: 'pending' }], inputs: [{ id: 'input-1' }] });
  expect(await room.test.query('SELECT count(DISTINCT job_id)::int AS jobs, count(*)::int AS rows FROM event')).toEqual([{ jobs: 50, rows: 150 }]);
  expect(await room.claim()).toHaveLength(50);
  // A control: one after the other, each has a commit of its own.
  await room.empty();
  for (const index of many(5, Number)) await accept(`t-${index}`);
  expect(await commits()).toBe(5);
});

it('what few jobs have is written for those that have it, whoever they come with', async () => {
  const webhook = { url: 'https://caller.example/hook' };
  const s3 = { type: 's3', bucket: 'b', region: 'eu-west-1', key: 'k.jpg', credentials: { accessKeyId: 'a', secretAccessKey: 's' } };
  const bodies: Partial<JobBody>[] = [
    {}, { webhook }, { inputs: [{ type: 'base64', data: 'aGVsbG8=', filename: 'a.jpg' }] }, { inputs: [s3] }, { inputs: [{ type: 'upload', filename: 'a.jpg' }], webhook }, {},
  ];
  const jobs = await Promise.all(bodies.map((body, index) => room.accepts.accept(TENANT, { ...BODY, ...body, tag: `t-${index}` }, index === 5 ? claim('order-5') : undefined)));
  // The one with bytes keeps them first.
  expect(await commits()).toBeLessThanOrEqual(2);
  const counted = await room.test.query(`SELECT j.tag, j.status, (SELECT count(*)::int FROM job_webhook w WHERE w.job_id = j.id) AS webhooks, (SELECT count(*)::int FROM delivery d WHERE d.job_id = j.id) AS deliveries,
    (SELECT count(*)::int FROM file f WHERE f.job_id = j.id) AS files, (SELECT count(*)::int FROM credential c WHERE c.job_id = j.id) AS credentials, (SELECT count(*)::int FROM idempotency_key k WHERE k.job_id = j.id) AS keys FROM job j ORDER BY j.tag`);
  const none = { webhooks: 0, deliveries: 0, files: 0, credentials: 0, keys: 0 };
  expect(counted).toEqual([
    { tag: 't-0', status: 'queued', ...none },
    { tag: 't-1', status: 'queued', ...none, webhooks: 1, deliveries: 1 },
    { tag: 't-2', status: 'queued', ...none, files: 1 },
    { tag: 't-3', status: 'queued', ...none, credentials: 1 },
    { tag: 't-4', status: 'awaiting_input', ...none, webhooks: 1 },
    { tag: 't-5', status: 'queued', ...none, keys: 1 },
  ]);
  const [, , , , waiting] = jobs;
  expect([waiting?.queued_at, (await room.find(waiting?.id ?? '')).queued_at]).toEqual([null, null]);
});

it('of fifty with one bad among them that one fails, and no other', async () => {
  const answers = await Promise.allSettled(many(50, (index) => accept(index === 17 ? 'bad' : `t-${index}`)));
  expect(answers.flatMap((answer, index) => (answer.status === 'rejected' ? [[index, (answer.reason as Error).message]] : []))).toEqual([[17, 'a bad one']]);
  expect(await tags()).toEqual(many(50, (index) => `t-${index}`).filter((tag) => tag !== 't-17').sort());
});

it('the same key twenty times at once beside twenty others is one job, and costs the others nothing', async () => {
  const service = new IdempotencyService(new IdempotencyStore(room.database));
  const atOnce = claim('').answer ?? undefined;
  if (atOnce === undefined) throw new Error('there is no answer');
  const query = jest.spyOn(room.database, 'query');
  const once = (key: string, tag: string) =>
    service.once({ tenant: TENANT, key, fingerprint: 'ab' }, { first: async (own) => atOnce(await accept(tag, own)), resume: (id) => Promise.reject(new Error(id)), atOnce });
  const answers = await Promise.all([...many(20, () => once('same', 'same')), ...many(20, (index) => once(`own-${index}`, 'own'))]);
  expect(new Set(answers.slice(0, 20).map(({ jobId }) => jobId)).size).toBe(1);
  expect(await tags()).toEqual([...many(20, () => 'own'), 'same']);
  // Nothing failed as a batch, to be tried again one by one.
  expect(query.mock.calls.filter(([statement]) => typeof statement === 'object' && statement.name.startsWith('insert_jobs')).length).toBeLessThanOrEqual(4);
});

it('a key that another process is about to commit keeps nobody else waiting', async () => {
  const elsewhere = new pg.Client({ connectionString: room.test.url });
  await elsewhere.connect();
  const stranger = await accept('theirs');
  await elsewhere.query('BEGIN');
  await elsewhere.query(`INSERT INTO idempotency_key (tenant, key, fingerprint, job_id, expires_at) VALUES ($1, 'held', 'ab', $2, now() + interval '1 day')`, [TENANT, stranger.id]);
  const held = accept('held', claim('held')).catch((error: unknown) => error);
  const others = many(20, (index) => accept('free', claim(`free-${index}`)));
  await Promise.all(others);
  expect(await tags()).toEqual([...many(20, () => 'free'), 'theirs']);
  expect(await Promise.race([held, pause(100, 'it waits')])).toBe('it waits');
  await elsewhere.query('COMMIT');
  expect(await held).toMatchObject({ name: 'KeyTaken' });
  await elsewhere.end();
});

it('a connection that breaks under a batch fails all of it, and nothing is tried again: nobody knows what was committed', async () => {
  const answers = Promise.allSettled(many(10, (index) => accept(index === 4 ? 'slow' : `t-${index}`)));
  await until(async () => (await room.test.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()`)).length > 0);
  expect((await answers).map((answer) => (answer.status === 'rejected' ? databaseTrouble(answer.reason as Error) : 'taken'))).toEqual(many(10, () => expect.stringMatching(/^57P01/) as unknown));
  expect(await tags()).toEqual([]);
  // The control: the next ones are taken.
  await Promise.all(many(10, () => accept('next')));
  expect(await tags()).toHaveLength(10);
});

it('a large job goes by itself, so that nobody waits until it is read', async () => {
  const metadata = Object.fromEntries(many(50, (index) => [`k${index}`, 'x'.repeat(500)]));
  const large = (tag: string) => room.accepts.accept(TENANT, { ...BODY, tag, metadata, steps: many(30, (index) => ({ id: `s${index}`, operation: 'convert', to: 'png', inputs: ['input-1'] })) });
  await Promise.all([...many(3, () => large('large')), ...many(3, () => accept('small'))]);
  const written = await room.test.query<{ tag: string; xmin: string }>('SELECT tag, xmin::text FROM job');
  const of = (tag: string) => new Set(written.filter((row) => row.tag === tag).map(({ xmin }) => xmin)).size;
  expect([of('large'), of('small'), written.length]).toEqual([3, 1, 6]);
});
