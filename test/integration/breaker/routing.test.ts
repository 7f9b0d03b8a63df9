import { ProviderError, type ErrorKind } from '../../../src/conversion/errors.js';
import type { Lease } from '../../../src/execution/stage-store.js';
import { engineRoom, type EngineRoom } from '../../support/engine-room.js';
import { FakeProvider } from '../../support/fake-provider.js';

/** The first is taken where nothing speaks against it. */
let room: EngineRoom;

beforeAll(async () => void (room = await engineRoom([new FakeProvider('first', ['convert', 'compress']), new FakeProvider('second', ['convert', 'compress'])])));

beforeEach(async () => {
  await room.outcomes.flush();
  await room.empty();
  await room.test.query('TRUNCATE breaker, provider_state, provider_event');
  await refresh();
});

afterAll(() => room.close());

const FREE = { credits: null };
const refresh = async () => room.board.put(await room.standings.read());
const error = (kind: ErrorKind, code = 'theirs') => new ProviderError(kind, 'Because.', { code });
const stages = (jobId: string) => room.test.query<{ provider: string; status: string }>('SELECT provider, status FROM stage WHERE job_id = $1 ORDER BY id', [jobId]);
const planned = async (jobId: string) => (await stages(jobId)).filter(({ status }) => status === 'active' || status === 'waiting').map(({ provider }) => provider);
const details = (jobId: string, type: string) => room.test.query<{ detail: Record<string, unknown>; cause: string }>('SELECT detail, cause FROM event WHERE job_id = $1 AND type = $2 ORDER BY sequence', [jobId, type]);
const breaker = async (provider: string, operation = '*') => (await room.standings.read()).get(provider)?.get(operation)?.breaker;

async function open(provider: string, operation = '*', opens = 1): Promise<void> {
  await room.breakers.record(provider, operation, { ok: 0, failed: 20, kind: 'unavailable', stages: new Map() });
  await room.test.query('UPDATE breaker SET opens = $3 WHERE provider = $1 AND operation = $2', [provider, operation, opens]);
  await refresh();
}

async function pauseIsOver(): Promise<void> {
  await room.test.query(`UPDATE breaker SET open_until = now() - interval '1 second' WHERE state = 'open'`);
  await refresh();
}

async function say(provider: string, state: 'enabled' | 'draining' | 'disabled', operation: string | null = null): Promise<void> {
  await room.standings.say(provider, operation, state);
  await refresh();
}

/** The scene of the one stage that is due. */
async function scene() {
  await room.test.query('UPDATE stage SET due_at = now() WHERE due_at IS NOT NULL');
  const leases = await room.claim();
  expect(leases).toHaveLength(1);
  const found = await room.scenes.load(leases[0] as Lease);
  if (found === null) throw new Error('the lease is lost');
  return found;
}

/** A job's attempt that runs, to be settled by the test. */
async function running(body: object = {}) {
  await room.accept(body);
  const leases = await room.claim();
  return room.running(leases[0] as Lease);
}

describe('a plan', () => {
  it('leaves out a provider whose breaker is open, and one operation where it is that one', async () => {
    expect(await planned((await room.accept({})).id)).toEqual(['first']);
    await open('first');
    expect(await planned((await room.accept({})).id)).toEqual(['second']);
    await room.test.query('TRUNCATE breaker');
    await open('first', 'compress');
    expect(await planned((await room.accept({})).id)).toEqual(['first']);
    expect(await planned((await room.accept({ steps: [{ operation: 'compress' }] })).id)).toEqual(['second']);
  });

  it('says why with a code and a sentence', async () => {
    await open('first');
    await say('second', 'draining', 'convert');
    const job = await room.accept({ routing: { only: ['first'] } });
    const { exclusions } = room.router.route(job.graph, job.graph.steps, job.graph.steps, [], false);
    expect(exclusions).toEqual([
      { provider: 'second', code: 'not_in_only', message: '"second" is not among routing.only.' },
      { provider: 'first', code: 'breaker', message: expect.stringMatching(/^The breaker of "first" is open\. 20 of the last 20 attempts failed/) as string },
    ]);
  });

  it('uses the least bad where all are open, and never refuses a job for it', async () => {
    await open('first', '*', 4);
    await open('second', '*', 2);
    expect(await planned((await room.accept({})).id)).toEqual(['second']);
    await room.test.query(`UPDATE breaker SET opens = 5 WHERE provider = 'second'`);
    await refresh();
    expect(await planned((await room.accept({})).id)).toEqual(['first']);
  });

  it('uses an open provider that is the only one a caller allows', async () => {
    await open('first');
    expect(await planned((await room.accept({ routing: { only: ['first'] } })).id)).toEqual(['first']);
  });

  it('does not use what an operator took out, whatever that leaves', async () => {
    await say('first', 'disabled');
    expect(await planned((await room.accept({})).id)).toEqual(['second']);
    await open('second');
    expect(await planned((await room.accept({})).id)).toEqual(['second']);
    await say('second', 'draining');
    await expect(room.accept({})).rejects.toMatchObject({ code: 'no_eligible_provider', message: expect.stringContaining('"first" is disabled by an operator.') as string });
    await say('first', 'enabled');
    expect(await planned((await room.accept({})).id)).toEqual(['first']);
  });
});

