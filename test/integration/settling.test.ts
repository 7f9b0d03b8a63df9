import { ProviderError, type ErrorKind } from '../../src/conversion/errors.js';
import { LeaseLost, type Lease } from '../../src/execution/stage-store.js';
import { appendEvents } from '../../src/jobs/event-store.js';
import { engineRoom, keptFile, TENANT, until, type EngineRoom } from '../support/engine-room.js';
import { FakeProvider } from '../support/fake-provider.js';

/** One that applies everything to every file, one that runs whole graphs, and one that can do a single thing. */
const flat = new FakeProvider('flat', ['convert', 'compress'], false);
const whole = new FakeProvider('whole', ['convert', 'compress', 'thumbnail']);
const drawer = new FakeProvider('drawer', ['thumbnail'], false);
let room: EngineRoom;

beforeAll(async () => {
  room = await engineRoom([flat, whole, drawer], { pricing: { currency: 'USD', perCredit: '0.02', credits: [] } });
});

beforeEach(async () => {
  for (const provider of [flat, whole, drawer]) provider.canceled.length = 0;
  await room.empty();
});

afterAll(() => room.close());

const error = (kind: ErrorKind, retryAfterMs?: number) => new ProviderError(kind, 'Because.', { code: 'theirs', retryAfterMs });
const FREE = { credits: null };

const stages = (jobId: string) =>
  room.test.query<{ provider: string; step_ids: string[]; status: string; due: boolean; history: object[] }>(
    'SELECT provider, step_ids, status, due_at IS NOT NULL AS due, history FROM stage WHERE job_id = $1 ORDER BY id', [jobId],
  );
const live = (jobId: string) => room.test.query<{ provider: string; status: string }>('SELECT provider, status FROM attempt WHERE job_id = $1 AND ended_at IS NULL', [jobId]);
const soon = (jobId: string) => room.test.query('UPDATE stage SET due_at = now() - make_interval(secs => 1) WHERE job_id = $1 AND due_at IS NOT NULL', [jobId]);

/** Claims the one stage that is due and brings it to a running attempt. */
async function next(): Promise<Awaited<ReturnType<EngineRoom['running']>>> {
  const leases = await room.claim();
  expect(leases).toHaveLength(1);
  return room.running(leases[0] as Lease);
}

const causes = (jobId: string) => room.test.query<{ type: string; cause: string }>(`SELECT type, cause FROM event WHERE job_id = $1 AND sequence > (SELECT max(sequence) FROM event WHERE job_id = $1 AND type = 'attempt.submitting') ORDER BY sequence`, [jobId]);

it.each(['poll', 'callback'] as const)('what a %s brought about has it as its cause, to the last event', async (cause) => {
  const job = await room.accept({ routing: { only: ['flat'], maxAttempts: 2 } });
  const first = await next();
  await room.settle.errored(first.scene, first.attempt, error('unavailable'), FREE, cause);
  expect(await causes(job.id)).toEqual([{ type: 'attempt.errored', cause }, { type: 'attempt.scheduled', cause }]);
  await soon(job.id);
  const second = await next();
  await room.settle.errored(second.scene, second.attempt, error('unavailable'), FREE, cause);
  expect(await causes(job.id)).toEqual([{ type: 'attempt.errored', cause }, { type: 'job.failed', cause }]);
  const moved = await room.accept({ routing: { prefer: ['flat'] } });
  const third = await next();
  await room.settle.errored(third.scene, third.attempt, error('unsupported'), FREE, cause);
  expect(await causes(moved.id)).toEqual([{ type: 'attempt.errored', cause }, { type: 'plan.changed', cause }]);
});

