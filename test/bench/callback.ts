import { createHmac } from 'node:crypto';
import { startGateway } from '../support/gateway.ts';
import type { BenchDatabase, Ground } from './ground.ts';
import { closedLoop, openLoop, type Target } from './load.ts';
import { median, percentile, withCpu } from './measure.ts';
import { startPeer } from './peer.ts';
import { report, type Line } from './report.ts';
import { inTurns, type Figures } from './rounds.ts';

interface Pace {
  readonly rounds: number;
  readonly requests: number;
  readonly seconds: number;
}

const WHOLE: Pace = { rounds: 9, requests: 3000, seconds: 5 };
const QUICK: Pace = { rounds: 5, requests: 1000, seconds: 2 };
const CALLERS = 32;
const PER_SECOND = 200;
const P99_MS = 50;
const SECRET = 'a-secret-that-signs';

const LINES: readonly Line[] = [
  { figure: 'throughput', label: `requests/s, ${CALLERS} callers`, digits: 0, bounds: { least: true, floor: 0.5, goal: 0.65, lead: 0.8 } },
  { figure: 'p50', label: `p50 ms, ${PER_SECOND}/s`, digits: 2 },
  { figure: 'p99', label: `p99 ms, ${PER_SECOND}/s`, digits: 2 },
  { figure: 'closedCpu', label: `CPU µs/request, ${CALLERS} callers`, digits: 0 },
  { figure: 'openCpu', label: `CPU µs/request, ${PER_SECOND}/s`, digits: 0 },
];

interface Contender {
  readonly pid: number;
  readonly database: BenchDatabase;
  readonly target: Target;
}

/** A signed callback of a job of its own, acknowledged, kept and its attempt woken, beside a bare server that only keeps it. */
export async function callback(ground: Ground, quick: boolean): Promise<boolean> {
  const pace = quick ? QUICK : WHOLE;
  // As many again, should rounds be void.
  const jobs = 2 * (pace.rounds + 1) * (pace.requests + PER_SECOND * pace.seconds);
  const contenders = [await gateway(ground, jobs), await bare(ground)] as const;
  for (const contender of contenders) await turn(contender, { ...pace, seconds: 1 });
  const [ours, theirs] = await inTurns(contenders, pace.rounds, (contender) => turn(contender, pace));
  if (ours === undefined || theirs === undefined) throw new Error('nothing was measured');
  await requireSameRows(contenders);
  console.log(`POST /v1/callbacks, signed, 204 and durable; ${pace.rounds} rounds in turns: their median (lowest–highest)${quick ? '; quick, so rough' : ''}`);
  const held = report(LINES, ['gateway', 'bare Fastify + pg'], [ours, theirs]);
  const p99 = median(ours.map((round) => round['p99'] ?? Number.NaN));
  console.log(`p99 at ${PER_SECOND}/s: ${p99.toFixed(2)} ms, which must stay under ${P99_MS} ms: ${p99 < P99_MS ? 'held' : 'MISSED'}`);
  return held && p99 < P99_MS;
}

async function turn({ pid, database, target }: Contender, { requests, seconds }: Pace): Promise<Figures> {
  await database.settle();
  const closed = await withCpu(pid, requests, () => closedLoop(target, CALLERS, requests));
  await database.settle();
  const open = await withCpu(pid, PER_SECOND * seconds, () => openLoop(target, PER_SECOND, seconds));
  return { throughput: closed.result, closedCpu: closed.cpuMicros, p50: percentile(open.result, 0.5), p99: percentile(open.result, 0.99), openCpu: open.cpuMicros };
}

/** The built service without its worker, which would take up the attempts meanwhile. */
async function gateway(ground: Ground, jobs: number): Promise<Contender> {
  const database = await ground.database('gateway_bench');
  for (const statement of running(jobs)) await database.query(statement);
  const started = await startGateway({
    DATABASE_URL: database.url, ROLE: 'api', NODE_ENV: 'production', LOG_LEVEL: 'info', API2CONVERT_API_KEY: 'not-called', API2CONVERT_WEBHOOK_SECRET: SECRET,
  });
  ground.closes(() => started.stop());
  return contender('the gateway', started.url, started.process.pid, database);
}