describe('what was planned before', () => {
  it.each(['draining', 'disabled'] as const)('is planned anew where an operator makes its provider %s', async (state) => {
    const job = await room.accept({});
    await say('first', state);
    expect(await room.gate.lets(await scene())).toBe(false);
    expect(await planned(job.id)).toEqual(['second']);
    expect(await details(job.id, 'plan.changed')).toMatchObject([{ cause: 'timer', detail: { from: 'first', reason: 'state', message: `"first" is ${state} by an operator.` } }]);
    expect(await room.gate.lets(await scene())).toBe(true);
  });

  it('waits where nobody else is left, says so once, and goes on when the provider is back', async () => {
    const job = await room.accept({ routing: { only: ['first'] } });
    await say('first', 'disabled');
    for (let turn = 0; turn < 2; turn += 1) expect(await room.gate.lets(await scene())).toBe(false);
    expect(await planned(job.id)).toEqual(['first']);
    expect(await details(job.id, 'stage.waiting')).toMatchObject([{ cause: 'operator', detail: { provider: 'first', message: '"first" is disabled by an operator.' } }]);
    await say('first', 'enabled');
    expect(await room.gate.lets(await scene())).toBe(true);
  });

  it('moves away from a breaker that opened meanwhile, but not to one that is open too', async () => {
    const job = await room.accept({});
    await open('first');
    await open('second');
    expect(await room.gate.lets(await scene())).toBe(true);
    expect(await planned(job.id)).toEqual(['first']);
    await room.test.query(`UPDATE stage SET lease_owner = NULL, lease_until = NULL`);
    await room.test.query(`DELETE FROM breaker WHERE provider = 'second'`);
    await refresh();
    expect(await room.gate.lets(await scene())).toBe(false);
    expect(await planned(job.id)).toEqual(['second']);
  });

  it('does not go back to who was tried, only because the next one is open', async () => {
    const { scene: before, attempt } = await running();
    await room.settle.errored(before, attempt, error('quota_exhausted'), FREE, 'poll');
    await open('second');
    expect(await room.gate.lets(await scene())).toBe(true);
    expect(await planned(before.job.id)).toEqual(['second']);
  });
});

describe('the probe', () => {
  it('is one job; others that were planned there meanwhile go elsewhere, and its success closes the breaker', async () => {
    await open('first');
    await pauseIsOver();
    const jobs = [await room.accept({}), await room.accept({})];
    expect(await planned(jobs[0]?.id ?? '')).toEqual(['first']);
    expect(await planned(jobs[1]?.id ?? '')).toEqual(['first']);
    const leases = await room.claim();
    const scenes = await Promise.all(leases.map((lease) => room.scenes.load(lease)));
    const through = await Promise.all(scenes.map(async (one) => one !== null && (await room.gate.lets(one))));
    expect(through.filter((one) => one)).toHaveLength(1);
    const lease = leases[through.indexOf(true)] as Lease;
    const other = leases.find((one) => one !== lease)?.jobId ?? '';
    expect(await planned(other)).toEqual(['second']);
    expect(await details(other, 'plan.changed')).toMatchObject([{ detail: { reason: 'breaker', message: 'The breaker of "first" lets one attempt through at a time.' } }]);
    await refresh();
    expect(await planned((await room.accept({})).id)).toEqual(['second']);
    const { scene: probe, attempt } = await room.running(lease);
    await room.settle.succeeded(probe, attempt, { files: [], deliveries: [], cost: FREE }, 'poll');
    await room.outcomes.flush();
    expect(await breaker('first')).toMatchObject({ state: 'closed', reason: 'The attempt that was let through succeeded.' });
  });

  it('that fails opens it again, for longer', async () => {
    await open('first');
    await pauseIsOver();
    await room.accept({});
    const leases = await room.claim();
    const found = await room.scenes.load(leases[0] as Lease);
    expect(found !== null && (await room.gate.lets(found))).toBe(true);
    await refresh();
    const { scene: probe, attempt } = await room.running(leases[0] as Lease);
    await room.settle.errored(probe, attempt, error('unavailable'), FREE, 'poll');
    await room.outcomes.flush();
    expect(await breaker('first')).toMatchObject({ state: 'open', reason: 'The attempt that was let through failed with "unavailable". One attempt is let through after 60 s.' });
  });
});