describe('success', () => {
  const chain = { steps: [{ id: 'a', operation: 'convert', to: 'png' }, { id: 'b', operation: 'compress' }], routing: { only: ['flat'] } };

  it('lets the stages that waited begin, and the last one completes the job', async () => {
    const job = await room.accept(chain);
    const first = await next();
    await room.settle.succeeded(first.scene, first.attempt, { files: [keptFile('a')], deliveries: [], cost: { credits: 3 } }, 'poll');
    expect(await room.find(job.id)).toMatchObject({ status: 'processing', steps: [{ id: 'a', status: 'done' }, { id: 'b', status: 'pending' }] });
    const second = await next();
    expect(second.scene.stepIds).toEqual(['b']);
    await room.settle.succeeded(second.scene, second.attempt, { files: [keptFile('b'), keptFile('b')], deliveries: [], cost: { credits: null } }, 'callback');
    const done = await room.find(job.id);
    expect(done).toMatchObject({ status: 'completed', progress: 100, error: null });
    expect(done.files.map(({ step_id, position, is_output }) => [step_id, position, is_output])).toEqual([['a', 0, false], ['b', 0, true], ['b', 1, true]]);
    expect(done.attempts.map(({ status, cost, currency }) => [status, cost === null ? null : Number(cost), currency])).toEqual([['succeeded', 0.06, 'USD'], ['succeeded', null, 'USD']]);
    expect((await room.events(job.id)).filter((type) => /^(job|step)\./.test(type))).toEqual(['job.created', 'job.queued', 'job.processing', 'step.done', 'step.done', 'job.completed']);
    expect(await room.claim()).toEqual([]);
  });

  it('a stage that waits for two begins after the second, whichever comes last', async () => {
    const job = await room.accept({
      inputs: [{ id: 'x', type: 'url', url: 'https://example.com/x.jpg' }, { id: 'y', type: 'url', url: 'https://example.com/y.jpg' }],
      steps: [{ id: 'a', operation: 'compress', inputs: ['x'] }, { id: 'b', operation: 'compress', inputs: ['y'] }, { id: 'c', operation: 'compress', inputs: ['a', 'b'] }],
      routing: { only: ['flat'] },
    });
    const leases = await room.claim();
    const both = await Promise.all(leases.map((lease) => room.running(lease)));
    expect(both.map(({ scene }) => scene.stepIds)).toEqual(expect.arrayContaining([['a'], ['b']]));
    // At the very same time: each sees only its own step done until the other has committed.
    await Promise.all(both.map(({ scene, attempt }) => room.settle.succeeded(scene, attempt, { files: [keptFile(scene.stepIds[0] ?? '')], deliveries: [], cost: FREE }, 'poll')));
    expect((await next()).scene.stepIds).toEqual(['c']);
    expect((await room.find(job.id)).status).toBe('processing');
  });
});