async function bare(ground: Ground): Promise<Contender> {
  const database = await ground.database('bare_bench');
  const peer = await startPeer('bare-callback.ts', { DATABASE_URL: database.url });
  ground.closes(() => peer.stop());
  return contender('the bare server', peer.url, peer.pid, database);
}

/** Jobs whose attempts run and are not due for long; the number of each stands in its ids and in its token. */
function running(jobs: number): readonly string[] {
  const id = (first: string) => `(('${first}-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid)`;
  const each = `FROM generate_series(1, ${jobs}) n`;
  return [
    `INSERT INTO job (id, tenant, status, graph, retention_seconds, deadline_at) SELECT ${id('01900002')}, 'default', 'processing', '{}', 86400, now() + interval '1 day' ${each}`,
    `INSERT INTO stage (id, job_id, position, provider, step_ids, needs, status, due_at) SELECT ${id('01900001')}, ${id('01900002')}, 0, 'api2convert', '{png}', '{}', 'active', now() + interval '1 day' ${each}`,
    `INSERT INTO attempt (id, job_id, stage_id, provider, step_ids, status, reference, provider_job_id)
     SELECT ${id('01900000')}, ${id('01900002')}, ${id('01900001')}, 'api2convert', '{png}', 'running', 'token-of-the-attempt' || lpad(n::text, 12, '0'), 'job-' || n ${each}`,
  ];
}

function contender(name: string, origin: string, pid: number | undefined, database: BenchDatabase): Contender {
  if (pid === undefined) throw new Error(`${name} is not running`);
  let sent = 0;
  const each = () => {
    sent += 1;
    const body = bodyOf(sent);
    const signature = createHmac('sha256', SECRET).update(body).digest('hex');
    return { path: `/v1/callbacks/api2convert/token-of-the-attempt${String(sent).padStart(12, '0')}`, headers: { 'content-type': 'application/json', 'x-oc-signature': signature }, body };
  };
  const wrong = (status: number, body: string): string | null => (status === 204 ? null : `${name} answered ${status}: ${body.slice(0, 300)}`);
  return { pid, database, target: { origin, method: 'POST', path: '', headers: {}, each, wrong } };
}

/** A whole job document, as the vendor sends it. */
function bodyOf(number: number): string {
  return JSON.stringify({
    id: `job-${number}`, token: 'c0ffee', type: 'job', status: { code: 'completed', info: 'The file has been successfully converted.' }, errors: [], warnings: [], process: true, conversion: [{ id: `conversion-${number}`, category: 'image', target: 'png', options: { quality: 80 }, metadata: [], output_target: [] }],
    limits: [], callback: 'https://gateway.example/v1/callbacks', notify_status: false, server: 'https://www1.example/v2/dl/web1', spent: 1, created_at: '2026-11-21T10:00:00', modified_at: '2026-11-21T10:00:09',
    input: [{ id: `input-${number}`, type: 'remote', source: 'https://example.com/albums/2026/photo.jpg', filename: 'photo.jpg', size: 254_871, content_type: 'image/jpeg', status: 'ready' }],
    output: [{ id: `output-${number}`, source: { conversion: `conversion-${number}`, input: [`input-${number}`] }, uri: `https://www1.example/v2/dl/web1/download-file/job-${number}/photo.png`, filename: 'photo.png', size: 310_443, status: 'enabled', content_type: 'image/png', downloads_counter: 0 }],
  });
}

/** The control: a contender that answers without writing is no measure of the other, nor is a gateway that wakes nobody. */
async function requireSameRows([ours, theirs]: readonly [Contender, Contender]): Promise<void> {
  const written = ({ database }: Contender) =>
    database.query<{ rows: number; hash: string }>(`SELECT count(*)::int AS rows, md5(string_agg(concat_ws('|', provider, attempt_id, provider_job_id, body_hash, body, outcome), '|' ORDER BY attempt_id)) AS hash FROM callback`);
  const [one, other] = [(await written(ours))[0], (await written(theirs))[0]];
  if (JSON.stringify(one) !== JSON.stringify(other)) throw new Error(`the contenders did not write the same rows: ${JSON.stringify([one, other])}`);
  const [woken] = await ours.database.query<{ count: number }>('SELECT count(*)::int AS count FROM stage WHERE hinted');
  if (woken?.count !== one?.rows) throw new Error(`${one?.rows} callbacks woke ${woken?.count} stages`);
}
