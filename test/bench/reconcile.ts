import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { startGateway, type Gateway } from '../support/gateway.ts';
import { planting } from '../support/planting.ts';
import type { BenchDatabase, Ground } from './ground.ts';
import { startPeer, type Peer } from './peer.ts';

const ROUND_MS = 15_000;
const MOST_REQUESTS = 250;
const MOST_MEBIBYTES = 150;
const ENDING_MS = 600_000;

interface Counts {
  readonly lists: number;
  readonly reads: number;
  readonly others: number;
}

/**
 * 10,000 attempts that run at one provider, with no callback ever: what a round of the usual length costs at the vendor, what they cost in memory beside the
 * same process with none, and how long it takes until all have ended once the vendor's jobs have.
 */
export async function reconcile(ground: Ground, quick: boolean): Promise<boolean> {
  const attempts = quick ? 1000 : 10_000;
  const rounds = quick ? 2 : 4;
  const vendor = await startPeer('job-listing-vendor.ts', { JOBS: String(attempts) });
  ground.closes(() => vendor.stop());
  const database = await ground.database('reconcile_bench');
  const template = await acceptOne(database, vendor);

  const idle = await watched(ground, database, vendor, async (gateway) => {
    await setTimeout(rounds * ROUND_MS);
    return { memory: peakMebibytes(gateway) };
  });

  for (const statement of planting(template, 'runconvert', attempts, ROUND_MS / 1000)) await database.query(statement);
  await database.query(`DELETE FROM job WHERE id = '${template}'`);
  await database.settle();
  const busy = await watched(ground, database, vendor, async (gateway) => {
    await until(async () => (await number(database, `attempt WHERE listed = 'running'`)) === attempts, 300_000, gateway);
    await setTimeout(ROUND_MS);
    const costs: Counts[] = [];
    for (let round = 0; round < rounds; round += 1) costs.push(await costOf(vendor, () => setTimeout(ROUND_MS)));
    const memory = peakMebibytes(gateway);
    // The control: they are looked at, and none has ended.
    const alive = await number(database, `attempt WHERE status = 'running' AND progress > 0 AND moved_at > now() - interval '${(2 * ROUND_MS) / 1000} s'`);
    if (alive < attempts) throw new Error(`only ${alive} of ${attempts} attempts are known to run`);
    await fetch(`${vendor.url}/finish`);
    const began = performance.now();
    await until(async () => (await number(database, `job WHERE status = 'completed'`)) === attempts, ENDING_MS, gateway);
    return { memory, costs, endedMs: performance.now() - began };
  });

  const requests = Math.max(...busy.costs.map(({ lists, reads, others }) => lists + reads + others));
  const more = busy.memory - idle.memory;
  console.log(`${attempts} attempts that run at one provider, no callbacks, ${rounds} rounds of ${ROUND_MS / 1000} s${quick ? '; quick' : ''}`);
  console.log(`vendor requests a round   ${busy.costs.map(({ lists, reads, others }) => `${lists + reads + others} (${lists} lists, ${reads} reads)`).join(', ')}`);
  const heldRequests = tell('the most of them', requests, MOST_REQUESTS, '');
  const heldMemory = tell('more memory at its peak', more, MOST_MEBIBYTES, ' MiB');
  console.log(`memory at its peak        ${busy.memory.toFixed(0)} MiB, with none of them ${idle.memory.toFixed(0)} MiB`);
  console.log(`all ended                 ${(busy.endedMs / 1000).toFixed(1)} s after the vendor's jobs had`);
  return heldRequests && heldMemory;
}

function tell(label: string, value: number, most: number, unit: string): boolean {
  console.log(`${label.padEnd(26)}${value.toFixed(0)}${unit}, at most ${most}${unit}: ${value <= most ? 'held' : 'MISSED'}`);
  return value <= most;
}

/** A process of its own, which is ended afterwards. */
async function watched<T>(ground: Ground, database: BenchDatabase, vendor: Peer, work: (gateway: Gateway) => Promise<T>): Promise<T> {
  const gateway = await start(database, vendor, 'all');
  let isOver = false;
  const stop = async (): Promise<void> => {
    if (!isOver) await gateway.stop();
    isOver = true;
  };
  ground.closes(stop);
  try {
    return await work(gateway);
  } finally {
    await stop();
  }
}

function start(database: BenchDatabase, vendor: Peer, role: string): Promise<Gateway> {
  const poll = { POLL_FLOOR_MS: '1000', POLL_CEILING_MS: String(ROUND_MS) };
  return startGateway({ DATABASE_URL: database.url, ROLE: role, NODE_ENV: 'production', LOG_LEVEL: 'warn', EGRESS_ALLOW: '127.0.0.0/8', ...poll, RUNCONVERT_API_KEY: 'not-checked', RUNCONVERT_BASE_URL: `${vendor.url}/v2` });
}

/** The job that all others are made of; nobody works on it. */
async function acceptOne(database: BenchDatabase, vendor: Peer): Promise<string> {
  const gateway = await start(database, vendor, 'api');
  const body = JSON.stringify({ inputs: [{ id: 'file', type: 'url', url: 'https://example.com/a.md' }], steps: [{ id: 'made', operation: 'convert', to: 'txt' }] });
  const answer = await gateway.call('/v1/jobs', { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  const { id } = (await answer.json()) as { id?: string };
  await gateway.stop();
  if (id === undefined) throw new Error(`no job could be made: ${answer.status}`);
  await database.query(`UPDATE stage SET due_at = NULL WHERE job_id = '${id}'`);
  return id;
}

async function costOf(vendor: Peer, work: () => Promise<unknown>): Promise<Counts> {
  const counts = async (): Promise<Counts> => (await (await fetch(`${vendor.url}/counts`)).json()) as Counts;
  const before = await counts();
  await work();
  const after = await counts();
  return { lists: after.lists - before.lists, reads: after.reads - before.reads, others: after.others - before.others };
}

async function number(database: BenchDatabase, what: string): Promise<number> {
  return Number((await database.query<{ count: string }>(`SELECT count(*) AS count FROM ${what}`))[0]?.count);
}

async function until(isSo: () => Promise<boolean>, ms: number, gateway: Gateway): Promise<void> {
  for (const late = Date.now() + ms; !(await isSo()); await setTimeout(200)) if (Date.now() > late) throw new Error(`it was not so within ${ms / 1000} s:\n${gateway.output().slice(-2000)}`);
}

/** The most that the process ever held in memory (Linux: VmHWM). */
function peakMebibytes(gateway: Gateway): number {
  const status = readFileSync(`/proc/${gateway.process.pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}
