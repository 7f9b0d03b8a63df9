import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { ProviderError } from '../../../src/conversion/errors.js';
import { OrphanSearch } from '../../../src/execution/orphan-search.js';
import { leaveOrphans } from '../../../src/jobs/orphans.js';
import type { Lease } from '../../../src/execution/stage-store.js';
import { eraseExpiredKeys } from '../../../src/jobs/idempotency-store.js';
import { historyRoom, HOURS_KEPT, type HistoryRoom } from './support.js';

let room: HistoryRoom;

beforeAll(async () => void (room = await historyRoom()));
beforeEach(() => room.empty());
afterAll(() => room.close());

/** Tables in which there is anything. */
async function tablesWithRows(): Promise<string[]> {
  const tables = await room.test.query<{ name: string }>(`SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY 1`);
  const counts = await Promise.all(tables.map(async ({ name }) => [name, await room.count(name)] as const));
  return counts.filter(([, rows]) => rows > 0).map(([name]) => name);
}

async function rowsOf(jobId: string): Promise<Record<string, number>> {
  const tables = await room.test.query<{ name: string }>(`SELECT table_name AS name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'job_id' ORDER BY 1`);
  const counts = await Promise.all(tables.map(async ({ name }) => [name, (await room.test.query(`SELECT 1 FROM "${name}" WHERE job_id = $1`, [jobId])).length] as const));
  return Object.fromEntries(counts);
}

it('an old job goes from every table that there is but the ledger, a young one loses nothing', async () => {
  const [old, young] = [await room.full('one'), await room.full('two')];
  await room.deliver();
  const before = await rowsOf(young.id);
  // A table for jobs that is added later has to be filled here, and will then have to be empty below. What is learned of pairs and of errors is no part of a job;
  // what is reserved is given back when a job ends, at the latest.
  expect(Object.entries(before).filter(([, rows]) => rows === 0).map(([name]) => name)).toEqual(['budget_reservation', 'learned_pair', 'unmapped_error']);
  expect(await rowsOf(old.id)).toEqual(before);
  await room.ended(HOURS_KEPT + 0.01, old.id);
  await room.ended(HOURS_KEPT - 0.01, young.id);
  await room.test.query('UPDATE orphan SET ended_at = now() - make_interval(hours => $1)', [HOURS_KEPT + 1]);
  await room.expire(old.id);
  await room.expire(young.id);
  await room.sweeper.eraseExpired();
  await room.test.query(`UPDATE idempotency_key SET expires_at = now() - make_interval(secs => 1) WHERE job_id = $1`, [old.id]);
  await eraseExpiredKeys(room.database, 10);
  await room.sweep();
  expect(await rowsOf(young.id)).toEqual(before);
  // The ledger outlives the jobs.
  expect(Object.entries(await rowsOf(old.id)).filter(([, rows]) => rows > 0).map(([name]) => name)).toEqual(['ledger_entry']);
  expect([await room.count('callback'), await room.count('delivery_try')]).toEqual([1, before['delivery']]);
  await expect(room.find(old.id)).rejects.toThrow('no job');
});

it('when the last job is gone, nothing is left but what belongs to none', async () => {
  const alone = await room.full('order-42');
  await room.deliver();
  const of = await tablesWithRows();
  expect(of).toEqual(expect.arrayContaining(['attempt', 'callback', 'credential', 'delivery_try', 'event', 'file', 'idempotency_key', 'job_input', 'orphan', 'stage']));
  await room.ended(HOURS_KEPT + 1, alone.id);
  await room.test.query('UPDATE orphan SET ended_at = now() - make_interval(hours => $1)', [HOURS_KEPT + 1]);
  await room.test.query('UPDATE idempotency_key SET expires_at = now() - make_interval(secs => 1)');
  await room.expire(alone.id);
  await room.sweeper.eraseExpired();
  await eraseExpiredKeys(room.database, 10);
  await room.sweep();
  // How its provider fared is written a while later, and may be by now.
  expect((await tablesWithRows()).filter((name) => name !== 'breaker')).toEqual(['_prisma_migrations', 'learned_pair', 'ledger_entry', 'price_observation']);
});

it('a job that has not ended stays however old it is, and so does one whose event is still to be delivered', async () => {
  const [running, owing] = [await room.accept({}), await room.accept({ webhook: { url: 'https://caller.example/hook' } })];
  await room.test.query(`UPDATE job SET created_at = now() - interval '400 days'`);
  await room.ended(HOURS_KEPT + 1, owing.id);
  await room.sweep();
  expect(await room.left()).toEqual([running.id, owing.id].sort());
  await room.deliver();
  await room.sweep();
  expect(await room.left()).toEqual([running.id]);
});

it('while a file of it is not erased a job stays: its row is all that knows where the bytes are', async () => {
  const job = await room.full('order-42');
  await room.deliver();
  await room.ended(HOURS_KEPT + 1, job.id);
  await room.test.query('DELETE FROM orphan');
  const paths = job.files.map(({ path }) => path ?? '');
  await room.sweep();
  expect(await room.left()).toEqual([job.id]);
  expect(await Promise.all(paths.map(async (path) => (await buffer(room.staging.open(path))).toString()))).toEqual(expect.arrayContaining(['abc', 'an upload']));
  await room.expire(job.id);
  await room.sweep();
  expect(await room.left()).toEqual([job.id]);
  await room.sweeper.eraseExpired();
  await room.sweep();
  expect(await room.left()).toEqual([]);
  for (const path of paths) await expect(buffer(room.staging.open(path))).rejects.toMatchObject({ code: 'ENOENT' });
});

