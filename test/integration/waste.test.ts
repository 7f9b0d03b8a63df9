import { ProviderError } from '../../src/conversion/errors.js';
import type { Report } from '../../src/conversion/provider.js';
import { Poller } from '../../src/execution/poller.js';
import { StageResults } from '../../src/execution/stage-results.js';
import { LeaseLost, type Lease } from '../../src/execution/stage-store.js';
import type { Scene } from '../../src/execution/scene.js';
import { readEvents } from '../../src/jobs/event-store.js';
import { engineRoom, keptFile, TENANT, until, type EngineRoom } from '../support/engine-room.js';
import { Steered } from '../support/steered-provider.js';

const flat = new Steered('flat', ['convert', 'compress'], false);
let room: EngineRoom;

beforeAll(async () => {
  room = await engineRoom([flat], { pricing: { currency: 'USD', perCredit: '0.02', credits: [] } });
});

beforeEach(async () => {
  await room.empty();
  flat.reset();
});

afterAll(() => room.close());

const SUCCESS: Report = { state: 'succeeded', results: [], deliveries: [], cost: { credits: 3 } };
const ask = () => room.leftBehind.ask();
const soon = () => room.test.query(`UPDATE attempt SET watch_due_at = now() - make_interval(secs => 1) WHERE watch_due_at < 'infinity'`);
const attemptOf = async (jobId: string) => (await room.test.query<Record<string, unknown>>('SELECT status, provider_job_id, late_state, waste, credits::float8, cost::float8, currency, watch_due_at IS NOT NULL AS watched FROM attempt WHERE job_id = $1', [jobId]))[0];

async function running() {
  const job = await room.accept({});
  const [lease] = await room.claim();
  return { job, ...(await room.running(lease as Lease)) };
}

describe('an attempt that was given up', () => {
  it('and succeeds all the same: what it cost is written down as waste, and said in the timeline; the job does not move', async () => {
    const { job, attempt } = await running();
    await room.cancels.cancel(TENANT, job.id);
    const [before, told] = [await room.find(job.id), await room.events(job.id)];
    flat.says = SUCCESS;
    // Not before its time.
    expect(await ask()).toBe(0);
    await soon();
    // However many processes ask.
    expect((await Promise.all([ask(), ask()])).sort()).toEqual([0, 1]);
    expect(await attemptOf(job.id)).toEqual({ status: 'abandoned', provider_job_id: attempt.providerJobId, late_state: 'succeeded', waste: true, credits: 3, cost: 0.06, currency: 'USD', watched: false });
    expect(await room.events(job.id)).toEqual([...told, 'attempt.late_success']);
    const after = await room.find(job.id);
    expect({ ...after, attempts: [] }).toEqual({ ...before, attempts: [] });
    // A stream that ended with the job is resumed behind that event, hears of this one, and ends again.
    expect(await readEvents(room.database, job.id, told.length, 10)).toMatchObject({ ended: true, last: told.length + 1, events: [{ type: 'attempt.late_success', cause: 'poll', detail: { attempt: attempt.id, provider: 'flat', providerJobId: attempt.providerJobId, credits: 3, currency: 'USD' } }] });
    await soon();
    expect(await ask()).toBe(0);
  });

  it('and fails: its cost is waste, and where it had none nobody is told', async () => {
    for (const [credits, waste] of [[2, true], [0, false], [null, false]] as const) {
      const { job } = await running();
      await room.cancels.cancel(TENANT, job.id);
      flat.says = { state: 'failed', error: new ProviderError('unavailable', 'No.'), cost: { credits } };
      await soon();
      expect(await ask()).toBe(1);
      expect(await attemptOf(job.id)).toMatchObject({ late_state: 'failed', waste, credits });
      expect((await room.events(job.id)).at(-1)).toBe(waste ? 'attempt.waste' : 'job.canceled');
    }
  });

  it('and runs on is canceled each time, and asked for seven times within a day, never again', async () => {
    const { job, attempt } = await running();
    await room.cancels.cancel(TENANT, job.id);
    await until(() => flat.canceled.length > 0);
    const pauses: number[] = [];
    for (let look = 0; look < 10; look += 1) {
      await soon();
      expect(await ask()).toBe(0);
      const [row] = await room.test.query<{ seconds: number | null }>(`SELECT CASE WHEN watch_due_at < 'infinity' THEN extract(epoch FROM watch_due_at - now())::float8 END AS seconds FROM attempt`);
      pauses.push(row?.seconds ?? Infinity);
    }
    expect(flat.canceled).toEqual(Array.from({ length: 8 }, () => attempt.providerJobId));
    expect(pauses.filter((pause) => pause < Infinity)).toHaveLength(6);
    expect(pauses.filter((pause) => pause < Infinity).reduce((sum, pause) => sum + pause, 0)).toBeLessThan(24 * 3600);
  });

  it('at a vendor that is away, or does not know it any more, is asked for again later', async () => {
    const { job } = await running();
    await room.cancels.cancel(TENANT, job.id);
    for (const kind of ['unavailable', 'vanished'] as const) {
      flat.says = new ProviderError(kind, 'No.');
      await soon();
      expect(await ask()).toBe(0);
      expect(await attemptOf(job.id)).toMatchObject({ late_state: null, watched: true });
    }
  });

  it('because it stood still is watched as well; one that the vendor ended is not', async () => {
    const stood = await running();
    await room.settle.errored(stood.scene, stood.attempt, new ProviderError('timeout', 'Nothing new.'), { credits: null }, 'timer', true);
    expect(await attemptOf(stood.job.id)).toMatchObject({ status: 'errored', watched: true });
    await room.empty();
    const failed = await running();
    await room.settle.errored(failed.scene, failed.attempt, new ProviderError('conversion_failed', 'No.'), { credits: null }, 'poll');
    expect(await attemptOf(failed.job.id)).toMatchObject({ status: 'errored', watched: false });
  });
});

