import { ProviderError } from '../../src/conversion/errors.js';
import { AttemptStore } from '../../src/execution/attempt-store.js';
import { OrphanSearch } from '../../src/execution/orphan-search.js';
import { Seeker } from '../../src/execution/seeker.js';
import { LeaseLost, type Lease } from '../../src/execution/stage-store.js';
import type { ProviderTraits } from '../../src/conversion/provider.js';
import { EarlyEnds } from '../../src/execution/early-ends.js';
import { engineRoom, TENANT, type EngineRoom } from '../support/engine-room.js';
import { FakeProvider } from '../support/fake-provider.js';

/** Runs what it is given as it is given it, and can be searched. */
class EagerProvider extends FakeProvider {
  override readonly traits: ProviderTraits = { wholeGraph: true, startsOnCreate: true, callbacks: 'account', inputTypes: ['url'] };
  found: string | null | ProviderError = null;
  readonly searched: string[] = [];

  async find(reference: string): Promise<string | null> {
    this.searched.push(reference);
    if (this.found instanceof ProviderError) throw this.found;
    return this.found;
  }
}

const eager = new EagerProvider('eager', ['convert']);
const other = new FakeProvider('other', ['convert']);
const AWAY = new ProviderError('unavailable', 'It is away.');
let room: EngineRoom;
let seeker: Seeker;
let orphans: OrphanSearch;

beforeAll(async () => {
  room = await engineRoom([eager, other]);
  seeker = new Seeker(new AttemptStore(room.database, room.stages, room.limits), room.settle);
  orphans = new OrphanSearch(room.database, room.registry);
});
beforeEach(async () => {
  await room.empty();
  await room.test.query('DELETE FROM orphan');
  eager.found = null;
  eager.configured = true;
  eager.searched.length = 0;
  eager.canceled.length = 0;
});
afterAll(() => room.close());

const orphanRows = () => room.test.query<{ due: boolean; ended: boolean; provider_job_id: string | null }>('SELECT due_at IS NOT NULL AS due, ended_at IS NOT NULL AS ended, provider_job_id FROM orphan');
const entry = () => {
  const found = room.registry.find('eager');
  if (found === null) throw new Error('no provider');
  return found;
};

/** A job whose create was not answered, `secondsAgo`. */
async function lost(secondsAgo: number) {
  const job = await room.accept({ routing: { prefer: ['eager'] } });
  const [lease] = await room.claim();
  const scene = await room.scenes.load(lease as Lease);
  if (scene === null) throw new Error('no scene');
  const attempts = new AttemptStore(room.database, room.stages, room.limits);
  const attempt = await attempts.begin(scene, { id: crypto.randomUUID(), reference: `reference-of-${job.id}` }, null);
  if (attempt === null) throw new Error('no attempt');
  await attempts.unknown(scene, attempt, new ProviderError('unavailable', 'No answer.', { created: 'unknown' }), 0);
  await room.test.query(`UPDATE attempt SET unknown_since = now() - make_interval(secs => $2) WHERE id = $1`, [attempt.id, secondsAgo]);
  const [again] = await room.claim();
  const now = await room.scenes.load(again as Lease);
  if (now?.attempt == null) throw new Error('no attempt');
  return { job, scene: now, attempt: now.attempt };
}

const seek = ({ scene, attempt }: Awaited<ReturnType<typeof lost>>) => seeker.seek(scene, attempt, entry(), AbortSignal.timeout(5000));
const attemptsOf = async (jobId: string) => (await room.find(jobId)).attempts.map(({ provider, status, provider_job_id }) => [provider, status, provider_job_id]);

it('what is found is adopted', async () => {
  const one = await lost(2);
  eager.found = 'theirs-1';
  await seek(one);
  expect(await attemptsOf(one.job.id)).toEqual([['eager', 'unknown', 'theirs-1']]);
  expect(eager.searched).toEqual([`reference-of-${one.job.id}`]);
  expect(await room.events(one.job.id)).toContain('attempt.adopted');
});

it('a vendor that cannot be searched is waited for, then given up, and its job is an orphan', async () => {
  eager.found = AWAY;
  const soon = await lost(30);
  await seek(soon);
  expect(await attemptsOf(soon.job.id)).toEqual([['eager', 'unknown', null]]);
  expect(await orphanRows()).toEqual([]);

  const late = await lost(61);
  await seek(late);
  expect(await attemptsOf(late.job.id)).toEqual([['eager', 'abandoned', null]]);
  expect(await orphanRows()).toEqual([{ due: true, ended: false, provider_job_id: null }]);
  expect(await room.test.query('SELECT provider FROM stage WHERE job_id = $1 AND status = $2', [late.job.id, 'active'])).toEqual([{ provider: 'other' }]);
});

it('an orphan is searched until it is found: written down, and canceled', async () => {
  eager.found = AWAY;
  const { job, scene, attempt } = await lost(61);
  await seeker.seek(scene, attempt, entry(), AbortSignal.timeout(5000));
  expect([await orphans.search(), await orphans.search()]).toEqual([0, 0]);
  eager.found = 'theirs-2';
  await room.test.query('UPDATE orphan SET due_at = now() - make_interval(secs => 1)');
  // Two processes at once find it once.
  expect((await Promise.all([orphans.search(), orphans.search()])).sort()).toEqual([0, 1]);
  expect(await orphanRows()).toEqual([{ due: false, ended: true, provider_job_id: 'theirs-2' }]);
  expect(eager.canceled).toEqual(['theirs-2']);
  expect(await attemptsOf(job.id)).toEqual([['eager', 'abandoned', 'theirs-2']]);
  expect(await room.events(job.id)).toContain('attempt.orphan_found');
});

