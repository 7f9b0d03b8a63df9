import { randomUUID } from 'node:crypto';
import { Database } from '../../../src/platform/database.js';
import { BreakerOutcomes } from '../../../src/routing/breaker-outcomes.js';
import { BreakerStore, type Outcomes } from '../../../src/routing/breaker-store.js';
import { StandingBoard } from '../../../src/routing/standing-board.js';
import type { Lease } from '../../../src/execution/stage-store.js';
import { engineRoom, until, type EngineRoom } from '../../support/engine-room.js';
import { FakeProvider } from '../../support/fake-provider.js';

let room: EngineRoom;
/** Two processes, as far as breakers are concerned. */
let pools: readonly Database[];
let stores: readonly [BreakerStore, BreakerStore];

beforeAll(async () => {
  room = await engineRoom([new FakeProvider('main', ['convert', 'compress'])]);
  pools = [Database.open(room.test.url), Database.open(room.test.url)];
  stores = pools.map((database) => new BreakerStore(database, { raw: { BREAKER_OPEN_MS: 30_000 } })) as unknown as [BreakerStore, BreakerStore];
});

beforeEach(async () => {
  await room.empty();
  await room.test.query('TRUNCATE breaker, provider_event');
});

afterAll(async () => {
  await Promise.all(pools.map((database) => database.close()));
  await room.close();
});

const failed = (count: number, stages: readonly (readonly [string, boolean])[] = []): Outcomes => ({ ok: 0, failed: count, kind: 'unavailable', stages: new Map(stages) });
const went = (stage: string, ok: boolean): Outcomes => ({ ok: ok ? 1 : 0, failed: ok ? 0 : 1, kind: ok ? null : 'unavailable', stages: new Map([[stage, ok]]) });
const breakers = () => room.test.query<{ operation: string; state: string; probe: string | null; opens: number; outcomes: { ok: number; failed: number }[] }>('SELECT operation, state, probe, opens, outcomes FROM breaker ORDER BY operation');
const told = async () => (await room.test.query<{ type: string }>('SELECT type FROM provider_event ORDER BY id')).map(({ type }) => type);
const pauseIsOver = () => room.test.query(`UPDATE breaker SET open_until = now() - interval '1 second' WHERE state = 'open'`);
const count = (outcomes: readonly { ok: number; failed: number }[] = []) => outcomes.reduce((all, one) => all + one.ok + one.failed, 0);

/** So many stages that are held, each of a job of its own. */
async function held(jobs: number): Promise<readonly Lease[]> {
  for (let one = 0; one < jobs; one += 1) await room.accept({});
  const leases = await room.claim();
  expect(leases).toHaveLength(jobs);
  return leases;
}

/** Twenty at once, by turns through both processes. */
const claimAll = (leases: readonly Lease[], operations: readonly string[] = ['convert']) => Promise.all(leases.map(({ stageId }, index) => (stores[index % 2] as BreakerStore).claimProbe('main', operations, stageId)));
const winners = (claims: readonly boolean[]) => claims.filter((won) => won).length;

it('twenty failures that come at once through two processes are all counted, and open the breaker once', async () => {
  await Promise.all(Array.from({ length: 20 }, (_, index) => (stores[index % 2] as BreakerStore).record('main', '*', failed(1))));
  const [breaker] = await breakers();
  expect([breaker?.state, breaker?.opens, count(breaker?.outcomes)]).toEqual(['open', 1, 20]);
  expect(await told()).toEqual(['breaker.opened']);
});

