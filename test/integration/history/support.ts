import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { HistoryService } from '../../../src/execution/history.service.js';
import { leaveOrphans } from '../../../src/jobs/orphans.js';
import type { Lease } from '../../../src/execution/stage-store.js';
import type { Answer } from '../../../src/jobs/idempotency-store.js';
import type { WholeJob } from '../../../src/jobs/rows.js';
import { readEnv } from '../../../src/platform/env.js';
import { DeliveryStore } from '../../../src/webhooks/delivery-store.js';
import { engineRoom, keptFile, TENANT, type EngineRoom } from '../../support/engine-room.js';
import { FakeProvider } from '../../support/fake-provider.js';

/** HISTORY_DAYS as it is if nobody says anything, in hours. */
export const HOURS_KEPT = 24 * 90;
const S3 = { id: 'bucket', type: 's3', bucket: 'b', key: 'k.png', region: 'eu-west-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } };

/** An engine room, and what tells and changes how old things are in it. */
export type HistoryRoom = Awaited<ReturnType<typeof historyRoom>>;

export async function historyRoom() {
  const room = await engineRoom([new FakeProvider('one', ['convert'])]);
  const historyOf = (days = 90) =>
    new HistoryService(room.database, readEnv({ DATABASE_URL: room.test.url, ADMIN_API_KEY: 'test-admin-key-0123456789', SECRETS_KEY: Buffer.alloc(32).toString('base64'), HISTORY_DAYS: String(days) }), room.standings, room.unmapped);
  return {
    ...room,
    historyOf,
    empty: async () => {
      await room.empty();
      await room.test.query('TRUNCATE idempotency_key, orphan, provider_event, learned_pair, quote, price_observation');
    },
    /** Until the last batch. */
    sweep: async (history = historyOf()) => {
      for (let more = true; more; ) more = await history.eraseJobs();
    },
    ended: (hoursAgo: number, ...ids: string[]) => room.test.query(`UPDATE job SET ended_at = now() - make_interval(secs => $2::float8 * 3600), status = 'completed' WHERE id = ANY($1::uuid[])`, [ids, hoursAgo]),
    expire: (jobId: string) => room.test.query('UPDATE file SET expires_at = now() - make_interval(secs => 1) WHERE job_id = $1', [jobId]),
    left: async () => (await room.test.query<{ id: string }>('SELECT id FROM job')).map(({ id }) => id).sort(),
    count: async (table: string) => (await room.test.query<{ count: number }>(`SELECT count(*)::int AS count FROM "${table}"`))[0]?.count ?? 0,
    full: (key: string) => full(room, key),
    callback: (attemptId: string | null, hoursAgo: number) => callback(room, attemptId, hoursAgo),
    deliver: () => deliver(room),
    many: (jobs: number, hoursAgo: number) => many(room, jobs, hoursAgo),
  };
}

/** A job that has a row in every table there is for jobs; it ended a moment ago, and its files are still kept. */
async function full(room: EngineRoom, key: string): Promise<WholeJob> {
  const claim = { tenant: TENANT, key, fingerprint: 'ab', holder: null, answer: (job: WholeJob): Answer => ({ jobId: job.id, status: 202, headers: {}, body: null }) };
  const staged = await room.staging.write(Readable.from([Buffer.from('an upload')]), 100);
  const { id } = await room.accepts.accept(TENANT, {
    inputs: [{ type: 'base64', data: Buffer.from('abc').toString('base64'), filename: 'a.jpg' }], steps: [{ id: 'png', operation: 'convert', to: 'png' }],
    exports: [S3], webhook: { url: 'https://caller.example/hook' },
  }, claim);
  const lease = (await room.claim()).find(({ jobId }) => jobId === id) as Lease;
  const { scene, attempt } = await room.running(lease);
  await leaveOrphans(room.database, [attempt.id]);
  await room.test.query('UPDATE orphan SET due_at = NULL, ended_at = now() WHERE attempt_id = $1', [attempt.id]);
  await callback(room, attempt.id, 0);
  await room.settle.succeeded(scene, attempt, { files: [keptFile('png', { path: staged.path })], deliveries: [{ exportId: 'bucket', step: 'png', refusal: null }], cost: { credits: null } }, 'poll');
  await room.test.query(`INSERT INTO credential (job_id, place_id, sealed) VALUES ($1, 'bucket', 'x')`, [id]);
  return room.find(id);
}

const callback = (room: EngineRoom, attemptId: string | null, hoursAgo: number) =>
  room.test.query(`INSERT INTO callback (id, provider, attempt_id, body_hash, body, outcome, received_at) VALUES ($1, 'one', $2, $3, '{}', 'hint', now() - make_interval(hours => $4))`, [randomUUID(), attemptId, randomUUID(), hoursAgo]);

/** Every event arrives. */
async function deliver(room: EngineRoom): Promise<void> {
  const deliveries = new DeliveryStore(room.database);
  for (let due = await deliveries.claim(randomUUID(), 100, {}, 100); due.length > 0; due = await deliveries.claim(randomUUID(), 100, {}, 100)) {
    for (const one of due) await deliveries.settle(one, { status: 200, error: null, retryAfterMs: null }, 1, { status: 'sent' });
  }
}

/** Ended jobs without files, with a stage, attempts and a timeline each. */
async function many(room: EngineRoom, jobs: number, hoursAgo: number): Promise<void> {
  await room.test.query(`INSERT INTO job (id, tenant, status, graph, retention_seconds, deadline_at, created_at, ended_at)
    SELECT gen_random_uuid(), 'default', 'completed', '{}', 60, now(), now(), now() - make_interval(hours => $2) FROM generate_series(1, $1)`, [jobs, hoursAgo]);
  await room.test.query(`INSERT INTO stage (id, job_id, position, provider, status) SELECT gen_random_uuid(), id, 0, 'one', 'done' FROM job`);
  await room.test.query(`INSERT INTO attempt (id, job_id, stage_id, provider, status, reference, ended_at) SELECT gen_random_uuid(), job_id, id, 'one', 'succeeded', gen_random_uuid()::text, now() FROM stage, generate_series(1, 2)`);
  await room.test.query(`INSERT INTO event (job_id, sequence, type, cause) SELECT id, n, 'job.queued', 'caller' FROM job, generate_series(1, 4) n`);
  await room.test.query(`INSERT INTO file (id, job_id, role, filename, content_type, size, expires_at, erased_at, path) SELECT gen_random_uuid(), id, 'result', 'a', 'b', 1, now(), now(), gen_random_uuid()::text FROM job`);
  await room.test.query(`INSERT INTO job_input (job_id, id, position, type, status, file_id) SELECT job_id, 'input-1', 0, 'upload', 'ready', id FROM file`);
  await room.test.query(`INSERT INTO callback (id, provider, attempt_id, body_hash, body, outcome, received_at) SELECT gen_random_uuid(), 'one', id, id::text, '', 'hint', now() FROM attempt`);
  await room.test.query(`INSERT INTO job_webhook (job_id, url, host) SELECT id, 'https://caller.example', 'caller.example:443' FROM job`);
  await room.test.query(`INSERT INTO outbox_event (id, job_id, sequence, type, job) SELECT gen_random_uuid(), id, 1, 'job.completed', '{}' FROM job`);
  await room.test.query(`INSERT INTO delivery (id, event_id, job_id, sequence, host, status) SELECT gen_random_uuid(), id, job_id, 1, 'h', 'sent' FROM outbox_event`);
  await room.test.query(`INSERT INTO delivery_try (delivery_id, number, at, duration_ms) SELECT id, 1, now(), 1 FROM delivery`);
}
