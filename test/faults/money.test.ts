import { chance, newSeed } from './support/chance.ts';
import { forgetTheDead } from './support/killing.ts';
import { openSpoiltWorld, sendWorded, tries, type SpoiltWorld } from './support/spoilt-world.ts';
import type { View } from './support/caller.ts';

/* I8: what is in the ledger is what the vendors charged. The auditor holds the two against each other after every fault test; here are those that move money about. */

const PRICES = { api2convert: '0.0201', runconvert: '0.0133' } as const;
const VENDORS = ['api2convert', 'runconvert'] as const;
type Vendor = (typeof VENDORS)[number];

let world: SpoiltWorld;

beforeAll(async () => {
  world = await openSpoiltWorld({ money: { prices: PRICES } });
  await world.gateway();
});

afterAll(() => world.close());

interface Row {
  readonly provider: string;
  readonly outcome: string;
  readonly credits: string | null;
  readonly estimated: boolean;
  readonly waste: boolean;
}

const rowsOf = async (id: string): Promise<string[]> =>
  (await world.postgres.query<Row>(`SELECT provider, outcome, trim_scale(credits)::text AS credits, estimated, waste FROM ledger_entry WHERE job_id = $1 ORDER BY id`, [id]))
    .map(({ provider, outcome, credits, estimated, waste }) => `${provider} ${outcome} ${estimated ? 'untold' : (credits ?? 'nothing')}${waste ? ' wasted' : ''}`);

/** The vendors' own ledger and ours, each as one sum. */
async function sums(): Promise<{ readonly theirs: number; readonly ours: number }> {
  const { jobs } = (await (await fetch(new URL('/sandbox/ledger', world.vendors.runconvert))).json()) as { readonly jobs: readonly { readonly credits: number }[] };
  const [row] = await world.postgres.query<{ ours: number }>('SELECT coalesce(sum(credits) FILTER (WHERE NOT estimated), 0)::float8 AS ours FROM ledger_entry');
  return { theirs: jobs.reduce((sum, { credits }) => sum + credits, 0), ours: row?.ours ?? -1 };
}

/** Vendors are asked at once what became of what was given up, until nobody is left to ask about. */
async function asked(): Promise<void> {
  for (const late = Date.now() + 60_000; Date.now() < late; await pause(250)) {
    await world.postgres.query(`UPDATE orphan SET due_at = now() WHERE ended_at IS NULL`);
    await world.postgres.query(`UPDATE attempt SET watch_due_at = now() WHERE watch_due_at < 'infinity'`);
    const [row] = await world.postgres.query<{ open: number }>(`SELECT (SELECT count(*) FROM attempt WHERE watch_due_at < 'infinity')::int + (SELECT count(*) FROM orphan WHERE ended_at IS NULL AND due_at IS NOT NULL)::int AS open`);
    if (row?.open === 0) return;
  }
}

async function whenRuns(id: string): Promise<void> {
  for (const late = Date.now() + 20_000; (await world.caller.read(id))?.attempts[0]?.status !== 'running' && Date.now() < late; ) await pause(10);
}

async function story(word: string, vendor: Vendor, name: string, options: object = {}): Promise<View> {
  await world.play({ name, vendor, match: { filename: word }, options });
  return world.caller.ended((await sendWorded(world, word, { routing: { prefer: [vendor] } })).id, 60_000);
}

