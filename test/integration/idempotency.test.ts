import { randomUUID } from 'node:crypto';
import type { JobBody } from '../../src/conversion/job-body.js';
import type { Claim } from '../../src/jobs/idempotency-claim.js';
import { eraseExpiredKeys, IdempotencyStore, type Answer, type KeyedRequest } from '../../src/jobs/idempotency-store.js';
import { IdempotencyService, type KeyedWork } from '../../src/jobs/idempotency.service.js';
import type { WholeJob } from '../../src/jobs/rows.js';
import { Database } from '../../src/platform/database.js';
import { engineRoom, TENANT, until, type EngineRoom } from '../support/engine-room.js';
import { FakeProvider } from '../support/fake-provider.js';

const BODY: JobBody = { inputs: [{ type: 'url', url: 'https://example.com/a.jpg' }], steps: [{ operation: 'convert', to: 'png' }] };

let room: EngineRoom;
let elsewhere: Database;
/** Two processes: each with a pool and a heartbeat of its own. */
let replicas: readonly [IdempotencyService, IdempotencyService];

beforeAll(async () => {
  room = await engineRoom([new FakeProvider('one', ['convert'])]);
  elsewhere = Database.open(room.test.url);
  replicas = [new IdempotencyService(new IdempotencyStore(room.database)), new IdempotencyService(new IdempotencyStore(elsewhere))];
});

beforeEach(async () => {
  await room.empty();
  await room.test.query('TRUNCATE idempotency_key');
});

afterAll(async () => {
  await elsewhere.close();
  await room.close();
});

const request = (more: Partial<KeyedRequest> = {}): KeyedRequest => ({ tenant: TENANT, key: 'order-42', fingerprint: 'ab', ...more });
const answerOf = ({ id, created_at }: WholeJob, status = 202): Answer => ({ jobId: id, status, headers: { location: `/v1/jobs/${id}` }, body: { id, createdAt: created_at.toISOString() } });
const made = async () => (await room.test.query<{ id: string }>('SELECT id FROM job')).map(({ id }) => id);
const keys = () => room.test.query<{ key: string; job_id: string; status: number | null; held: boolean; holder: string | null }>('SELECT key, job_id, status, held_until > now() AS held, holder FROM idempotency_key ORDER BY key');

/** `POST /v1/jobs` without a wait: the answer commits with the job. */
const plain = (tenant = TENANT): KeyedWork => ({
  first: async (claim) => answerOf(await room.accepts.accept(tenant, BODY, claim)),
  resume: async (jobId) => answerOf(await room.find(jobId)),
  atOnce: (job) => answerOf(job),
});

/** One that waits until `ends` says how it was. */
const waiting = (ends: (job: WholeJob) => Promise<Answer>): KeyedWork => ({
  first: async (claim) => ends(await room.accepts.accept(TENANT, BODY, claim)),
  resume: async (jobId) => ends(await room.find(jobId)),
});

/** A process that was killed after its job's insert. */
const killedAfterInsert = async (more: Partial<Claim> = {}) => {
  const job = await room.accepts.accept(TENANT, BODY, { ...request(), holder: randomUUID(), answer: null, ...more });
  await room.test.query(`UPDATE idempotency_key SET held_until = now() - interval '1 second'`);
  return job;
};

it('the key commits in the job\'s own statement, its answer with it', async () => {
  const answer = await replicas[0].once(request(), plain());
  expect(await keys()).toEqual([{ key: 'order-42', job_id: answer.jobId, status: 202, held: null, holder: null }]);
  expect(await room.test.query('SELECT j.xmin = k.xmin AS together, j.created_at = k.created_at AS at_once FROM job j, idempotency_key k')).toEqual([{ together: true, at_once: true }]);
  // A control: without a key there is no row of one.
  await room.accept({});
  expect(await keys()).toHaveLength(1);
});

it('a repeat is given the very same answer, the time of the job too, and says that it is one', async () => {
  const first = await replicas[0].once(request(), plain());
  await room.test.query(`UPDATE job SET status = 'completed', ended_at = now()`);
  expect(await replicas[1].once(request(), plain())).toEqual({ ...first, headers: { ...first.headers, 'idempotency-replayed': 'true' } });
  expect(await made()).toEqual([first.jobId]);
});

