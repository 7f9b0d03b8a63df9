import type { Gateway } from '../support/gateway.ts';
import type { View } from './support/caller.ts';
import type { Side } from './support/commit-recorder.ts';
import { killed, RECORDED } from './support/killing.ts';
import { ask, pause, type Said } from './support/stream.ts';
import { openWorld, type World } from './support/world.ts';

/*
 * Jobs that come at once are written in one statement and one commit (FI-01, FI-32): the process dies at such a commit, and for each of its callers it is as if he had been alone.
 */

const CALLERS = 12;
/** Jobs that each of them sends, one after the other, as long as he is answered. */
const TURNS = 3;
const JOBS = CALLERS * TURNS;
/** Callers may hear of the end before we do. */
const EXIT_MS = 5000;
const INSERT = 'jobs/job-inserts:insertAll';

let world: World;
let survivor: Gateway;

beforeAll(async () => {
  world = await openWorld({ variables: RECORDED });
  survivor = await world.gateway();
});

afterEach(async () => {
  await world.settled();
  expect(await world.audit()).toEqual([]);
});

afterAll(() => world.close());

/** Its id, where it was answered. */
function take(said: Said, key: string): string {
  const { id } = JSON.parse(said.text) as View;
  if (!world.caller.accepted.some((one) => one.id === id)) world.caller.accepted.push({ id, idempotencyKey: key });
  return id;
}

/** How many jobs were written at one moment, and so in one commit, but for those of which somebody knows. */
const writtenAtOnce = async (known: readonly (string | null)[]) =>
  (await world.postgres.query<{ jobs: number }>('SELECT count(*)::int AS jobs FROM job WHERE NOT (id = ANY ($1::uuid[])) GROUP BY created_at ORDER BY 1 DESC LIMIT 1', [known]))[0]?.jobs ?? 0;

test.each(['before', 'after'] as const)('FI-01: killed %s a commit that many share: who was answered 202 has his job, who was not has it once when he asks again', async (side: Side) => {
  // What dies takes jobs in and runs none: what a worker's death leaves at the vendors is told elsewhere.
  const mortal = await world.gateway({ ROLE: 'api' });
  const run = `${side}-${crypto.randomUUID().slice(0, 8)}`;
  const bodies = Array.from({ length: JOBS }, (_, index) => ({ key: `${run}-${index}`, body: JSON.stringify(world.job({ tag: `${run}-${index}` })) }));
  const post = (gateway: Gateway, { key, body }: (typeof bodies)[number]) => ask(gateway, '/v1/jobs', { method: 'POST', headers: { 'content-type': 'application/json', 'idempotency-key': key }, body });
  const before = (await world.postgres.query<{ id: string }>('SELECT id FROM job')).map(({ id }) => id);
  const answered: (string | null)[] = bodies.map(() => null);
  const caller = async (_: unknown, own: number): Promise<void> => {
    for (let index = own; index < JOBS; index += CALLERS) {
      const said = await post(mortal, bodies[index] ?? { key: '', body: '' });
      // The head of an answer may have come without its body.
      if (said.status !== 202 || said.text === '') return;
      answered[index] = take(said, `${run}-${index}`);
    }
  };
  let posting: Promise<unknown> = Promise.resolve();
  const met = await killed(mortal, { place: INSERT, nth: 3, side }, () => (posting = Promise.all(Array.from({ length: CALLERS }, caller))).then(() => pause(EXIT_MS)));
  await posting;
  expect(met).toBe(true);
  const written = new Set((await world.postgres.query<{ id: string }>('SELECT id FROM job')).map(({ id }) => id));
  expect(answered.filter((id) => id !== null && !written.has(id))).toEqual([]);
  // The controls: some were answered and some were not; and behind the kill stood a commit of many whom nobody had told.
  const told = answered.filter((id) => id !== null);
  expect([told.length > 0, told.length < JOBS]).toEqual([true, true]);
  if (side === 'after') expect(await writtenAtOnce([...before, ...told])).toBeGreaterThan(1);
  for (const [index, one] of bodies.entries()) {
    const id = take(await post(survivor, one), one.key);
    expect(id).toBe(answered[index] ?? id);
  }
  expect(await world.postgres.query(`SELECT count(*)::int AS jobs, count(DISTINCT tag)::int AS tags FROM job WHERE tag LIKE '${run}-%'`)).toEqual([{ jobs: JOBS, tags: JOBS }]);
});
