import { randomUUID } from 'node:crypto';
import { engineRoom, type EngineRoom } from '../../support/engine-room.js';
import { FakeProvider } from '../../support/fake-provider.js';

let room: EngineRoom;
let jobId: string;

beforeAll(async () => {
  room = await engineRoom([new FakeProvider('one', ['convert'])]);
});

beforeEach(async () => {
  await room.empty();
  jobId = (await room.accept({})).id;
  await room.test.query('DELETE FROM stage');
});

afterAll(() => room.close());

/** So many stages of a tenant that became due `seconds` ago. */
const due = (tenant: string, count: number, seconds: number) =>
  room.test.query(
    `INSERT INTO stage (id, job_id, tenant, position, provider, step_ids, needs, status, due_at)
     SELECT gen_random_uuid(), $1, $2, n, 'one', '{}', '{}', 'active', now() - make_interval(secs => $4::float8) + n * interval '1 ms' FROM generate_series(1, $3::int) n`,
    [jobId, tenant, count, seconds],
  );
const owner = randomUUID();
const tenantsOf = async (leases: readonly { readonly stageId: string }[]) => {
  const rows = await room.test.query<{ id: string; tenant: string }>('SELECT id, tenant FROM stage WHERE id = ANY($1::uuid[])', [leases.map(({ stageId }) => stageId)]);
  return rows.map(({ tenant }) => tenant).sort();
};

it('one job behind five hundred of another tenant is in the next claim, and by age alone it is not', async () => {
  await due('many', 500, 60);
  await due('lone', 1, 1);
  expect(await tenantsOf(await room.stages.claim(owner, 20))).not.toContain('lone');
  const { leases } = await room.stages.claimInTurns(owner, 20, '');
  expect(leases).toHaveLength(20);
  expect(await tenantsOf(leases)).toEqual(['lone', ...Array.from({ length: 19 }, () => 'many')]);
});

it('three tenants have as much each; where one has little, the others have the rest', async () => {
  for (const tenant of ['a', 'b', 'c']) await due(tenant, 100, 60);
  await due('d', 2, 1);
  const { leases } = await room.stages.claimInTurns(owner, 20, '');
  expect(await tenantsOf(leases)).toEqual([...'aaaaaabbbbbbccccccdd']);
});

it('more tenants than are claimed at once have their turns one after the other, whatever they are called', async () => {
  const names = Array.from({ length: 50 }, (_, index) => `tenant-${String(index).padStart(2, '0')}`);
  for (const name of names) await due(name, 3, 60);
  const served: string[] = [];
  let last = '';
  for (let turn = 0; turn < 5; turn += 1) {
    const claimed = await room.stages.claimInTurns(owner, 10, last);
    served.push(...(await tenantsOf(claimed.leases)));
    ({ last } = claimed);
  }
  expect([...served].sort()).toEqual(names);
  // Then from the first one on again.
  expect(await tenantsOf((await room.stages.claimInTurns(owner, 10, last)).leases)).toEqual(names.slice(0, 10));
});

it('each is claimed once, by however many, and what is not due, or held, by nobody', async () => {
  await due('a', 700, 60);
  await due('b', 300, 60);
  await due('c', 5, -600);
  const claimed = (await Promise.all(Array.from({ length: 6 }, async () => {
    const mine: string[] = [];
    let last = '';
    for (let idle = 0; idle < 3; ) {
      const turn = await room.stages.claimInTurns(randomUUID(), 20, last);
      ({ last } = turn);
      mine.push(...turn.leases.map(({ stageId }) => stageId));
      idle = turn.leases.length === 0 ? idle + 1 : 0;
    }
    return mine;
  }))).flat();
  expect(claimed).toHaveLength(1000);
  expect(new Set(claimed).size).toBe(1000);
});

it('with a hundred thousand waiting the claim in turns reads a few hundred rows by index, of one tenant and of many', async () => {
  await due('many', 100_000, 600);
  await due('later', 20_000, -600);
  await due('lone', 1, 0);
  await room.test.query('ANALYZE stage');
  const took: number[] = [];
  let last = '';
  for (let turn = 0; turn < 40; turn += 1) {
    const began = performance.now();
    ({ last } = await room.stages.claimInTurns(owner, 20, last));
    took.push(performance.now() - began);
  }
  const [before] = await room.test.query<{ scans: string }>(`SELECT seq_scan::text AS scans FROM pg_stat_user_tables WHERE relname = 'stage'`);
  const plain: number[] = [];
  for (let turn = 0; turn < 40; turn += 1) {
    const began = performance.now();
    await room.stages.claim(owner, 20);
    plain.push(performance.now() - began);
  }
  const median = (all: readonly number[]) => [...all].sort((one, other) => one - other)[20] ?? 0;
  console.log(`a claim of 20 out of 120,000: in turns ${median(took).toFixed(2)} ms, by age ${median(plain).toFixed(2)} ms; ${before?.scans ?? '?'} scans of the table`);
  // A scan of the whole table takes fifty times as long.
  expect(median(took)).toBeLessThan(Math.max(20, 15 * median(plain)));
}, 60_000);