describe('what counts', () => {
  const counts = async (provider: string) => (await room.test.query<{ operation: string; outcomes: { ok: number; failed: number }[] }>('SELECT operation, outcomes FROM breaker WHERE provider = $1 ORDER BY operation', [provider])).map(({ operation, outcomes }) => [operation, outcomes.map(({ ok, failed }) => [ok, failed])]);

  it.each([['unavailable', 1], ['timeout', 1], ['vanished', 1], ['quota_exhausted', 1], ['unauthorized', 1], ['malformed_response', 1], ['unmapped', 1], ['invalid_input', 0], ['source_unreachable', 0], ['unsupported', 0], ['conversion_failed', 0], ['output_invalid', 0], ['rate_limited', 0]] as const)(
    '%s: %i, for the provider that it ran at', async (kind, failures) => {
      const { scene: one, attempt } = await running();
      await room.settle.errored(one, attempt, error(kind), FREE, 'poll');
      await room.outcomes.flush();
      expect(await counts('first')).toEqual(failures === 0 ? [] : [['*', [[0, 1]]], ['convert', [[0, 1]]]]);
      expect(await counts('second')).toEqual([]);
    },
  );

  it.each(['removed', 'internal'])('nothing that is our own fault (%s)', async (code) => {
    const { scene: one, attempt } = await running();
    await room.settle.errored(one, attempt, error('unmapped', code), FREE, 'poll');
    await room.outcomes.flush();
    expect(await counts('first')).toEqual([]);
  });

  it('each try of a job, at the provider of that try', async () => {
    const { scene: one, attempt } = await running();
    await room.settle.errored(one, attempt, error('quota_exhausted'), FREE, 'poll');
    const leases = await room.claim();
    const second = await room.running(leases[0] as Lease);
    await room.settle.succeeded(second.scene, second.attempt, { files: [], deliveries: [], cost: FREE }, 'poll');
    await room.outcomes.flush();
    expect([await counts('first'), await counts('second')]).toEqual([[['*', [[0, 1]]], ['convert', [[0, 1]]]], [['*', [[1, 0]]], ['convert', [[1, 0]]]]]);
  });

  it('an attempt that stood still under a deadline only when it had the time that its work takes', async () => {
    const hurried = await running();
    await room.settle.errored(hurried.scene, { ...hurried.attempt, idleMs: 5000 }, error('timeout', 'no_progress'), FREE, 'timer', true);
    await room.outcomes.flush();
    expect(await counts('first')).toEqual([]);
    const stuck = await running();
    await room.settle.errored(stuck.scene, { ...stuck.attempt, idleMs: 120_000 }, error('timeout', 'no_progress'), FREE, 'timer', true);
    await room.outcomes.flush();
    expect(await counts('first')).toEqual([['*', [[0, 1]]], ['convert', [[0, 1]]]]);
  });

  it.each([
    ['one that its provider never said it took', `status = 'unknown', provider_job_id = NULL, unknown_since = now()`, 1],
    ['one that told nothing for as long as the work takes', `moved_at = now() - interval '50 seconds'`, 1],
    ['not one that began too late', `moved_at = now() - interval '5 seconds'`, 0],
  ])('of the attempts that a deadline ends: %s', async (_, change, failures) => {
    const { scene: one, attempt } = await running();
    await room.test.query(`UPDATE attempt SET ${change} WHERE id = $1`, [attempt.id]);
    await room.test.query(`UPDATE job SET deadline_at = now() - interval '1 second' WHERE id = $1`, [one.job.id]);
    expect(await room.deadlines.failOverdue()).toBe(1);
    await room.outcomes.flush();
    expect(await counts('first')).toEqual(failures === 0 ? [] : [['*', [[0, 1]]], ['convert', [[0, 1]]]]);
  });

  it('nothing when the caller cancels', async () => {
    const { scene: one } = await running();
    await room.cancels.cancel('default', one.job.id);
    await room.outcomes.flush();
    expect(await counts('first')).toEqual([]);
  });
});