it('fifty at once on two replicas make one job, and hear of no other', async () => {
  const all = await Promise.all(Array.from({ length: 50 }, (_, index) => (replicas[index % 2] as IdempotencyService).once(request(), plain())));
  expect(await made()).toEqual([all[0]?.jobId]);
  expect(new Set(all.map(({ body }) => JSON.stringify(body))).size).toBe(1);
  expect(all.filter(({ headers }) => !('idempotency-replayed' in headers))).toHaveLength(1);
  // A control: as many without a common key are as many jobs.
  await Promise.all(Array.from({ length: 5 }, (_, index) => replicas[0].once(request({ key: `own-${index}` }), plain())));
  expect(await made()).toHaveLength(6);
});

it('while the first waits, all others are told so; then they are given its answer', async () => {
  let end: (status: number) => void = () => undefined;
  const ended = new Promise<number>((resolve) => (end = resolve));
  const work = waiting(async (job) => answerOf(job, await ended));
  const all = Array.from({ length: 20 }, (_, index) => (replicas[index % 2] as IdempotencyService).once(request(), work).catch((error: unknown) => error));
  const refused: unknown[] = [];
  for (const one of all) void one.then((outcome) => refused.push(outcome));
  await until(() => refused.length === 19);
  expect(refused).toEqual(Array.from({ length: 19 }, () => expect.objectContaining({ code: 'idempotency_in_progress', status: 409, more: { headers: { 'retry-after': '2' } } }) as unknown));
  end(200);
  await until(() => refused.length === 20);
  expect(refused[19]).toMatchObject({ status: 200 });
  expect(await replicas[1].once(request(), work)).toMatchObject({ status: 200, headers: { 'idempotency-replayed': 'true' } });
  expect(await made()).toHaveLength(1);
});

it('a request that lives keeps its key beyond the time for which it is believed to live', async () => {
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  const work = waiting(async (job) => ended.then(() => answerOf(job, 200)));
  const first = replicas[0].once(request(), work);
  await until(async () => (await keys()).length === 1);
  await room.test.query(`UPDATE idempotency_key SET held_until = now() + interval '50 milliseconds'`);
  await until(async () => (await room.test.query(`SELECT 1 FROM idempotency_key WHERE held_until > now() + interval '4 seconds'`)).length === 1);
  await expect(replicas[1].once(request(), work)).rejects.toMatchObject({ code: 'idempotency_in_progress' });
  end();
  await first;
});

it('after a crash between insert and answer the repeat goes on with the same job, and its answer is stored', async () => {
  const job = await killedAfterInsert();
  const resumed = await replicas[1].once(request(), waiting(async (same) => answerOf(same, 200)));
  expect(resumed).toMatchObject({ jobId: job.id, status: 200, headers: { 'idempotency-replayed': 'true' } });
  expect(await keys()).toMatchObject([{ status: 200, holder: null }]);
  expect(await made()).toEqual([job.id]);
});

it('of twenty that come after the crash one takes over', async () => {
  await killedAfterInsert();
  let resumes = 0;
  const work: KeyedWork = { ...plain(), resume: async (jobId) => ((resumes += 1), answerOf(await room.find(jobId))) };
  const outcomes = await Promise.all(Array.from({ length: 20 }, (_, index) => (replicas[index % 2] as IdempotencyService).once(request(), work).catch((error: { code: string }) => error.code)));
  expect(resumes).toBe(1);
  expect(outcomes.filter((outcome) => outcome !== 'idempotency_in_progress').length).toBeGreaterThanOrEqual(1);
  expect(await made()).toHaveLength(1);
});

it('whoever was taken for dead, and comes back, does not overwrite the answer', async () => {
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  const late = replicas[0].once(request(), waiting(async (job) => ended.then(() => answerOf(job, 200))));
  await until(async () => (await keys()).length === 1);
  await room.test.query(`UPDATE idempotency_key SET held_until = now() - interval '1 second'`);
  await replicas[1].once(request(), plain());
  end();
  await late;
  expect(await keys()).toMatchObject([{ status: 202 }]);
});

