import { randomUUID } from 'node:crypto';
import { appendEvents, type NewEvent } from '../../../src/jobs/event-store.js';
import type { WholeJob } from '../../../src/jobs/rows.js';
import { Unsealable } from '../../../src/platform/sealing.js';
import { DeliveryStore, type ClaimedDelivery } from '../../../src/webhooks/delivery-store.js';
import { engineRoom, keptFile, until, type EngineRoom } from '../../support/engine-room.js';
import { FakeProvider } from '../../support/fake-provider.js';

const SECRET = `whsec_${Buffer.alloc(32, 3).toString('base64')}`;
const S3 = { id: 'bucket', type: 's3', bucket: 'b', key: 'k.png', region: 'eu-west-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } };

let room: EngineRoom;
let deliveries: DeliveryStore;

beforeAll(async () => {
  room = await engineRoom([new FakeProvider('one', ['convert'])]);
  deliveries = new DeliveryStore(room.database);
});

beforeEach(() => room.empty());

afterAll(() => room.close());

interface Written { readonly sequence: number; readonly type: string; readonly status: string; readonly due: boolean }

const accept = (more: object = {}, webhook: object = {}): Promise<WholeJob> => room.accept({ webhook: { url: 'https://caller.example/hook', ...webhook }, ...more });
const written = (jobId: string) =>
  room.test.query<Written>(`SELECT e.sequence, e.type, e.job->>'status' AS status, d.due_at IS NOT NULL AS due FROM outbox_event e JOIN delivery d ON d.event_id = e.id WHERE e.job_id = $1 ORDER BY e.sequence`, [jobId]);
const count = async (table: string) => (await room.test.query<{ count: number }>(`SELECT count(*)::int AS count FROM ${table}`))[0]?.count;
const claim = () => deliveries.claim(randomUUID(), 100, {}, 100);
const arrive = (delivery: ClaimedDelivery) => deliveries.settle(delivery, { status: 200, error: null, retryAfterMs: null }, 1, { status: 'sent' });
const secretOf = async (jobId: string) => (await room.test.query<{ secret: Buffer | null }>('SELECT secret FROM job_webhook WHERE job_id = $1', [jobId]))[0]?.secret;

it('the first event is written with the job, in its commit, and holds the job as it was answered', async () => {
  const job = await accept({ exports: [S3] }, { secret: SECRET });
  expect(await written(job.id)).toEqual([{ sequence: 1, type: 'job.queued', status: 'queued', due: true }]);
  expect(await room.test.query('SELECT xmin FROM job UNION SELECT xmin FROM job_webhook UNION SELECT xmin FROM outbox_event UNION SELECT xmin FROM delivery')).toHaveLength(1);
  const [delivery] = await claim();
  expect(delivery?.job).toEqual(JSON.parse(JSON.stringify(job), (key, value: unknown) => (key === 'created_at' || key === 'queued_at' ? (expect.any(String) as unknown) : value)));
  expect([new Date(delivery?.job?.created_at ?? 0), new Date(delivery?.job?.queued_at ?? 0)]).toEqual([job.created_at, job.queued_at]);
});

it('a job without a webhook writes nothing of all this, from its beginning to its end', async () => {
  const job = await room.accept({});
  const [lease] = await room.claim();
  await room.running(lease!);
  await room.cancels.cancel('default', job.id);
  expect(await Promise.all(['job_webhook', 'outbox_event', 'delivery'].map(count))).toEqual([0, 0, 0]);
  // A control: the timeline was written all the same.
  expect(await room.events(job.id)).toContain('job.canceled');
});

it('a change of state that is rolled back leaves no event behind', async () => {
  const job = await accept();
  const failing = room.database.transaction(async (sql) => {
    await room.ending.cancel(sql, job.id, 'caller');
    expect(await sql.query('SELECT type FROM outbox_event ORDER BY sequence')).toEqual([{ type: 'job.queued' }, { type: 'job.canceled' }]);
    throw new Error('not after all');
  });
  await expect(failing).rejects.toThrow('not after all');
  expect((await room.find(job.id)).status).toBe('queued');
  expect(await written(job.id)).toHaveLength(1);
  await room.cancels.cancel('default', job.id);
  expect((await written(job.id)).map(({ sequence, type }) => [sequence, type])).toEqual([[1, 'job.queued'], [2, 'job.canceled']]);
});

it('each event of a whole life has its number and the job of its moment; only the first that has not arrived is due', async () => {
  const job = await accept({ exports: [S3] });
  const [lease] = await room.claim();
  const { scene, attempt } = await room.running(lease!);
  await room.settle.succeeded(scene, attempt, { files: [keptFile('step-1')], deliveries: [{ exportId: 'bucket', step: 'step-1', refusal: null }], cost: { credits: null } }, 'poll');
  expect(await written(job.id)).toEqual([
    { sequence: 1, type: 'job.queued', status: 'queued', due: true }, { sequence: 2, type: 'job.processing', status: 'processing', due: false },
    { sequence: 3, type: 'export.delivered', status: 'processing', due: false }, { sequence: 4, type: 'job.completed', status: 'completed', due: false },
  ]);
  const order: string[] = [];
  for (let [next, ...others] = await claim(); next !== undefined; [next, ...others] = await claim()) {
    expect(others).toEqual([]);
    order.push(next.type);
    if (next.type === 'job.completed') expect(JSON.parse(JSON.stringify({ ...(await room.find(job.id)), stale: undefined }), asDates)).toEqual(JSON.parse(JSON.stringify(next.job), asDates));
    await arrive(next);
  }
  expect(order).toEqual(['job.queued', 'job.processing', 'export.delivered', 'job.completed']);
});

it('what its receiver does not want has a number all the same, and is not kept', async () => {
  const job = await accept({}, { events: ['job.canceled'] });
  expect(await written(job.id)).toEqual([]);
  await room.cancels.cancel('default', job.id);
  expect(await written(job.id)).toEqual([{ sequence: 2, type: 'job.canceled', status: 'canceled', due: true }]);
});

it('exports that the job\'s end leaves behind are told of, before the end itself', async () => {
  const job = await accept({ exports: [S3] });
  await room.cancels.cancel('default', job.id);
  expect((await written(job.id)).map(({ type }) => type)).toEqual(['job.queued', 'export.undeliverable', 'job.canceled']);
  expect(await room.events(job.id)).toEqual(['job.created', 'plan.decided', 'job.queued', 'export.undeliverable', 'job.canceled']);
  expect(await room.test.query(`SELECT export_id FROM outbox_event WHERE export_id IS NOT NULL`)).toEqual([{ export_id: 'bucket' }]);
});

describe('a job\'s own secret', () => {
  it('is sealed for its row alone', async () => {
    const [job, other] = [await accept({}, { secret: SECRET }), await accept({}, { secret: SECRET })];
    const sealed = (await secretOf(job.id)) as Buffer;
    expect(sealed.includes(SECRET.slice(6))).toBe(false);
    expect(room.secrets.open(job.id, sealed)).toBe(SECRET);
    expect(() => room.secrets.open(other.id, sealed)).toThrow(Unsealable);
  });

  it('is erased with the last delivery after the job\'s end, and not before', async () => {
    const job = await accept({}, { secret: SECRET });
    await arrive((await claim())[0]!);
    expect(await secretOf(job.id)).not.toBeNull();
    await room.cancels.cancel('default', job.id);
    expect(await secretOf(job.id)).not.toBeNull();
    await arrive((await claim())[0]!);
    expect(await secretOf(job.id)).toBeNull();
  });

  it('is erased with the job\'s end where nothing is left to send', async () => {
    const job = await accept({}, { secret: SECRET, events: ['job.completed'] });
    expect(await secretOf(job.id)).not.toBeNull();
    await room.cancels.cancel('default', job.id);
    expect(await secretOf(job.id)).toBeNull();
  });
});

it('a tenant\'s secret is one, however many ask for it first, and another tenant\'s is another', async () => {
  const asked = await Promise.all(Array.from({ length: 12 }, () => room.secrets.ofTenant('billing')));
  expect(new Set(asked).size).toBe(1);
  expect(Buffer.from(asked[0]!.slice(6), 'base64')).toHaveLength(32);
  expect(await room.secrets.ofTenant('shipping')).not.toBe(asked[0]);
});

it.each(['arrives', 'is written'])('an event that is written at the very moment in which the one before it arrives is due: whichever %s first', async (first) => {
  const job = await accept();
  const [one] = await claim();
  const acts = { 'arrives': () => arrive(one!), 'is written': () => room.database.transaction((sql) => appendEvents(sql, job.id, [{ type: 'job.processing', cause: 'timer' }])) };
  const order = first === 'arrives' ? [acts['arrives'], acts['is written']] : [acts['is written'], acts['arrives']];
  const waiting: Promise<unknown>[] = [];
  const queue = async () => (await room.test.query<{ count: number }>(`SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`))[0]?.count;
  // Both stand before the webhook's row, in this order, with what they had seen before.
  await room.database.transaction(async (sql) => {
    await sql.query('SELECT 1 FROM job_webhook FOR UPDATE');
    for (const act of order) {
      waiting.push(act());
      await until(async () => (await queue()) === waiting.length);
    }
  });
  await Promise.all(waiting);
  expect(await written(job.id)).toMatchObject([{ sequence: 1, due: false }, { sequence: 2, due: true }]);
});

it('events that are written while others arrive never stay behind, and never overtake', async () => {
  const jobs = await Promise.all(Array.from({ length: 12 }, () => accept()));
  const news: NewEvent = { type: 'export.delivered', cause: 'poll', detail: { export: 'x' } };
  let writing = true;
  const arrived = new Map<string, number[]>();
  const relay = async () => {
    for (;;) {
      const done = !writing;
      const mine = await claim();
      for (const one of mine) {
        arrived.set(one.jobId, [...(arrived.get(one.jobId) ?? []), one.sequence]);
        await arrive(one);
      }
      if (done && mine.length === 0) return;
    }
  };
  const relays = [relay(), relay(), relay()];
  await Promise.all(jobs.map(async ({ id }) => {
    for (let round = 0; round < 15; round += 1) await room.database.transaction((sql) => appendEvents(sql, id, [news, news].slice(round % 2)));
  }));
  writing = false;
  await Promise.all(relays);
  const all = Array.from({ length: 1 + 15 + 8 }, (_, index) => index + 1);
  for (const { id } of jobs) expect(arrived.get(id)).toEqual(all);
  expect(await room.test.query(`SELECT 1 FROM delivery WHERE status <> 'sent' OR due_at IS NOT NULL`)).toEqual([]);
  expect(await room.test.query('SELECT DISTINCT open_deliveries AS open, last_sequence FROM job_webhook')).toEqual([{ open: 0, last_sequence: all.length }]);
});

/** Times in one spelling. */
const asDates = (key: string, value: unknown): unknown => (/_at$/.test(key) && typeof value === 'string' ? new Date(value).toISOString() : value);
