import { ProviderError } from '../../src/conversion/errors.js';
import { OrphanSearch } from '../../src/execution/orphan-search.js';
import { LeaseLost, type Lease } from '../../src/execution/stage-store.js';
import type { Scene } from '../../src/execution/scene.js';
import { Submitter } from '../../src/execution/submitter.js';
import { engineRoom, keptFile, TENANT, type EngineRoom } from '../support/engine-room.js';
import { Eager, Steered } from '../support/steered-provider.js';

const flat = new Steered('flat', ['convert', 'compress'], false);
const eager = new Eager('eager', ['convert']);
let room: EngineRoom;
let submitter: Submitter;

beforeAll(async () => {
  room = await engineRoom([flat, eager], { pricing: { currency: 'USD', perCredit: '0.02', credits: [] } });
  submitter = new Submitter(room.attempts, room.staging, { fetch: () => Promise.reject(new ProviderError('source_unreachable', 'Gone.', { created: 'not_created' })) } as never, { callbackBase: () => null } as never, { next: () => ({ pollAfterMs: 50, staleAfterMs: 2000 }) } as never);
});

beforeEach(async () => {
  await room.empty();
  await room.test.query('DELETE FROM orphan');
  for (const provider of [flat, eager]) provider.reset();
});

afterAll(() => room.close());

const attemptOf = async (jobId: string) => (await room.test.query<Record<string, unknown>>('SELECT status, provider_job_id, late_state, waste, credits::float8, cost::float8, currency, watch_due_at IS NOT NULL AS watched FROM attempt WHERE job_id = $1', [jobId]))[0];
const orphans = () => room.test.query('SELECT provider_job_id, due_at IS NOT NULL AS due FROM orphan');

async function running(only: string) {
  const job = await room.accept({ routing: { only: [only] } });
  const [lease] = await room.claim();
  return { job, ...(await room.running(lease as Lease)) };
}

/** A job whose stage was claimed by us. */
async function claimed(only: string): Promise<Scene> {
  await room.accept({ routing: { only: [only] } });
  const [lease] = await room.claim();
  const scene = await room.scenes.load(lease as Lease);
  if (scene === null) throw new Error('no scene');
  return scene;
}

/** Its first attempt, on its way to the provider. */
async function submitting(only: string) {
  const scene = await claimed(only);
  const provider = room.registry.find(only);
  const attempt = provider === null ? null : await submitter.begin(scene, provider);
  if (provider === null || attempt === null) throw new Error('no attempt');
  return { scene, attempt, submit: (resumed = false) => submitter.submit(scene, attempt, provider, resumed, AbortSignal.timeout(5000)) };
}

describe('a create that is answered after its job was canceled', () => {
  it.each(['flat', 'eager'])('at %s: the vendor\'s job is written down, canceled, and watched', async (name) => {
    const { scene, submit } = await submitting(name);
    const provider = name === 'flat' ? flat : eager;
    provider.before = () => room.cancels.cancel(TENANT, scene.job.id);
    await expect(submit()).rejects.toThrow(LeaseLost);
    const attempt = await attemptOf(scene.job.id);
    expect(attempt).toMatchObject({ status: 'abandoned', provider_job_id: expect.any(String) as string, watched: true });
    expect(provider.canceled).toEqual([attempt?.['provider_job_id']]);
    expect(await orphans()).toEqual([{ provider_job_id: attempt?.['provider_job_id'], due: false }]);
    expect((await room.events(scene.job.id)).slice(-2)).toEqual(['job.canceled', 'attempt.orphan_found']);
    expect((await room.find(scene.job.id)).status).toBe('canceled');
  });

  it.each<[name: string, what: string]>([['eager', 'goes on with it'], ['flat', 'begins anew: the first one was not started, and is canceled']])('where another worker took the attempt over, that one at %s %s', async (name) => {
    const { scene, submit } = await submitting(name);
    const provider = name === 'flat' ? flat : eager;
    provider.before = async () => {
      await room.test.query(`UPDATE stage SET lease_until = now() - interval '1 second'`);
      expect(await room.claim()).toHaveLength(1);
    };
    await expect(submit()).rejects.toThrow(LeaseLost);
    const attempt = await attemptOf(scene.job.id);
    expect(attempt).toMatchObject({ status: 'submitting', watched: false, provider_job_id: name === 'eager' ? (expect.any(String) as string) : null });
    expect(provider.canceled).toHaveLength(name === 'eager' ? 0 : 1);
  });

  it('that is never answered: the vendor is searched, and what is found is canceled and watched; where nobody can search, it is let be', async () => {
    const search = new OrphanSearch(room.database, room.registry);
    const { scene } = await submitting('eager');
    await room.cancels.cancel(TENANT, scene.job.id);
    expect(await orphans()).toEqual([{ provider_job_id: null, due: true }]);
    expect(await search.search()).toBe(0);
    eager.found = 'theirs-late';
    await room.test.query('UPDATE orphan SET due_at = now() - make_interval(secs => 1)');
    expect(await search.search()).toBe(1);
    expect(eager.canceled).toEqual(['theirs-late']);
    expect(await attemptOf(scene.job.id)).toMatchObject({ provider_job_id: 'theirs-late', watched: true });
    await room.test.query('DELETE FROM orphan');
    const inert = await submitting('flat');
    await room.cancels.cancel(TENANT, inert.scene.job.id);
    expect([await search.search(), await orphans()]).toEqual([0, [{ provider_job_id: null, due: false }]]);
  });
});