it('another request with the key is refused, before anything is done; another tenant\'s is its own', async () => {
  await replicas[0].once(request(), plain());
  await expect(replicas[1].once(request({ fingerprint: 'cd' }), plain())).rejects.toMatchObject({ code: 'idempotency_mismatch', status: 422 });
  expect(await made()).toHaveLength(1);
  expect(await replicas[1].once(request({ tenant: 'other', fingerprint: 'cd' }), plain('other'))).toMatchObject({ status: 202, headers: expect.not.objectContaining({ 'idempotency-replayed': 'true' }) as object });
  expect(await made()).toHaveLength(2);
});

it('what is refused before there is a job leaves no key', async () => {
  const refused: KeyedWork = { ...plain(), first: async (claim) => answerOf(await room.accepts.accept(TENANT, { ...BODY, steps: [{ operation: 'watermark', text: 'x' }] }, claim)) };
  await expect(replicas[0].once(request(), refused)).rejects.toMatchObject({ status: 422 });
  expect(await keys()).toEqual([]);
  expect(await replicas[0].once(request({ fingerprint: 'mended' }), plain())).toMatchObject({ status: 202 });
});

it.each([500, 502, 503, 429])('an answer of %i is not kept: the repeat begins anew', async (status) => {
  const failed = await replicas[0].once(request(), waiting(async (job) => answerOf(job, status)));
  const again = await replicas[0].once(request(), plain());
  expect(again.jobId).not.toBe(failed.jobId);
  // A control: what is the caller's own fault is kept.
  const own = await replicas[0].once(request({ key: 'own' }), waiting(async (job) => answerOf(job, 422)));
  expect((await replicas[0].once(request({ key: 'own' }), plain())).jobId).toBe(own.jobId);
});

it('a fault after the insert frees the key at once, and the repeat has the same job', async () => {
  await expect(replicas[0].once(request(), waiting(async () => Promise.reject(new Error('the database went away'))))).rejects.toThrow('went away');
  const [id] = await made();
  expect(await replicas[1].once(request(), plain())).toMatchObject({ jobId: id });
  expect(await made()).toHaveLength(1);
});

it('after a day the key is free, whether it was swept or not', async () => {
  const first = await replicas[0].once(request(), plain());
  const [row] = await room.test.query<{ seconds: number }>('SELECT extract(epoch FROM expires_at - created_at)::int AS seconds FROM idempotency_key');
  expect(row?.seconds).toBe(86_400);
  await room.test.query('UPDATE idempotency_key SET expires_at = now() - make_interval(secs => 1)');
  const second = await replicas[0].once(request({ fingerprint: 'cd' }), plain());
  expect(second.jobId).not.toBe(first.jobId);
  expect(await keys()).toMatchObject([{ job_id: second.jobId }]);
});

it('expired keys are swept in batches, others stay', async () => {
  await Promise.all(Array.from({ length: 7 }, (_, index) => replicas[0].once(request({ key: `old-${index}` }), plain())));
  await room.test.query(`UPDATE idempotency_key SET expires_at = now() - interval '1 second'`);
  await replicas[0].once(request({ key: 'young' }), plain());
  const swept = await Promise.all([eraseExpiredKeys(room.database, 4), eraseExpiredKeys(elsewhere, 4)]);
  swept.push(await eraseExpiredKeys(room.database, 4));
  expect([Math.max(...swept) <= 4, swept.reduce((sum, count) => sum + count, 0)]).toEqual([true, 7]);
  expect(await keys()).toMatchObject([{ key: 'young' }]);
  expect(await made()).toHaveLength(8);
});

it('a job with credentials and exports takes its key with it as well', async () => {
  const place = { type: 's3', bucket: 'b', key: 'in/a.jpg', region: 'eu-west-1', credentials: { accessKeyId: 'AKIA', secretAccessKey: 'hidden' } };
  const work: KeyedWork = { ...plain(), first: async (claim) => answerOf(await room.accepts.accept(TENANT, { ...BODY, inputs: [place], exports: [{ ...place, key: 'out/a.png' }] }, claim)) };
  const { jobId } = await replicas[0].once(request(), work);
  expect(await replicas[1].once(request(), work)).toMatchObject({ jobId });
  expect(await keys()).toMatchObject([{ job_id: jobId, status: 202 }]);
  expect(await room.test.query('SELECT (SELECT count(*)::int FROM credential) AS credentials, (SELECT count(*)::int FROM job_export) AS exports')).toEqual([{ credentials: 2, exports: 1 }]);
});