test('I8: however an attempt ends, and however often that is told, it is booked with what its vendor charged', async () => {
  const canceled = Promise.all(VENDORS.map(async (vendor) => {
    // It goes on working for two seconds, and nobody waits for it.
    await world.play({ name: 'unknown-status', vendor, match: { filename: `left-${vendor}` }, options: { ms: 2000 } });
    const { id } = await sendWorded(world, `left-${vendor}`, { routing: { only: [vendor] } });
    await whenRuns(id);
    expect((await world.gateways[0]?.call(`/v1/jobs/${id}/cancel`, { method: 'POST' }))?.status).toBe(202);
    return id;
  }));
  const [plain, told, wrong, failed, lost, halfway] = await Promise.all([
    Promise.all(VENDORS.map(async (vendor) => world.caller.ended((await sendWorded(world, `plain-${vendor}`, { routing: { only: [vendor] } })).id))),
    Promise.all(VENDORS.flatMap((vendor) => [story(`often-${vendor}`, vendor, 'duplicate-callback', { n: 10 }), story(`back-${vendor}`, vendor, 'reordered-callback')])),
    Promise.all(VENDORS.map((vendor) => story(`wrong-${vendor}`, vendor, 'wrong-file'))),
    Promise.all(VENDORS.map((vendor) => story(`failed-${vendor}`, vendor, 'fail', { code: 6001 }))),
    Promise.all(VENDORS.map((vendor) => story(`lost-${vendor}`, vendor, 'drop-create-answer'))),
    twoSteps('halfway'),
  ]);
  for (const job of [...plain, ...told]) expect([tries(job), (await rowsOf(job.id)).length]).toEqual([[`${job.attempts[0]?.provider ?? ''} succeeded`], 1]);
  for (const job of wrong) expect(await rowsOf(job.id)).toEqual([expect.stringMatching(/errored \d+ wasted$/), expect.stringMatching(/succeeded \d+$/)]);
  expect([...failed, ...lost].map(({ status }) => status)).toEqual(['completed', 'completed', 'completed', 'completed']);
  // What was done before it failed was charged, and is booked.
  expect((await rowsOf(halfway.id))[0]).toMatch(/^runconvert errored 0\.5 wasted$/);
  const left = await canceled;
  await pause(2500);
  await asked();
  await world.settled();
  // Where a vendor cannot be kept from finishing, what it cost came late.
  const late = (await Promise.all(left.map(rowsOf))).flat();
  expect(late.filter((row) => row.includes('untold'))).toHaveLength(2);
  expect(late.filter((row) => /late \d+ wasted/.test(row)).length).toBeGreaterThan(0);
  // The control: with everybody asked, nothing that cost stays out of the sum.
  const { theirs, ours } = await sums();
  expect([theirs > 10, ours]).toEqual([true, theirs]);
  expect(await world.audit()).toEqual([]);
}, 150_000);

/** One job at RunConvert, of two tasks, of which the second fails. */
async function twoSteps(word: string): Promise<View> {
  await world.play({ name: 'fail', vendor: 'runconvert', match: { filename: word }, options: { after: 1 } });
  const steps = [{ id: 'small', operation: 'compress', inputs: ['file'] }, { id: 'made', operation: 'convert', to: 'webp', inputs: ['small'] }];
  return world.caller.ended((await sendWorded(world, word, { steps, routing: { prefer: ['runconvert'] } })).id, 60_000);
}

test('I8: nor is a unit lost or counted twice while processes are killed one after another, and vendors fail, repeat themselves and lose their answers', async () => {
  const seed = newSeed();
  const random = chance(seed);
  process.stdout.write(`I8: FAULT_SEED=${seed}\n`);
  for (const vendor of VENDORS) {
    for (const [name, often] of [['fail', 0.1], ['drop-create-answer', 0.08], ['wrong-file', 0.08], ['duplicate-callback', 0.2], ['reordered-callback', 0.1], ['late-callback', 0.1], ['no-callback', 0.1]] as const) {
      await world.play({ name, vendor, match: { filename: 'chaos' }, times: 10_000, chance: often, options: { ms: 1500, code: 6001 } });
    }
  }
  await world.gateway();
  const ends: Promise<View>[] = [];
  let kills = 0;
  const monkey = async (): Promise<void> => {
    for (const until = Date.now() + 20_000; Date.now() < until || kills < 4; ) {
      await pause(800 + random() * 1200);
      const dead = world.gateways[Math.floor(random() * world.gateways.length)];
      await dead?.kill();
      kills += 1;
      await forgetTheDead(world);
      await world.gateway();
    }
  };
  const sender = async (): Promise<void> => {
    for (let nth = 0; nth < 60; nth += 1) {
      const routing = [{}, { prefer: ['api2convert'] }, { prefer: ['runconvert'] }][Math.floor(random() * 3)];
      const { id } = await sendWorded(world, `chaos-${nth}`, { routing });
      ends.push(world.caller.ended(id, 90_000));
      if (random() < 0.1) await world.gateways[0]?.call(`/v1/jobs/${id}/cancel`, { method: 'POST' }).catch(() => undefined);
      await pause(200 + random() * 200);
    }
  };
  await Promise.all([monkey(), sender()]);
  const jobs = await Promise.all(ends);
  await world.settled(60_000);
  await asked();
  const { theirs, ours } = await sums();
  process.stdout.write(`I8: ${jobs.length} jobs, ${jobs.reduce((sum, { attempts }) => sum + attempts.length, 0)} attempts, ${kills} kills: ${theirs} credits charged, ${ours} booked\n`);
  // The control: there was something to count, and somebody died meanwhile.
  expect(kills).toBeGreaterThan(3);
  expect(jobs.filter(({ attempts }) => attempts.length > 1).length).toBeGreaterThan(3);
  expect([theirs > 50, ours]).toEqual([true, theirs]);
  expect(await world.audit()).toEqual([]);
}, 240_000);

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