describe('errors', () => {
  it('that may pass: once more here, then elsewhere, with the history kept', async () => {
    const job = await room.accept({});
    const first = await next();
    await room.settle.errored(first.scene, first.attempt, error('unavailable'), FREE, 'poll');
    expect(await stages(job.id)).toMatchObject([{ provider: 'flat', status: 'active', due: true, history: [{ provider: 'flat', kind: 'unavailable' }] }]);
    expect(await room.claim()).toEqual([]);
    await soon(job.id);
    const second = await next();
    await room.settle.errored(second.scene, second.attempt, error('timeout'), FREE, 'poll');
    expect(await stages(job.id)).toMatchObject([{ provider: 'flat', status: 'superseded', due: false }, { provider: 'whole', status: 'active', due: true, history: [{ kind: 'unavailable' }, { kind: 'timeout' }] }]);
    const third = await next();
    await room.settle.succeeded(third.scene, third.attempt, { files: [keptFile('step-1')], deliveries: [], cost: FREE }, 'poll');
    const done = await room.find(job.id);
    expect(done).toMatchObject({ status: 'completed', steps: [{ provider: 'whole', status: 'done' }] });
    expect(done.attempts.map(({ provider, status, error: stored }) => [provider, status, stored?.kind])).toEqual([['flat', 'errored', 'unavailable'], ['flat', 'errored', 'timeout'], ['whole', 'succeeded', undefined]]);
  });

  it('that are the caller\'s own fail the job at once', async () => {
    const job = await room.accept({});
    const { scene, attempt } = await next();
    await room.settle.errored(scene, attempt, error('invalid_input'), { credits: 1 }, 'poll');
    expect(await room.find(job.id)).toMatchObject({ status: 'failed', error: { code: 'invalid_input', retryable: false }, steps: [{ status: 'failed' }], attempts: [{ status: 'errored' }] });
    expect(await live(job.id)).toEqual([]);
    expect(await room.claim()).toEqual([]);
    expect((await room.events(job.id)).at(-1)).toBe('job.failed');
  });

  it('use up the tries that were allowed, and then fail the job', async () => {
    const job = await room.accept({ routing: { maxAttempts: 3 } });
    for (let count = 0; count < 3; count += 1) {
      await soon(job.id);
      const { scene, attempt } = await next();
      await room.settle.errored(scene, attempt, error('unavailable'), FREE, 'poll');
    }
    expect(await room.find(job.id)).toMatchObject({ status: 'failed', error: { code: 'providers_exhausted', retryable: true } });
    expect((await room.find(job.id)).attempts).toHaveLength(3);
  });

  it('with nobody else, come back here after what was asked for', async () => {
    const job = await room.accept({ routing: { only: ['flat'] } });
    const { scene, attempt } = await next();
    await room.settle.errored(scene, attempt, error('rate_limited', 30_000), FREE, 'poll');
    const [row] = await room.test.query<{ provider: string; seconds: number }>('SELECT provider, extract(epoch FROM due_at - now())::float8 AS seconds FROM stage WHERE job_id = $1', [job.id]);
    expect(row?.provider).toBe('flat');
    expect(row?.seconds).toBeGreaterThan(25);
  });

  it('what is done stays done: only the rest goes elsewhere', async () => {
    const job = await room.accept({ steps: [{ id: 'a', operation: 'convert', to: 'png' }, { id: 'b', operation: 'compress' }], routing: { prefer: ['flat'] } });
    const first = await next();
    await room.settle.succeeded(first.scene, first.attempt, { files: [keptFile('a')], deliveries: [], cost: FREE }, 'poll');
    const second = await next();
    await room.settle.errored(second.scene, second.attempt, error('quota_exhausted'), FREE, 'poll');
    const third = await next();
    expect([third.scene.provider, third.scene.stepIds]).toEqual(['whole', ['b']]);
    expect((await room.find(job.id)).steps).toMatchObject([{ id: 'a', provider: 'flat', status: 'done' }, { id: 'b', status: 'running' }]);
  });
});

describe('an attempt that we give up', () => {
  it.each([[true, 1], [false, 0]] as const)('left behind: %s, so its vendor job is canceled %i times', async (leftBehind, cancels) => {
    await room.accept({ inputs: [{ id: 'x', type: 'url', url: 'https://example.com/x.jpg' }], steps: [{ operation: 'convert', to: 'png' }], routing: { only: ['flat'] } });
    const [lease] = await room.claim();
    if (lease === undefined) throw new Error('a stage was expected');
    const { scene, attempt } = await room.running(lease);
    await room.settle.errored(scene, attempt, error('timeout'), FREE, 'timer', leftBehind);
    if (leftBehind) await until(() => flat.canceled.length > 0);
    expect(flat.canceled).toHaveLength(cancels);
  });
});

