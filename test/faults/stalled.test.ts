import type { Gateway } from '../support/gateway.ts';
import type { VendorLedger } from './auditor/evidence.ts';
import type { Body, View } from './support/caller.ts';
import { openWorld, type World } from './support/world.ts';

/** Longer than a lease of 15 s, and than another one's look for what is free. */
const FROZEN_MS = 20_000;

let world: World;

beforeAll(async () => {
  world = await openWorld({ variables: { LOG_LEVEL: 'debug' } });
});

afterAll(() => world.close());

const control = async <T>(path: string): Promise<T> => (await fetch(new URL(`/sandbox/${path}`, world.vendors.runconvert))).json() as Promise<T>;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function until(what: string, holds: () => Promise<boolean>, ms = 30_000): Promise<void> {
  for (const late = Date.now() + ms; Date.now() < late; await pause(20)) if (await holds()) return;
  throw new Error(`${what}: not within ${ms} ms`);
}

/** The next such call is answered with its last byte missing for 10 s: whoever asked is in the middle of it. */
async function slowly(vendor: string, call: string): Promise<void> {
  await world.play({ name: 'slow-bytes', vendor, options: { call, everyMs: 10_000, chunk: 1_000_000 } });
}

const taken = () => until(`the slow call`, async () => (await control<{ data: unknown[] }>('scenarios')).data.length === 0);

const at = (vendor: string): Body => world.job({ routing: { only: [vendor] } });

/** Not by the world's caller, who would ask the frozen one too. */
async function endedAt(gateway: Gateway, id: string): Promise<View> {
  const read = async () => (await (await gateway.call(`/v1/jobs/${id}`)).json()) as View;
  await until(`the end of ${id}`, async () => ['completed', 'failed'].includes((await read()).status), 40_000);
  return read();
}

/** All that could be spoilt by somebody who comes too late. */
const everything = () => Promise.all(['job', 'job_step', 'stage', 'event', 'file', 'outbox_event'].map((table) => world.postgres.query(`SELECT to_jsonb(t) AS row FROM ${table} t ORDER BY 1`)));

test('FI-08: a worker that is frozen in a create and in a poll for longer than its lease changes nothing when it wakes', async () => {
  // Of an earlier try: who works must be the one that is frozen.
  await Promise.all([...world.gateways].map((gateway) => gateway.kill()));
  const frozen = await world.gateway();
  await slowly('api2convert', 'read');
  const polled = await world.caller.send(at('api2convert'));
  await taken();
  await slowly('api2convert', 'create');
  const inert = await world.caller.send(at('api2convert'));
  await taken();
  await slowly('runconvert', 'create');
  const started = await world.caller.send(at('runconvert'));
  await taken();
  await pause(100);
  frozen.process.kill('SIGSTOP');
  const stopped = Date.now();
  const attempts = await world.postgres.query<{ job_id: string; status: string; provider_job_id: string | null }>('SELECT job_id, status, provider_job_id FROM attempt');
  // The control: it was in the middle of all three.
  expect(attempts.find(({ job_id: id }) => id === polled.id)).toMatchObject({ status: 'running' });
  for (const { id } of [inert, started]) expect(attempts.find(({ job_id: job }) => job === id)).toMatchObject({ status: 'submitting', provider_job_id: null });

  const other = await world.gateway();
  const ends = await Promise.all([polled, inert, started].map(({ id }) => endedAt(other, id)));
  expect(ends.map(({ status, attempts: tries }) => [status, tries.map((one) => one.status)])).toEqual(ends.map(() => ['completed', ['succeeded']]));
  await world.settled();
  await pause(Math.max(0, stopped + FROZEN_MS - Date.now()));
  const before = await everything();
  frozen.process.kill('SIGCONT');
  // The control: it woke, came with both creates (an answer, or that its time was over), and was told that it was too late. A read is broken off with its lease, or comes too late as well.
  await until('two words that it was too late', async () => (frozen.output().match(/was taken over while|is no longer ours/g) ?? []).length >= 2);
  await pause(2000);
  expect(await everything()).toEqual(before);
  expect((await frozen.call('/health/live')).status).toBe(200);
  const { jobs } = await control<VendorLedger>('ledger');
  expect(jobs.filter(({ billable }) => billable)).toHaveLength(3);
  expect(await world.audit()).toEqual([]);
  // And it is as good as any other again.
  const next = await world.caller.send(world.job());
  expect((await world.caller.ended(next.id)).status).toBe('completed');
  await world.settled();
  expect(await world.audit()).toEqual([]);
});
