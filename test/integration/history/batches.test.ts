import { BEGINNING, eraseEndedJobs, eraseProviderEvents, eraseStrayCallbacks } from '../../../src/execution/history-store.js';
import { historyRoom, HOURS_KEPT, type HistoryRoom } from './support.js';

let room: HistoryRoom;

beforeAll(async () => void (room = await historyRoom()));
beforeEach(() => room.empty());
afterAll(() => room.close());

it('batch by batch: each is bounded, those that have to stay hold up nobody, and the walk begins anew behind the last', async () => {
  await room.many(150, HOURS_KEPT + 5);
  // The first batch, all of them with something still to do.
  await room.test.query(`UPDATE delivery SET status = 'scheduled'`);
  await room.test.query(`INSERT INTO job (id, tenant, status, graph, retention_seconds, deadline_at, ended_at) SELECT gen_random_uuid(), 'default', 'completed', '{}', 60, now(), now() - make_interval(hours => $1) FROM generate_series(1, 130)`, [HOURS_KEPT + 1]);
  const history = room.historyOf();
  const turns = [];
  for (let turn = 0; turn < 3; turn += 1) turns.push([await history.eraseJobs(), await room.count('job')]);
  expect(turns).toEqual([[true, 280], [true, 230], [false, 150]]);
  await room.test.query(`UPDATE delivery SET status = 'sent'`);
  expect([await history.eraseJobs(), await room.count('job'), await history.eraseJobs(), await room.count('job')]).toEqual([true, 50, false, 0]);
});

it('no table is read through, be it ever so large: neither for the search nor for what goes with a job', async () => {
  await room.many(8000, HOURS_KEPT - 5);
  await room.test.query(`UPDATE job SET ended_at = now() - make_interval(hours => $1) WHERE id IN (SELECT id FROM job LIMIT 10)`, [HOURS_KEPT + 1]);
  await room.test.query(`INSERT INTO callback (id, provider, body_hash, body, outcome, received_at) SELECT gen_random_uuid(), 'one', gen_random_uuid()::text, '', 'unknown_job', now() - make_interval(hours => n) FROM generate_series(1, $1 + 2) n`, [HOURS_KEPT]);
  await room.test.query(`INSERT INTO provider_event (id, provider, type, at) SELECT gen_random_uuid(), 'one', 'catalogue.changed', now() - make_interval(hours => n) FROM generate_series(1, $1 + 2) n`, [HOURS_KEPT]);
  await room.test.query(`INSERT INTO orphan (attempt_id, job_id, provider, reference, ended_at, due_at) SELECT id, job_id, 'one', 'r', now() - make_interval(hours => $1), NULL FROM attempt`, [HOURS_KEPT + 1]);
  await room.test.query('VACUUM ANALYZE');
  /** The tables of which one sweep of everything reads many rows, by an index or without. It is undone. */
  const readThrough = async (without: string | null): Promise<string[]> => {
    const seen: string[] = [];
    await room.database.transaction(async (sql) => {
      const read = async () => new Map((await sql.query<{ table: string; rows: number }>(`SELECT relname AS table, (seq_tup_read + coalesce(idx_tup_fetch, 0))::int AS rows FROM pg_stat_xact_user_tables`)).map(({ table, rows }) => [table, rows]));
      if (without !== null) await sql.query(`DROP INDEX "${without}"`);
      const before = await read();
      const looked = await eraseEndedJobs(sql, 90, BEGINNING, 10);
      const others = [await eraseStrayCallbacks(sql, 90, 100), await eraseProviderEvents(sql, 90, 100)];
      expect([looked.filter(({ erased }) => erased).length, ...others]).toEqual([10, 3, 3]);
      seen.push(...[...(await read())].filter(([table, rows]) => rows - (before.get(table) ?? 0) > 1000).map(([table]) => table));
      throw new Error('undone');
    }).catch((error: Error) => expect(error.message).toBe('undone'));
    return seen;
  };
  expect(await readThrough(null)).toEqual([]);
  // The control: without its index each of these shows.
  const indexes = { attempt_stage_id_idx: 'attempt', job_input_file: 'job_input', job_ended: 'job', callback_stray: 'callback', provider_event_at_idx: 'provider_event', orphan_job_id_idx: 'orphan', file_job_id_idx: 'file', delivery_event_id_idx: 'delivery' };
  for (const [index, table] of Object.entries(indexes)) expect([index, await readThrough(index)]).toEqual([index, expect.arrayContaining([table])]);
}, 60_000);

it('every foreign key is found by an index that begins with its columns', async () => {
  const keys = await room.test.query<{ name: string; indexed: boolean }>(`
    SELECT c.conname AS name, EXISTS (
      SELECT 1 FROM pg_index i WHERE i.indrelid = c.conrelid AND (i.indkey::int2[])[0:cardinality(c.conkey) - 1] @> c.conkey
        AND (i.indpred IS NULL OR pg_get_expr(i.indpred, i.indrelid) = format('(%s IS NOT NULL)', (SELECT attname FROM pg_attribute WHERE attrelid = c.conrelid AND attnum = c.conkey[1])))) AS indexed
    FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace WHERE c.contype = 'f' AND n.nspname = 'public'`);
  expect(keys.length).toBeGreaterThanOrEqual(15);
  expect(keys.filter(({ indexed }) => !indexed)).toEqual([]);
});

it('any number of sweeps at once delete all of it, and nothing else', async () => {
  await room.many(1000, HOURS_KEPT + 5);
  const young = await room.accept({});
  await room.ended(1, young.id);
  const histories = Array.from({ length: 4 }, () => room.historyOf());
  // A job that another sweep holds is passed by: it may take a second walk.
  for (let walk = 0; walk < 3; walk += 1) await Promise.all(histories.map((history) => room.sweep(history)));
  expect(await room.left()).toEqual([young.id]);
  expect(await room.count('callback')).toBe(0);
});

it('a job that somebody else holds is passed by, not waited for', async () => {
  await room.many(2, HOURS_KEPT + 5);
  await room.database.transaction(async (sql) => {
    await sql.query('SELECT id FROM job ORDER BY id LIMIT 1 FOR UPDATE');
    await room.sweep();
    expect(await room.count('job')).toBe(1);
  });
  await room.sweep();
  expect(await room.count('job')).toBe(0);
});