it('a file that came when its job had ended, and so has no time of its own, is erased too', async () => {
  const job = await room.accept({});
  await room.ended(HOURS_KEPT + 1, job.id);
  const { path } = await room.staging.write(Readable.from([Buffer.from('late')]), 100);
  await room.test.query(`INSERT INTO file (id, job_id, role, path, filename, content_type, size) VALUES ($1, $2, 'upload', $3, 'a', 'image/png', 4)`, [randomUUID(), job.id, path]);
  await room.sweeper.eraseExpired();
  expect((await buffer(room.staging.open(path))).toString()).toBe('late');
  await room.sweep();
  await room.sweeper.eraseExpired();
  await room.sweep();
  expect(await room.left()).toEqual([]);
  await expect(buffer(room.staging.open(path))).rejects.toMatchObject({ code: 'ENOENT' });
});

it('a job stays while a vendor\'s job of it is searched for, and what is found is written into its timeline', async () => {
  const job = await room.accept({});
  const [lease] = await room.claim();
  const { scene, attempt } = await room.running(lease as Lease);
  await leaveOrphans(room.database, [attempt.id]);
  await room.settle.errored(scene, attempt, new ProviderError('invalid_input', 'No.'), { credits: null }, 'poll');
  await room.ended(25, job.id);
  await room.sweep(room.historyOf(1));
  expect(await room.left()).toEqual([job.id]);
  const registry = { find: () => ({ guarded: { canFind: true, find: async () => 'theirs-9', cancel: async () => undefined } }) } as unknown as typeof room.registry;
  expect(await new OrphanSearch(room.database, registry).search()).toBe(1);
  expect(await room.events(job.id)).toContain('attempt.orphan_found');
  await room.sweep(room.historyOf(1));
  expect(await room.left()).toEqual([job.id]);
  await room.test.query(`UPDATE orphan SET ended_at = now() - interval '25 hours'`);
  await room.sweep(room.historyOf(1));
  expect([await room.left(), await room.count('orphan')]).toEqual([[], 0]);
});

it('jobs that took over files of a deleted one keep them', async () => {
  const first = await room.full('order-42');
  const [output] = first.files.filter(({ is_output }) => is_output);
  const next = await room.accept({ inputs: [{ type: 'job-output', jobId: first.id, outputId: output?.id ?? '' }] });
  await room.deliver();
  await room.test.query('DELETE FROM orphan');
  await room.test.query(`UPDATE job SET retry_of = $1 WHERE id = $2`, [first.id, next.id]);
  await room.ended(HOURS_KEPT + 1, first.id);
  await room.expire(first.id);
  await room.sweeper.eraseExpired();
  await room.sweep();
  expect(await room.left()).toEqual([next.id]);
  const kept = await room.find(next.id);
  expect(kept.inputs[0]?.file_id).toBe(kept.files[0]?.id);
  expect((await buffer(room.staging.open(kept.files[0]?.path ?? ''))).toString()).toBe('an upload');
  expect(kept.retry_of).toBe(first.id);
});

it('callbacks of no job that we know, quotes, what work cost, and a provider\'s timeline go by their own age, others\' callbacks with their job', async () => {
  const job = await room.accept({});
  const [lease] = await room.claim();
  const { attempt } = await room.running(lease as Lease);
  await room.callback(attempt.id, HOURS_KEPT + 1);
  await room.callback(null, HOURS_KEPT + 1);
  await room.callback(null, HOURS_KEPT - 1);
  for (const hours of [25, 23]) await room.test.query(`INSERT INTO quote (id, tenant, fingerprint, record, expires_at) VALUES ($1, 'default', '', '{}', now() - make_interval(hours => $2))`, [randomUUID(), hours]);
  for (const hours of [HOURS_KEPT + 1, HOURS_KEPT - 1]) await room.test.query(`INSERT INTO price_observation (provider, operation, source, target, size_class, samples, changed_at) VALUES ('one', 'convert', $1, 'png', 'small', '[]', now() - make_interval(hours => $2))`, [`f${hours}`, hours]);
  for (const hours of [HOURS_KEPT + 1, HOURS_KEPT - 1]) await room.test.query(`INSERT INTO provider_event (id, provider, type, at) VALUES ($1, 'one', 'catalogue.changed', now() - make_interval(hours => $2))`, [randomUUID(), hours]);
  expect(await room.historyOf().eraseOthers()).toBe(false);
  expect(await room.test.query(`SELECT attempt_id, received_at < now() - interval '90 days' AS old FROM callback ORDER BY received_at`)).toEqual([{ attempt_id: attempt.id, old: true }, { attempt_id: null, old: false }]);
  expect(await room.count('provider_event')).toBe(1);
  expect([await room.count('quote'), await room.count('price_observation')]).toEqual([1, 1]);
  await room.ended(HOURS_KEPT + 1, job.id);
  await room.sweep();
  expect(await room.count('callback')).toBe(1);
});
