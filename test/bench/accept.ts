import { startGateway } from '../support/gateway.ts';
import type { BenchDatabase, Ground } from './ground.ts';
import { closedLoop, openLoop, type Target } from './load.ts';
import { percentile, withCpu } from './measure.ts';
import { startPeer } from './peer.ts';
import { report, type Line } from './report.ts';
import { inTurns, type Figures } from './rounds.ts';

/** How long things are. Closed loop by count and not by time, so that both databases hold as many rows. */
interface Pace {
  readonly rounds: number;
  readonly requests: number;
  readonly seconds: number;
}

const WHOLE: Pace = { rounds: 9, requests: 3000, seconds: 5 };
const QUICK: Pace = { rounds: 5, requests: 1000, seconds: 2 };
const CALLERS = 32;
const PER_SECOND = 200;

const JOB = JSON.stringify({
  inputs: [{ id: 'photo', type: 'url', url: 'https://example.com/albums/2026/photo.jpg', filename: 'photo.jpg' }],
  steps: [{ id: 'png', operation: 'convert', inputs: ['photo'], to: 'png', options: { quality: 80 } }],
  routing: { maxAttempts: 4 },
  tag: 'invoice-42',
  metadata: { order: '42' },
});

const LINES: readonly Line[] = [
  { figure: 'throughput', label: `requests/s, ${CALLERS} callers`, digits: 0, bounds: { least: true, floor: 0.65, goal: 0.8, lead: 0.9 } },
  { figure: 'p50', label: `p50 ms, ${PER_SECOND}/s`, digits: 2, bounds: { least: false, floor: 1.5, goal: 1.2, lead: 1.1 } },
  { figure: 'p99', label: `p99 ms, ${PER_SECOND}/s`, digits: 2, bounds: { least: false, floor: 1.5, goal: 1.2, lead: 1.1 } },
  { figure: 'closedCpu', label: `CPU µs/request, ${CALLERS} callers`, digits: 0 },
  { figure: 'openCpu', label: `CPU µs/request, ${PER_SECOND}/s`, digits: 0 },
];

interface Contender {
  readonly name: string;
  readonly pid: number;
  readonly database: BenchDatabase;
  readonly target: Target;
}

/** `POST /v1/jobs`, taken and durable, beside a bare server that writes the same rows. */
export async function accept(ground: Ground, quick: boolean): Promise<boolean> {
  const pace = quick ? QUICK : WHOLE;
  const contenders = [await gateway(ground), await bare(ground)] as const;
  for (const contender of contenders) await turn(contender, { ...pace, seconds: 1 });
  const [ours, theirs] = await inTurns(contenders, pace.rounds, (contender) => turn(contender, pace));
  if (ours === undefined || theirs === undefined) throw new Error('nothing was measured');
  await requireSameRows(contenders);
  console.log(`POST /v1/jobs, 202 and durable; ${pace.rounds} rounds in turns: their median (lowest–highest)${quick ? '; quick, so rough' : ''}`);
  return report(LINES, ['gateway', 'bare Fastify + pg'], [ours, theirs]);
}

async function turn({ pid, database, target }: Contender, { requests, seconds }: Pace): Promise<Figures> {
  await database.settle();
  const closed = await withCpu(pid, requests, () => closedLoop(target, CALLERS, requests));
  await database.settle();
  const open = await withCpu(pid, PER_SECOND * seconds, () => openLoop(target, PER_SECOND, seconds));
  return { throughput: closed.result, closedCpu: closed.cpuMicros, p50: percentile(open.result, 0.5), p99: percentile(open.result, 0.99), openCpu: open.cpuMicros };
}

/** The built service without its worker, which would take up the jobs meanwhile. */
async function gateway(ground: Ground): Promise<Contender> {
  const database = await ground.database('gateway_bench');
  const started = await startGateway({
    DATABASE_URL: database.url, ROLE: 'api', NODE_ENV: 'production', LOG_LEVEL: 'info', API2CONVERT_API_KEY: 'not-called', RUNCONVERT_API_KEY: 'not-called',
  });
  ground.closes(() => started.stop());
  return contender('the gateway', started.url, started.process.pid, database, { authorization: `Bearer ${started.key}` });
}

async function bare(ground: Ground): Promise<Contender> {
  const database = await ground.database('bare_bench');
  const peer = await startPeer('bare-accept.ts', { DATABASE_URL: database.url });
  ground.closes(() => peer.stop());
  return contender('the bare server', peer.url, peer.pid, database, {});
}

function contender(name: string, origin: string, pid: number | undefined, database: BenchDatabase, headers: Record<string, string>): Contender {
  if (pid === undefined) throw new Error(`${name} is not running`);
  const wrong = (status: number, body: string): string | null => {
    const taken = status === 202 && (JSON.parse(body) as { status?: unknown }).status === 'queued';
    return taken ? null : `${name} answered ${status}: ${body.slice(0, 300)}`;
  };
  return { name, pid, database, target: { origin, method: 'POST', path: '/v1/jobs', headers: { 'content-type': 'application/json', ...headers }, body: JOB, wrong } };
}

/** The control: a contender that answers without writing, or writes less, is no measure of the other. */
async function requireSameRows(contenders: readonly Contender[]): Promise<void> {
  const written = contenders.map(async ({ database }) => {
    const rows = await database.query<object>(`
      SELECT j.tenant, j.key, j.status, j.tag, j.graph::text AS graph, j.last_sequence, i.inputs, s.steps, g.stages, e.events, d.decisions, count(*)::int AS jobs
      FROM job j,
        LATERAL (SELECT json_agg(json_build_array(id, position, type, filename, status, file_id) ORDER BY position)::text AS inputs FROM job_input WHERE job_id = j.id) i,
        LATERAL (SELECT json_agg(json_build_array(id, position, operation, status, losses) ORDER BY position)::text AS steps FROM job_step WHERE job_id = j.id) s,
        LATERAL (SELECT json_agg(json_build_array(tenant, provider, step_ids, needs, prices, status, due_at IS NULL) ORDER BY position)::text AS stages FROM stage WHERE job_id = j.id) g,
        LATERAL (SELECT json_agg(json_build_array(sequence, type, cause, detail) ORDER BY sequence)::text AS events FROM event WHERE job_id = j.id) e,
        LATERAL (SELECT json_agg(json_build_array(number, record) ORDER BY number)::text AS decisions FROM route_decision WHERE job_id = j.id) d
      GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11`);
    return JSON.stringify(rows);
  });
  const [ours, theirs] = await Promise.all(written);
  if (ours !== theirs) throw new Error(`the contenders did not write the same rows:\n${ours}\n${theirs}`);
}