describe('stages side by side', () => {
  const sideBySide = {
    inputs: [{ id: 'x', type: 'url', url: 'https://example.com/x.jpg' }, { id: 'y', type: 'url', url: 'https://example.com/y.jpg' }],
    steps: [{ id: 'f', operation: 'convert', to: 'png', inputs: ['y'] }, { id: 'x1', operation: 'convert', to: 'png', inputs: ['x'] }],
    routing: { only: ['flat'] },
  };

  it('when one fails the job, the other\'s attempt ends as well, and is canceled at its provider', async () => {
    const job = await room.accept(sideBySide);
    const [one, other] = await Promise.all((await room.claim()).map((lease) => room.running(lease)));
    if (one === undefined || other === undefined) throw new Error('two stages were expected');
    await room.settle.errored(one.scene, one.attempt, error('invalid_input'), FREE, 'poll');
    expect((await room.find(job.id)).status).toBe('failed');
    // An attempt that nobody will touch again would count against the provider's limit for ever.
    expect(await live(job.id)).toEqual([]);
    await until(() => flat.canceled.length > 0);
    expect(flat.canceled).toEqual([other.attempt.providerJobId]);
    await expect(room.settle.succeeded(other.scene, other.attempt, { files: [keptFile('x1')], deliveries: [], cost: FREE }, 'poll')).rejects.toThrow(LeaseLost);
  });

  it('a stage that goes elsewhere does not wait for what was done while it failed', async () => {
    // "f" and "x1" run side by side, "w" takes both. "x1" is done between the time that "f" was looked at and its failure.
    const job = await room.accept({ ...sideBySide, steps: [...sideBySide.steps, { id: 'w', operation: 'compress', inputs: ['f', 'x1'] }], routing: { prefer: ['flat'], only: ['flat', 'whole'] } });
    const running = await Promise.all((await room.claim()).map((lease) => room.running(lease)));
    const [f, x1] = ['f', 'x1'].map((id) => running.find(({ scene }) => scene.stepIds[0] === id));
    if (f === undefined || x1 === undefined) throw new Error('two stages were expected');
    await room.settle.succeeded(x1.scene, x1.attempt, { files: [keptFile('x1')], deliveries: [], cost: FREE }, 'poll');
    await room.settle.errored(f.scene, f.attempt, error('unsupported'), FREE, 'poll');
    // Something must be due now, or nothing will ever happen to this job again.
    const again = await next();
    expect(again.scene.provider).toBe('whole');
    await room.settle.succeeded(again.scene, again.attempt, { files: again.scene.stepIds.map((step) => keptFile(step)), deliveries: [], cost: FREE }, 'poll');
    expect((await room.find(job.id)).status).toBe('completed');
  });
});

describe('cancel', () => {
  it('ends the job for the caller at once, and its attempt at the provider', async () => {
    const job = await room.accept({});
    const { attempt } = await next();
    await room.cancels.cancel(TENANT, job.id);
    expect(await room.find(job.id)).toMatchObject({ status: 'canceled', steps: [{ status: 'skipped' }], attempts: [{ status: 'abandoned' }] });
    await until(() => flat.canceled.length > 0);
    expect(flat.canceled).toEqual([attempt.providerJobId]);
    await expect(room.cancels.cancel(TENANT, job.id)).rejects.toMatchObject({ code: 'conflict' });
    await expect(room.cancels.cancel('other', job.id)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('a late success changes nothing', async () => {
    const job = await room.accept({});
    const { scene, attempt } = await next();
    await room.cancels.cancel(TENANT, job.id);
    const before = [await room.find(job.id), await room.events(job.id)];
    await expect(room.settle.succeeded(scene, attempt, { files: [keptFile('step-1')], deliveries: [], cost: { credits: 1 } }, 'callback')).rejects.toThrow(LeaseLost);
    await expect(room.settle.errored(scene, attempt, error('unavailable'), FREE, 'poll')).rejects.toThrow(LeaseLost);
    expect([await room.find(job.id), await room.events(job.id)]).toEqual(before);
    expect(await room.claim()).toEqual([]);
  });

  it('and success at the same time: one of them wins, whole', async () => {
    for (let round = 0; round < 10; round += 1) {
      const job = await room.accept({});
      const { scene, attempt } = await next();
      const results = await Promise.allSettled([room.settle.succeeded(scene, attempt, { files: [keptFile('step-1')], deliveries: [], cost: FREE }, 'poll'), room.cancels.cancel(TENANT, job.id)]);
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      const { status, files, attempts } = await room.find(job.id);
      expect([status, files.length, attempts[0]?.status]).toEqual(results[0]?.status === 'fulfilled' ? ['completed', 1, 'succeeded'] : ['canceled', 0, 'abandoned']);
      expect((await room.events(job.id)).filter((type) => /^job\.(completed|canceled)$/.test(type))).toHaveLength(1);
    }
  });
});

it('the timeline has no gap and no number twice, however many write to it at once', async () => {
  const job = await room.accept({});
  await Promise.all(Array.from({ length: 20 }, (_, index) => room.database.transaction((sql) => appendEvents(sql, job.id, [{ type: 'attempt.progressed', cause: 'poll', detail: { index } }]))));
  const numbers = await room.test.query<{ sequence: number }>('SELECT sequence FROM event WHERE job_id = $1 ORDER BY sequence', [job.id]);
  expect(numbers.map(({ sequence }) => sequence)).toEqual(numbers.map((_, index) => index + 1));
  expect(numbers.length).toBeGreaterThan(20);
});