describe('before money moves', () => {
  it('a worker whose lease ran out while it stood still creates nothing', async () => {
    const { scene, submit } = await submitting('eager');
    scene.lease.heldUntil = performance.now() - 1;
    await expect(submit()).rejects.toThrow(LeaseLost);
    expect(eager.creates).toBe(0);
    // The control: with its lease it does.
    scene.lease.heldUntil = performance.now() + 1000;
    await submit();
    expect([eager.creates, (await attemptOf(scene.job.id))?.['status']]).toEqual([1, 'running']);
  });

  it('a create that was under way when its process died stays unknown, whatever else fails now', async () => {
    const job = await room.accept({ inputs: [{ type: 'url', url: 'https://example.com/a.jpg', fetch: 'gateway' }], routing: { only: ['flat'] } });
    const [lease] = await room.claim();
    const scene = await room.scenes.load(lease as Lease);
    const [own, other] = [room.registry.find('eager'), room.registry.find('flat')];
    if (scene === null || own === null || other === null) throw new Error('no scene');
    const attempt = await submitter.begin(scene, own);
    if (attempt === null) throw new Error('no attempt');
    // The file to be fetched is gone by now: taken for a refused create, the next try would pay twice.
    await expect(submitter.submit(scene, attempt, own, true, AbortSignal.timeout(5000))).rejects.toMatchObject({ code: 'create_lost', details: { created: 'unknown' } });
    // The control: a first try did create nothing.
    await expect(submitter.submit(scene, attempt, own, false, AbortSignal.timeout(5000))).rejects.toMatchObject({ kind: 'source_unreachable' });
    expect([eager.creates, (await room.find(job.id)).status]).toEqual([0, 'processing']);
  });
});

it('a file is written down as sent by who holds the lease, and by nobody else', async () => {
  const { scene, attempt } = await running('flat');
  await room.attempts.uploaded(scene, attempt.id, 'a');
  await room.attempts.uploaded(scene, attempt.id, 'b.2');
  const uploaded = async () => (await room.scenes.load(scene.lease))?.attempt?.uploaded;
  expect(await uploaded()).toEqual(['a', 'b.2']);
  const stalled = { ...scene, lease: { ...scene.lease, epoch: scene.lease.epoch - 1 } };
  await expect(room.attempts.uploaded(stalled, attempt.id, 'c')).rejects.toThrow(LeaseLost);
  expect(await uploaded()).toEqual(['a', 'b.2']);
});

describe('cancel ends the job at once, and nothing moves afterwards', () => {
  const settled = async (jobId: string) => {
    expect(await room.find(jobId)).toMatchObject({ status: 'canceled' });
    await room.test.query('UPDATE stage SET lease_until = NULL');
    expect(await room.claim()).toEqual([]);
    expect((await room.events(jobId)).at(-1)).toBe('job.canceled');
  };

  it('while it waits for its input, and while it is queued', async () => {
    for (const inputs of [[{ type: 'upload' as const }], [{ type: 'url' as const, url: 'https://example.com/a.jpg' }]]) {
      const job = await room.accept({ inputs });
      expect(job.status).toBe(inputs[0]?.type === 'upload' ? 'awaiting_input' : 'queued');
      await room.cancels.cancel(TENANT, job.id);
      await settled(job.id);
    }
  });

  it('between two stages', async () => {
    const job = await room.accept({ steps: [{ id: 'a', operation: 'convert', to: 'png' }, { id: 'b', operation: 'compress' }], routing: { only: ['flat'] } });
    const [lease] = await room.claim();
    const { scene, attempt } = await room.running(lease as Lease);
    await room.settle.succeeded(scene, attempt, { files: [keptFile('a')], deliveries: [], cost: { credits: 1 } }, 'poll');
    await room.cancels.cancel(TENANT, job.id);
    await settled(job.id);
    expect((await room.find(job.id)).steps.map(({ status }) => status)).toEqual(['done', 'skipped']);
    // What was done was for somebody: it is no waste.
    expect(await attemptOf(job.id)).toMatchObject({ status: 'succeeded', waste: false, watched: false });
  });

  it('while nobody knows whether the vendor took it', async () => {
    const { scene, attempt } = await submitting('eager');
    await room.attempts.unknown(scene, attempt, new ProviderError('unavailable', 'No answer.', { created: 'unknown' }), 0);
    await room.cancels.cancel(TENANT, scene.job.id);
    await settled(scene.job.id);
    expect(await orphans()).toEqual([{ provider_job_id: null, due: true }]);
  });
});