describe('an open breaker', () => {
  beforeEach(() => stores[0].record('main', '*', failed(20)));

  it('lets nobody through before its pause is over', async () => {
    expect(winners(await claimAll(await held(20)))).toBe(0);
    expect(await told()).toEqual(['breaker.opened']);
  });

  it('lets exactly one of twenty through, and nobody after it while it works', async () => {
    const leases = await held(20);
    await pauseIsOver();
    const claims = await claimAll(leases);
    expect(winners(claims)).toBe(1);
    const probe = leases[claims.indexOf(true)] as Lease;
    expect(await breakers()).toMatchObject([{ state: 'half_open', probe: probe.stageId }]);
    expect(await told()).toEqual(['breaker.opened', 'breaker.half_opened']);
    // Who has it may ask again; the attempt takes the place of the lease.
    expect(await stores[1].claimProbe('main', ['convert'], probe.stageId)).toBe(true);
    await room.running(probe);
    await room.stages.release(probe, 60_000);
    expect(winners(await claimAll(leases.filter((lease) => lease !== probe)))).toBe(0);
  });

  const aMomentLater = () => room.test.query(`UPDATE breaker SET changed_at = changed_at - interval '3 seconds'`);

  it('lets exactly one more through where the probe ended without a verdict, and where its process died before it began', async () => {
    const leases = await held(20);
    await pauseIsOver();
    const first = leases[(await claimAll(leases)).indexOf(true)] as Lease;
    const others = leases.filter((lease) => lease !== first);
    await room.test.query(`UPDATE stage SET lease_until = now() - interval '1 second' WHERE id = $1`, [first.stageId]);
    // Its end may be on its way.
    expect(winners(await claimAll(others))).toBe(0);
    await aMomentLater();
    const claims = await claimAll(others);
    expect(winners(claims)).toBe(1);
    const second = others[claims.indexOf(true)] as Lease;
    const { attempt } = await room.running(second);
    await room.test.query(`UPDATE attempt SET status = 'errored', ended_at = now() WHERE id = $1`, [attempt.id]);
    await room.stages.release(second, 60_000);
    await aMomentLater();
    expect(winners(await claimAll(others.filter((lease) => lease !== second)))).toBe(1);
  });

  it('is closed or opened by its probe alone, once, whoever tells it', async () => {
    const leases = await held(3);
    await pauseIsOver();
    const probe = leases[(await claimAll(leases)).indexOf(true)] as Lease;
    const [other] = leases.filter((lease) => lease !== probe);
    await stores[1].record('main', '*', went(other?.stageId ?? '', true));
    expect(await breakers()).toMatchObject([{ state: 'half_open' }]);
    await Promise.all(stores.map((store) => store.record('main', '*', went(probe.stageId, false))));
    expect(await breakers()).toMatchObject([{ state: 'open', opens: 2, probe: null }]);
    await pauseIsOver();
    expect(await stores[0].claimProbe('main', ['convert'], probe.stageId)).toBe(true);
    await Promise.all(stores.map((store) => store.record('main', '*', went(probe.stageId, true))));
    expect(await breakers()).toMatchObject([{ state: 'closed' }]);
    expect(await told()).toEqual(['breaker.opened', 'breaker.half_opened', 'breaker.opened', 'breaker.half_opened', 'breaker.closed']);
  });

  it('a second one in the way, of the operation, is passed together with it or not at all', async () => {
    await stores[0].record('main', 'compress', failed(20));
    const [lease, another] = await held(2);
    await room.test.query(`UPDATE breaker SET open_until = now() - interval '1 second' WHERE operation = '*'`);
    expect(await stores[0].claimProbe('main', ['compress'], lease?.stageId ?? '')).toBe(false);
    expect((await breakers()).map(({ operation, state }) => [operation, state])).toEqual([['*', 'open'], ['compress', 'open']]);
    // A control: what does not need that operation passes.
    expect(await stores[0].claimProbe('main', ['convert'], lease?.stageId ?? '')).toBe(true);
    await pauseIsOver();
    expect(await stores[0].claimProbe('main', ['compress'], another?.stageId ?? '')).toBe(false);
    expect(await stores[0].claimProbe('main', ['compress'], lease?.stageId ?? '')).toBe(true);
    expect((await breakers()).map(({ state, probe }) => [state, probe])).toEqual([['half_open', lease?.stageId], ['half_open', lease?.stageId]]);
  });

  it('claims and outcomes that cross each other never lock each other out', async () => {
    await stores[0].record('main', 'convert', failed(20));
    const leases = await held(20);
    await pauseIsOver();
    const outcomes = Array.from({ length: 20 }, (_, index) => (stores[index % 2] as BreakerStore).record('main', index % 3 === 0 ? '*' : 'convert', failed(1)));
    const [claims] = await Promise.all([claimAll(leases), ...outcomes]);
    expect(winners(claims)).toBe(1);
  });
});

it('a closed breaker, or none at all, lets everybody through and writes nothing', async () => {
  const leases = await held(4);
  expect(winners(await claimAll(leases))).toBe(4);
  expect(await breakers()).toEqual([]);
});

describe('outcomes', () => {
  const outcomesOf = () => new BreakerOutcomes(stores[0], new StandingBoard());
  const one = (kind: 'unavailable' | null) => ({ provider: 'main', operations: ['convert', 'convert', 'compress'], stage: randomUUID(), kind });

  it('count for the provider and once for each operation; successes wait for company, a failure takes them along', async () => {
    const outcomes = outcomesOf();
    for (let index = 0; index < 5; index += 1) outcomes.note(one(null));
    expect(await breakers()).toEqual([]);
    outcomes.note(one('unavailable'));
    await until(async () => (await breakers()).length === 3);
    await outcomes.flush();
    expect((await breakers()).map(({ operation, outcomes: slices }) => [operation, slices.map(({ ok, failed: bad }) => [ok, bad])])).toEqual([['*', [[5, 1]]], ['compress', [[5, 1]]], ['convert', [[5, 1]]]]);
  });

  it('that wait are written when the process stops', async () => {
    const outcomes = outcomesOf();
    outcomes.note(one(null));
    await outcomes.onApplicationShutdown();
    expect(await breakers()).toHaveLength(3);
  });

  it('a row that was closed and left alone for long is forgotten; one that is open stays', async () => {
    await stores[0].record('main', '*', failed(20));
    await stores[0].record('main', 'convert', failed(1));
    expect(await room.standings.forget(90, 100)).toBe(0);
    await room.test.query(`UPDATE breaker SET touched_at = now() - interval '91 days'`);
    expect(await room.standings.forget(90, 100)).toBe(1);
    expect(await breakers()).toMatchObject([{ operation: '*', state: 'open' }]);
  });
});
