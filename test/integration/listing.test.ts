import { randomUUID } from 'node:crypto';
import type { JobFilter } from '../../src/jobs/job-store.js';
import { engineRoom, TENANT, type EngineRoom } from '../support/engine-room.js';
import { FakeProvider } from '../support/fake-provider.js';

const MANY = 6000;
let room: EngineRoom;

beforeAll(async () => {
  room = await engineRoom([new FakeProvider('one', ['convert'])]);
  const { graph } = await room.accept({ tag: 'first' });
  // A tenth of the jobs are ours, a thousandth have the tag "rare", one second apart; ids are in the order of their time, as UUIDv7 are.
  await room.test.query(
    `INSERT INTO job (id, tenant, status, graph, tag, retention_seconds, deadline_at, created_at)
     SELECT (lpad(to_hex(n), 8, '0') || '-0000-7000-8000-000000000000')::uuid, CASE WHEN n % 10 = 0 THEN $1 ELSE 'other' END, CASE WHEN n % 3 = 0 THEN 'completed' ELSE 'failed' END,
       $2::jsonb, CASE WHEN n % 1000 = 0 THEN 'rare' END, 60, now(), timestamptz '2020-01-01' + n * interval '1 second'
     FROM generate_series(1, $3::int) n`,
    [TENANT, JSON.stringify(graph), MANY],
  );
  // Each has what jobs have, so that reading it by anything else than an index would show.
  await room.test.query(`INSERT INTO stage (id, job_id, position, provider, step_ids, needs, status) SELECT gen_random_uuid(), id, 0, 'one', '{}', '{}', 'done' FROM job WHERE status <> 'queued'`);
  await room.test.query(`INSERT INTO attempt (id, job_id, stage_id, provider, step_ids, status, reference, ended_at)
    SELECT gen_random_uuid(), job_id, g.id, CASE WHEN j.tag = 'rare' THEN 'one' ELSE 'two' END, '{}', 'succeeded', g.id::text, now() FROM stage g JOIN job j ON j.id = g.job_id WHERE g.status = 'done'`);
  await room.test.query(`INSERT INTO job_input (job_id, id, position, type, status) SELECT id, 'a', 0, 'url', 'ready' FROM job WHERE status <> 'queued'`);
  await room.test.query(`INSERT INTO job_step (job_id, id, position, operation) SELECT id, 's', 0, 'convert' FROM job WHERE status <> 'queued'`);
  await room.test.query(`INSERT INTO job_export (job_id, id, position) SELECT id, 'x', 0 FROM job WHERE status <> 'queued'`);
  await room.test.query(`INSERT INTO file (id, job_id, role, filename, content_type, size) SELECT gen_random_uuid(), id, 'result', 'a', 'image/png', 1 FROM job`);
  await room.test.query('ANALYZE');
});

afterAll(() => room.close());

const list = (filter: Partial<JobFilter> = {}) => room.jobs.list({ tenant: TENANT, limit: 50, ...filter });

it('gives the newest first, another tenant\'s never', async () => {
  const jobs = await list();
  expect(jobs).toHaveLength(50);
  expect(jobs[0]?.tag).toBe('first');
  expect(jobs.map(({ id }) => id)).toEqual(jobs.map(({ id }) => id).sort().reverse());
  expect(new Set(jobs.map(({ tenant }) => tenant))).toEqual(new Set([TENANT]));
});

it('page by page, every job comes once, whatever arrives meanwhile', async () => {
  const seen: string[] = [];
  const filter = { status: 'completed', limit: 40 };
  for (let before: string | undefined, page = await list(filter); page.length > 0; page = await list({ ...filter, before })) {
    seen.push(...page.map(({ id }) => id));
    before = page.at(-1)?.id;
    if (seen.length === 40) await room.accept({ tag: 'meanwhile' });
  }
  expect(seen).toHaveLength(MANY / 30);
  expect(new Set(seen).size).toBe(seen.length);
});