it('after a day it is not searched for any more', async () => {
  eager.found = AWAY;
  const { scene, attempt } = await lost(61);
  await seeker.seek(scene, attempt, entry(), AbortSignal.timeout(5000));
  await room.test.query(`UPDATE orphan SET created_at = now() - interval '25 hours', due_at = now() - make_interval(secs => 1)`);
  await orphans.search();
  expect(await orphanRows()).toEqual([{ due: false, ended: true, provider_job_id: null }]);
});

it.each([
  ['the caller cancels the job', (jobId: string) => room.cancels.cancel(TENANT, jobId)],
  ['its deadline passes', async (jobId: string) => {
    await room.test.query(`UPDATE job SET deadline_at = now() - interval '1 second' WHERE id = $1`, [jobId]);
    await room.deadlines.failOverdue();
  }],
])('an attempt of which nobody knows is an orphan when %s', async (_how, end) => {
  const { job } = await lost(2);
  await end(job.id);
  expect(await orphanRows()).toEqual([{ due: true, ended: false, provider_job_id: null }]);
  eager.found = 'theirs-3';
  expect(await orphans.search()).toBe(1);
  expect(eager.canceled).toEqual(['theirs-3']);
  expect(await attemptsOf(job.id)).toEqual([['eager', 'abandoned', 'theirs-3']]);
});

it('the control: one whose vendor job is known leaves none, and is canceled by its id', async () => {
  const job = await room.accept({ routing: { prefer: ['eager'] } });
  const [lease] = await room.claim();
  const { attempt } = await room.running(lease as Lease);
  await room.cancels.cancel(TENANT, job.id);
  expect(await orphanRows()).toEqual([]);
  expect(eager.canceled).toEqual([attempt.providerJobId]);
});

it('where a create is no start nothing is searched for', async () => {
  const job = await room.accept({ routing: { only: ['other'] } });
  const [lease] = await room.claim();
  const scene = await room.scenes.load(lease as Lease);
  if (scene === null) throw new Error('no scene');
  await room.attempts.begin(scene, { id: crypto.randomUUID(), reference: `reference-of-${job.id}` }, null);
  await room.cancels.cancel(TENANT, job.id);
  expect(await orphans.search()).toBe(0);
  expect(await orphanRows()).toEqual([{ due: false, ended: true, provider_job_id: null }]);
});

it('a provider that is taken out while nobody knows of its job leaves an orphan, which is searched for once the provider is back', async () => {
  const { job, scene } = await lost(2);
  eager.configured = false;
  await new EarlyEnds(room.attempts, room.settle, room.waitingRoom, room.ends).providerRemoved(scene);
  expect(await attemptsOf(job.id)).toEqual([['eager', 'abandoned', null]]);
  expect(await orphans.search()).toBe(0);
  expect(await orphanRows()).toEqual([{ due: true, ended: false, provider_job_id: null }]);
  eager.configured = true;
  eager.found = 'theirs-4';
  await room.test.query('UPDATE orphan SET due_at = now() - make_interval(secs => 1)');
  expect(await orphans.search()).toBe(1);
});

describe('a worker that stalled before its create, and whose stage was taken over meanwhile', () => {
  /** The other worker searched in vain; then the create goes out after all, and its answer is lost. */
  async function late() {
    const { job, scene, attempt } = await lost(2);
    await room.test.query(`UPDATE stage SET lease_until = now() - interval '1 second' WHERE job_id = $1`, [job.id]);
    const [lease] = await room.claim();
    const now = await room.scenes.load(lease as Lease);
    if (now?.attempt == null) throw new Error('no attempt');
    const begins = () => new EarlyEnds(room.attempts, room.settle, room.waitingRoom, room.ends).notTaken(scene, attempt, entry(), new ProviderError('unavailable', 'No answer.', { created: 'unknown' }));
    const gone = () => room.settle.errored(now, attempt, new ProviderError('unavailable', 'It has none.', { created: 'not_created' }), { credits: null }, 'timer', true);
    return { job, begins, gone };
  }

  it('leaves an orphan', async () => {
    const { begins, gone } = await late();
    await gone();
    expect(await orphanRows()).toEqual([]);
    await expect(begins()).rejects.toThrow(LeaseLost);
    eager.found = 'theirs-5';
    expect(await orphans.search()).toBe(1);
    expect(eager.canceled).toEqual(['theirs-5']);
  });

  it('nothing is searched for while the attempt lives, nor canceled when it was adopted', async () => {
    const { job, begins } = await late();
    await expect(begins()).rejects.toThrow(LeaseLost);
    eager.found = 'theirs-6';
    expect(await orphans.search()).toBe(0);
    expect(eager.searched).toEqual([]);
    await room.test.query(`UPDATE attempt SET provider_job_id = 'theirs-6' WHERE job_id = $1`, [job.id]);
    await room.cancels.cancel(TENANT, job.id);
    eager.canceled.length = 0;
    expect(await orphans.search()).toBe(0);
    expect(eager.canceled).toEqual([]);
    expect(await orphanRows()).toEqual([{ due: false, ended: true, provider_job_id: null }]);
  });
});

it('the control: a job whose create was refused leaves none', async () => {
  const { job, scene, attempt } = await lost(2);
  await room.settle.errored(scene, attempt, new ProviderError('unavailable', 'Refused.', { created: 'not_created' }), { credits: null }, 'timer', true);
  expect(await attemptsOf(job.id)).toEqual([['eager', 'errored', null]]);
  expect(await orphanRows()).toEqual([]);
});