describe('a report that comes too late', () => {
  const poll = ({ scene, attempt }: Awaited<ReturnType<typeof running>>) => {
    const provider = room.registry.find('flat');
    if (provider === null) throw new Error('no provider');
    return new Poller(room.attempts, room.settle, new StageResults(room.database, room.stages, { keep: () => Promise.resolve(keptFile('step-1')) } as never, room.staging), { raw: { POLL_FLOOR_MS: 50, POLL_CEILING_MS: 50 } } as never, room.ends).poll(scene, attempt, provider, AbortSignal.timeout(5000));
  };

  it('moves nothing, and what it tells of the vendor\'s job is written down', async () => {
    const one = await running();
    flat.says = SUCCESS;
    flat.before = () => room.cancels.cancel(TENANT, one.job.id);
    await expect(poll(one)).rejects.toThrow(LeaseLost);
    expect(await attemptOf(one.job.id)).toMatchObject({ status: 'abandoned', late_state: 'succeeded', waste: true, credits: 3 });
    expect(await room.find(one.job.id)).toMatchObject({ status: 'canceled', files: [] });
    expect((await room.events(one.job.id)).slice(-2)).toEqual(['job.canceled', 'attempt.late_success']);
  });

  it('the control: where another worker settled the attempt by the same report, nothing is waste', async () => {
    const one = await running();
    flat.says = SUCCESS;
    flat.before = async () => {
      flat.before = () => Promise.resolve();
      await room.test.query(`UPDATE stage SET lease_until = now() - interval '1 second'`);
      const [lease] = await room.claim();
      const scene = await room.scenes.load(lease as Lease);
      await room.settle.succeeded(scene as Scene, one.attempt, { files: [keptFile('step-1')], deliveries: [], cost: { credits: 3 } }, 'poll');
    };
    await expect(poll(one)).rejects.toThrow(LeaseLost);
    expect(await attemptOf(one.job.id)).toMatchObject({ status: 'succeeded', late_state: null, waste: false, credits: 3 });
    expect((await room.events(one.job.id)).at(-1)).toBe('job.completed');
  });
});
