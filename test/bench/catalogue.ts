import { setTimeout } from 'node:timers/promises';
import { startGateway, type Gateway } from '../support/gateway.ts';
import type { BenchDatabase, Ground } from './ground.ts';
import { openLoop, type Target } from './load.ts';
import { percentile, withCpu } from './measure.ts';
import { startPeer } from './peer.ts';
import { report, type Line } from './report.ts';
import { inTurns, type Figures } from './rounds.ts';

interface Pace {
  readonly rounds: number;
  readonly seconds: number;
}

const WHOLE: Pace = { rounds: 9, seconds: 6 };
const QUICK: Pace = { rounds: 5, seconds: 3 };
const PER_SECOND = 200;

const LINES: readonly Line[] = [
  { figure: 'p50', label: `p50 ms, ${PER_SECOND}/s`, digits: 2 },
  { figure: 'p99', label: `p99 ms, ${PER_SECOND}/s`, digits: 2, bounds: { least: false, floor: 1.5, goal: 1.25, lead: 1.1 } },
  { figure: 'worst', label: 'slowest ms', digits: 2 },
  { figure: 'cpu', label: 'CPU µs/request', digits: 0 },
  { figure: 'readings', label: 'catalogues read and stored', digits: 1 },
];

interface Stage {
  readonly gateway: Gateway;
  readonly database: BenchDatabase;
  readonly target: Target;
  /** How many versions were stored so far. */
  stored(): Promise<number>;
  /** Has the catalogue read once. */
  read(): Promise<void>;
}

/** `GET /v1/jobs/{id}` of a process that reads catalogues of 2,000 entries meanwhile, one after the other, beside the same process left alone. */
export async function catalogue(ground: Ground, quick: boolean): Promise<boolean> {
  const pace = quick ? QUICK : WHOLE;
  const stage = await open(ground);
  const ways = [true, false] as const;
  for (const reads of ways) await turn(stage, reads, { ...pace, seconds: 1 });
  const [during, without] = await inTurns(ways, pace.rounds, (reads) => turn(stage, reads, pace));
  if (during === undefined || without === undefined) throw new Error('nothing was measured');
  // The control: a reading that stores nothing costs nothing. The last one is waited for: the load runs within readings from its first request to its last.
  if (during.some(({ readings }) => (readings ?? 0) < 1) || without.some(({ readings }) => readings !== 0)) throw new Error('the catalogue was not read when it should have been, or was when not');
  console.log(`GET /v1/jobs/{id}, while catalogues of 2,000 entries are read, compared and stored; ${pace.rounds} rounds in turns: their median (lowest–highest)${quick ? '; quick, so rough' : ''}`);
  return report(LINES, ['during a sync', 'without'], [during, without]);
}

async function turn(stage: Stage, reads: boolean, { seconds }: Pace): Promise<Figures> {
  await stage.database.settle();
  const before = await stage.stored();
  const over = { is: false };
  const reading = reads ? readAgainUntil(stage, over) : Promise.resolve();
  const open = await withCpu(stage.gateway.process.pid ?? 0, PER_SECOND * seconds, () => openLoop(stage.target, PER_SECOND, seconds));
  over.is = true;
  await reading;
  const readings = (await stage.stored()) - before;
  return { p50: percentile(open.result, 0.5), p99: percentile(open.result, 0.99), worst: percentile(open.result, 1), cpu: open.cpuMicros, readings };
}

async function readAgainUntil(stage: Stage, over: { readonly is: boolean }): Promise<void> {
  while (!over.is) await stage.read();
}

async function open(ground: Ground): Promise<Stage> {
  const vendor = await startPeer('listing-vendor.ts', {});
  ground.closes(() => vendor.stop());
  const database = await ground.database('catalogue_bench');
  const gateway = await startGateway({ DATABASE_URL: database.url, ROLE: 'all', NODE_ENV: 'production', LOG_LEVEL: 'error', RUNCONVERT_API_KEY: 'not-checked', RUNCONVERT_BASE_URL: `${vendor.url}/v2` });
  ground.closes(() => gateway.stop());
  const stored = async (): Promise<number> => Number((await database.query<{ newest: string }>('SELECT coalesce(max(version), 0) AS newest FROM catalogue_version'))[0]?.newest);
  const next = async (than: number): Promise<void> => {
    for (const late = Date.now() + 30_000; (await stored()) <= than; await setTimeout(10)) if (Date.now() > late) throw new Error(`no catalogue was stored within 30 s:\n${gateway.output()}`);
  };
  // The one of the start.
  await next(0);
  const read = async (): Promise<void> => {
    const before = await stored();
    await database.query(`UPDATE catalogue_version SET checked_at = now() - interval '1 day'`);
    await database.query(`SELECT pg_notify('conversion_refusal', 'runconvert')`);
    await next(before);
  };
  return { gateway, database, target: await jobTarget(gateway), stored, read };
}

/** A job that waits for its upload: nothing happens to it while it is read. */
async function jobTarget(gateway: Gateway): Promise<Target> {
  const body = JSON.stringify({ inputs: [{ id: 'file', type: 'upload', filename: 'a.jpg' }], steps: [{ operation: 'convert', to: 'png' }] });
  const answer = await gateway.call('/v1/jobs', { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  const { id } = (await answer.json()) as { id?: string };
  if (id === undefined) throw new Error(`no job could be made: ${answer.status}`);
  const wrong = (status: number, text: string): string | null => (status === 200 && text.includes('"awaiting_input"') ? null : `GET answered ${status}: ${text.slice(0, 300)}`);
  return { origin: gateway.url, method: 'GET', path: `/v1/jobs/${id}`, headers: { authorization: `Bearer ${gateway.key}` }, wrong };
}
