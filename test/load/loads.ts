import { setTimeout as pause } from 'node:timers/promises';
import { seededRandom } from '../../src/sandbox/random.ts';
import { percentile } from '../bench/measure.ts';
import type { Gateway } from '../support/gateway.ts';
import { databaseComesAndGoes, gatewaysDie, killOne, type Chaos } from './chaos.ts';
import { drained, FAULTS_OF_ALL_KINDS, judged, openLoadGround, WEATHER, type Ground } from './ground.ts';
import { ms, smallJob, stream, type Lives } from './lives.ts';
import { sendGenerated } from './requests.ts';
import { readSpoiltAnswers } from './vendor-answers.ts';

export interface LoadOptions {
  readonly seed: number;
  /** Null: as the table of loads says. */
  readonly seconds: number | null;
  readonly perSecond: number | null;
  readonly jobs: number | null;
}

/** Prints its figures; true when its bar is held. */
export type Load = (options: LoadOptions) => Promise<boolean>;

const ACCEPT_P99_MS = 25;
const BLOCK_MS = 100;

/** Whole lives at a constant rate while the vendors have their weather. */
export const l1: Load = async ({ seed, seconds, perSecond }) => {
  const ground = await openLoadGround({ weather: WEATHER, seed });
  try {
    await ground.world.gateway();
    const lives = await stream(ground.world, ground.sink, { perSecond: perSecond ?? 150, seconds: seconds ?? 600 });
    told(lives);
    const kept = percentile(lives.acceptMs, 0.99) <= ACCEPT_P99_MS;
    const all = await drained(ground, 180_000);
    lag(ground, lives);
    return (await judged(ground)) && all && held('accept p99', ms(lives.acceptMs, 0.99), `${ACCEPT_P99_MS} ms`, kept);
  } finally {
    await ground.world.close();
  }
};

/** Three times what it can take: what it takes it still finishes, and the rest is told at once to come again. */
export const l2: Load = async ({ seed, seconds, perSecond }) => {
  const span = seconds ?? 120;
  const ground = await openLoadGround({ weather: [], seed, latencyMs: 10 });
  const { world, sink } = ground;
  try {
    const gateway = await world.gateway();
    const peak = perSecond ?? (await peakOf(ground, span / 4));
    console.log(`  peak: ${peak.toFixed(0)} whole lives a second`);
    const before = sink.endedAt.size;
    const began = performance.now();
    const reading = readsDuring(gateway, () => world.caller.accepted.at(-1)?.id ?? '');
    const lives = await stream(world, sink, { perSecond: Math.round(3 * peak), seconds: span });
    const goodput = (sink.endedAt.size - before) / ((performance.now() - began) / 1000);
    const reads = await reading.stop();
    told(lives);
    await pause(10_000);
    const normal = await stream(world, sink, { perSecond: Math.max(1, Math.round(peak / 3)), seconds: 10 });
    const all = await drained(ground, 120_000);
    const well = await judged(ground);
    return [
      held('goodput of peak', (goodput / peak).toFixed(2), '0.90', goodput >= 0.9 * peak),
      held('turned away, p99', ms(lives.refusedMs, 0.99), '50 ms', lives.refusedMs.length > 0 && percentile(lives.refusedMs, 0.99) <= 50),
      held('turned away without Retry-After', String(lives.refusedUntold), '0', lives.refusedUntold === 0),
      held(`reads refused of ${reads.made}`, String(reads.refused), '0', reads.made > 0 && reads.refused === 0),
      held('accepted 10 s later', `${normal.accepted} of ${normal.sent}`, 'all', normal.accepted === normal.sent),
    ].every(Boolean) && all && well;
  } finally {
    await world.close();
  }
};

/** Ends a second while as many lives are under way as it takes to keep it busy. */
async function peakOf({ world, sink }: Ground, seconds: number): Promise<number> {
  const stopAt = performance.now() + seconds * 1000;
  let from = 0;
  const one = async (): Promise<void> => {
    while (performance.now() < stopAt) {
      const { id } = await world.caller.send(smallJob(sink, (from += 1), 120));
      while (!sink.endedAt.has(id) && performance.now() < stopAt) await pause(20);
    }
  };
  const warm = pause(seconds * 250).then(() => ({ ended: sink.endedAt.size, at: performance.now() }));
  await Promise.all(Array.from({ length: 48 }, one));
  const { ended, at } = await warm;
  return (sink.endedAt.size - ended) / ((performance.now() - at) / 1000);
}

function readsDuring(gateway: Gateway, id: () => string): { stop(): Promise<{ made: number; refused: number }> } {
  let going = true;
  let made = 0;
  let refused = 0;
  const loop = (async () => {
    while (going) {
      const answer = await gateway.call(`/v1/jobs/${id()}`).catch(() => null);
      made += 1;
      if (answer === null || answer.status === 503 || answer.status === 429) refused += 1;
      await answer?.arrayBuffer();
      await pause(100);
    }
  })();
  return {
    stop: async () => {
      going = false;
      await loop;
      return { made, refused };
    },
  };
}