it.each<[string, Partial<JobFilter>, number]>([
  ['status', { status: 'completed', limit: 5000 }, MANY / 30],
  ['tag', { tag: 'rare' }, 6],
  ['a tag of nobody', { tag: 'none' }, 0],
  ['provider', { provider: 'one' }, 6],
  ['a provider that tried nothing', { provider: 'three' }, 0],
  ['times', { createdAfter: new Date('2020-01-01T00:00:10Z'), createdBefore: new Date('2020-01-01T00:00:40Z') }, 2],
  ['all at once', { status: 'completed', tag: 'rare', provider: 'one', createdBefore: new Date('2021-01-01') }, 2],
])('filters by %s', async (_, filter, count) => {
  expect(await list(filter)).toHaveLength(count);
});

it('a hostile filter is a value, never a statement', async () => {
  expect(await list({ tag: `'; DROP TABLE job; --`, provider: `x' OR '1'='1`, before: randomUUID() })).toEqual([]);
  expect(await list()).toHaveLength(50);
});

describe('reads by index, and no more than a page of it', () => {
  /** The plan of the statement that `list` really sends. */
  async function planOf(filter: Partial<JobFilter>): Promise<string> {
    const sent: { text: string; values: readonly unknown[] }[] = [];
    const { database } = room;
    const query = database.query.bind(database);
    database.query = async (statement, values = []) => {
      sent.push({ text: typeof statement === 'string' ? statement : statement.text, values });
      return [];
    };
    await list(filter);
    database.query = query;
    const [statement] = sent;
    const rows = await room.test.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${statement?.text ?? ''}`, [...(statement?.values ?? [])]);
    return rows.map((row) => row['QUERY PLAN']).join('\n');
  }

  it.each<[string, Partial<JobFilter>, RegExp]>([
    ['the first page', {}, /Index Scan (?:Backward )?using job_\w+ on job j/],
    ['a later page', { before: '00000800-0000-7000-8000-000000000000' }, /Index Scan (?:Backward )?using job_\w+ on job j .*\n\s+Index Cond: .*id < /],
    ['a status', { status: 'completed' }, /Index Scan (?:Backward )?using job_\w+ on job j/],
    ['a status of few', { status: 'processing' }, /Index Scan using job_tenant_status_id_idx on job j/],
    ['a tag', { tag: 'rare' }, /Index Scan using job_tenant_tag_id_idx on job j/],
    ['a provider', { provider: 'two' }, /Index Scan (?:Backward )?using job_\w+ on job j/],
  ])('%s', async (_, filter, scan) => {
    const plan = await planOf(filter);
    expect(plan).toMatch(scan);
    expect(plan).not.toContain('Seq Scan');
    // The index gives the order: nothing is gathered to be sorted first.
    expect(plan).not.toMatch(/Sort Key: j\.id/);
  });

  it('a control: what no index serves is seen to be a sequential scan', async () => {
    const rows = await room.test.query<{ 'QUERY PLAN': string }>('EXPLAIN SELECT id FROM job WHERE progress = 5');
    expect(rows.map((row) => row['QUERY PLAN']).join()).toContain('Seq Scan on job');
  });

  it.each([
    ['what is due', 'SELECT id FROM stage WHERE due_at <= now() AND (lease_until IS NULL OR lease_until < now()) ORDER BY due_at LIMIT 20', 'stage_due'],
    ['what is overdue', 'SELECT id FROM job WHERE deadline_at < now() AND ended_at IS NULL ORDER BY deadline_at LIMIT 50', 'job_deadline'],
    ['what has expired', 'SELECT id, path FROM file WHERE expires_at < now() AND erased_at IS NULL ORDER BY expires_at LIMIT 500', 'file_expiry'],
  ])('%s', async (_, statement, index) => {
    const client = await room.database.pool.connect();
    try {
      await client.query('SET enable_seqscan = off');
      const { rows } = await client.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${statement}`);
      expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toContain(index);
    } finally {
      await client.query('RESET enable_seqscan');
      client.release();
    }
  });
});
