import { setTimeout as pause } from 'node:timers/promises';
import { openWorld, type World } from '../faults/support/world.ts';
import { openSink, type Sink } from './sink.ts';

export interface Ground {
  readonly world: World;
  readonly sink: Sink;
}

/** Weather as the load table has it: what share of the vendors' answers, jobs and callbacks goes wrong. */
export const WEATHER: readonly object[] = [
  { name: 'status', chance: 0.05, times: 1e9, options: { call: 'any', status: 503 } },
  { name: 'status', chance: 0.02, times: 1e9, options: { call: 'any', status: 429, headers: { 'retry-after': '1' } } },
  { name: 'hang', chance: 0.01, times: 1e9 },
  { name: 'no-callback', chance: 0.1, times: 1e9 },
  { name: 'duplicate-callback', chance: 0.05, times: 1e9, options: { n: 2 } },
];

/** 5 % of the jobs meet a fault of one kind or another. */
export const FAULTS_OF_ALL_KINDS: readonly object[] = [
  ...['hang', 'drop-create-answer', 'vanish', 'fail', 'success-without-file', 'wrong-file', 'no-callback', 'duplicate-callback', 'late-callback', 'reordered-callback', 'forged-callback', 'unknown-status'].map((name) => ({ name, chance: 0.003, times: 1e9 })),
  ...['garbage', 'empty-body', 'html'].map((name) => ({ name, chance: 0.003, times: 1e9, options: { call: 'any' } })),
  { name: 'status', chance: 0.003, times: 1e9, options: { call: 'any', status: 500 } },
];

export interface GroundOptions {
  readonly weather: readonly object[];
  readonly seed: number;
  readonly latencyMs?: number;
  readonly variables?: Readonly<Record<string, string>>;
}

export async function openLoadGround({ weather, seed, latencyMs = 50, variables = {} }: GroundOptions): Promise<Ground> {
  const sink = await openSink();
  const world = await openWorld({
    receiver: sink,
    sandbox: { SANDBOX_SPEED_MS: '20', SANDBOX_LATENCY_MS: String(latencyMs), SANDBOX_SEED: String(seed) },
    variables: { NODE_ENV: 'production', LOG_LEVEL: 'error', POLL_FLOOR_MS: '1000', POLL_CEILING_MS: '5000', ...variables },
  });
  for (const scenario of weather) await world.play(scenario);
  return { world, sink };
}

/** Waits for the ends of all that was accepted, with a line of progress. False when they do not come in time. */
export async function drained({ world, sink }: Ground, ms: number): Promise<boolean> {
  const owed = new Set(world.caller.accepted.map(({ id }) => id));
  for (const late = performance.now() + ms; performance.now() < late; await pause(500)) {
    for (const id of owed) if (sink.endedAt.has(id)) owed.delete(id);
    if (owed.size === 0) break;
    if (Math.round((late - performance.now()) / 500) % 20 === 0) console.log(`  ${owed.size} jobs still run`);
  }
  await world.settled(20_000);
  return owed.size === 0;
}

/** How the accepted jobs ended, and whether the auditor found anything wrong: its first breaches are printed. */
export async function judged({ world }: Ground): Promise<boolean> {
  const rows = await world.postgres.query<{ status: string; count: string }>('SELECT status, count(*) FROM job GROUP BY status ORDER BY status');
  const [money] = await world.postgres.query<{ attempts: string; orphans: string }>('SELECT (SELECT count(*) FROM attempt) AS attempts, (SELECT count(*) FROM orphan) AS orphans');
  console.log(`  jobs: ${rows.map(({ status, count }) => `${count} ${status}`).join(', ')}; attempts ${money?.attempts ?? '?'}, orphans ${money?.orphans ?? '?'}`);
  const failures = await world.postgres.query<{ error: string; count: string }>(`SELECT concat_ws(' ', error->>'kind', error->>'code', error->>'message') AS error, count(*) FROM job WHERE status = 'failed' GROUP BY 1 ORDER BY 2 DESC LIMIT 5`);
  for (const { error, count } of failures) console.log(`  failed × ${count}: ${error}`);
  const breaches = await world.audit();
  for (const { rule, what } of breaches.slice(0, 10)) console.log(`  ${rule} broken: ${what}`);
  console.log(`  invariants: ${breaches.length === 0 ? 'all hold' : `${breaches.length} breaches`}`);
  return breaches.length === 0;
}