/** Five kinds of chaos, one after the other: as many jobs end in the half minute after as in the one before. */
export const l3: Load = async ({ seed, seconds, perSecond }) => {
  const random = seededRandom(seed);
  const rate = perSecond ?? 20;
  const span = seconds ?? 30;
  const grid: readonly (readonly [string, Chaos])[] = [
    ['Postgres restarted at once', async ({ postgres }) => postgres.stop('immediate').then(() => postgres.start())],
    ['a backend killed', async ({ postgres }) => void (await postgres.cutConnections())],
    ['the pool exhausted', async ({ postgres }) => void (await postgres.query('DO $$ BEGIN LOCK TABLE job; PERFORM pg_sleep(4); END $$'))],
    ['a replica killed', async (world) => killOne(world, random)],
    ['repeated kills every 3 to 8 s', gatewaysDie],
  ];
  let well = true;
  for (const [name, chaos] of grid) {
    const ground = await openLoadGround({ weather: [], seed });
    const { world, sink } = ground;
    try {
      console.log(`${name}:`);
      await Promise.all([world.gateway(), world.gateway()]);
      const load = stream(world, sink, { perSecond: rate, seconds: 3 * span, insists: true });
      await pause(span * 1000);
      const before = sink.endedAt.size;
      const during = new AbortController();
      const trouble = chaos(world, random, during.signal);
      await pause(span * 1000);
      during.abort();
      await trouble;
      const lives = await load;
      told(lives);
      const all = await drained(ground, 90_000);
      const share = sink.endedAt.size / lives.sent;
      const kept = held('ended of what was sent', share.toFixed(3), '0.98', share >= 0.98 && before > 0);
      well = (await judged(ground)) && all && kept && well;
    } finally {
      await world.close();
    }
  }
  return well;
};

/** Postgres comes and goes, gateways die, and every job comes out right. */
export const l4: Load = async ({ seed, jobs, perSecond }) => {
  const random = seededRandom(seed);
  const count = jobs ?? 5000;
  const rate = perSecond ?? 40;
  const ground = await openLoadGround({ weather: [], seed });
  const { world, sink } = ground;
  try {
    await Promise.all([world.gateway(), world.gateway()]);
    const during = new AbortController();
    const trouble = Promise.all([databaseComesAndGoes(world, random, during.signal), gatewaysDie(world, random, during.signal)]);
    const lives = await stream(world, sink, { perSecond: rate, seconds: count / rate, insists: true, deadlineSeconds: 600 });
    during.abort();
    await trouble;
    told(lives);
    const all = await drained(ground, 180_000);
    return (await judged(ground)) && all && held('jobs ended', String(new Set(world.caller.accepted.filter(({ id }) => sink.endedAt.has(id)).map(({ id }) => id)).size), String(count), all);
  } finally {
    await world.close();
  }
};

/** Requests made from the API's own document, and spoilt answers of the vendors: nothing but what is documented comes back, and nothing stands still. */
export const l6: Load = async ({ seed, jobs }) => {
  const random = seededRandom(seed);
  const ground = await openLoadGround({ weather: [], seed, latencyMs: 0 });
  const { world } = ground;
  try {
    const gateway = await world.gateway();
    const requests = await sendGenerated(gateway, random, jobs ?? 10_000);
    console.log(`  ${requests.tried} requests: ${[...requests.statuses].sort().map(([status, count]) => `${status} × ${count}`).join(', ')}`);
    for (const fault of requests.faults.slice(0, 10)) console.log(`  ${fault}`);
    const alive = held('answers that no document names, or 5xx', String(requests.faults.length), '0', requests.faults.length === 0 && gateway.process.exitCode === null);
    const answers = await readSpoiltAnswers(random, 10 * (jobs ?? 10_000));
    for (const fault of answers.faults.slice(0, 10)) console.log(`  ${fault}`);
    const typed = held(`${answers.tried} spoilt answers read as neither report nor typed error`, String(answers.faults.length), '0', answers.faults.length === 0);
    return held('the slowest of them', `${answers.slowestMs.toFixed(1)} ms`, `${BLOCK_MS} ms`, answers.slowestMs <= BLOCK_MS) && typed && alive;
  } finally {
    await world.close();
  }
};

/** Thousands of jobs of which one in twenty meets a fault: all end, none is paid twice. */
export const soak: Load = async ({ seed, jobs, perSecond }) => {
  const count = jobs ?? 5000;
  const rate = perSecond ?? 40;
  const ground = await openLoadGround({ weather: FAULTS_OF_ALL_KINDS, seed, latencyMs: 5 });
  const { world } = ground;
  try {
    await world.gateway();
    const lives = await stream(world, ground.sink, { perSecond: rate, seconds: count / rate, insists: true });
    told(lives);
    const all = await drained(ground, 240_000);
    const well = await judged(ground);
    const [row] = await world.postgres.query<{ ran: string }>('SELECT count(*) FILTER (WHERE provider_job_id IS NOT NULL) AS ran FROM attempt');
    console.log(`  attempts with a vendor job: ${row?.ran ?? '?'}`);
    return well && held('jobs ended', String(ground.sink.endedAt.size), String(count), all);
  } finally {
    await world.close();
  }
};

function told({ sent, accepted, statuses, acceptMs, seconds }: Lives): void {
  const answers = [...statuses].map(([status, count]) => `${status === 0 ? 'no answer' : status} × ${count}`).join(', ');
  console.log(`  ${sent} jobs sent in ${seconds.toFixed(0)} s, ${accepted} accepted (${answers}); accept p50 ${ms(acceptMs, 0.5)}, p99 ${ms(acceptMs, 0.99)}`);
}

/** How many ended a second while they were sent. */
function lag({ sink }: Ground, { seconds }: Lives): void {
  const times = [...sink.endedAt.values()];
  const span = (Math.max(...times.slice(-1)) - (times[0] ?? 0)) / 1000;
  console.log(`  ${times.length} ends in ${span.toFixed(0)} s: ${(times.length / span).toFixed(0)} a second (sent in ${seconds.toFixed(0)} s)`);
}

function held(what: string, got: string, bar: string, isHeld: boolean): boolean {
  console.log(`  ${what}: ${got}, bar ${bar}: ${isHeld ? 'held' : 'MISSED'}`);
  return isHeld;
}
