import { randomUUID } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { crc32, deflateSync } from 'node:zlib';
import { publicUrl, type Subject } from './doctor-checks.js';
import { failed, ok, warning, type Check } from './doctor-report.js';
import { PublicAddress } from './http/public-address.js';
import { Database } from './platform/database.js';
import { startEmbeddedPostgres } from './platform/embedded-postgres.js';
import { readEnv, SettingsError, type Env } from './platform/env.js';
import { PinoLogger } from './platform/logger.js';
import { applyMigrations } from './platform/migrations.js';
import { CATALOG } from './providers/catalog.js';
import type { ProviderConfig } from './providers/provider-config.js';
import { Registry, type Observe } from './providers/registry.js';
import { startServer, type RunningServer } from './server.js';

const JOB_SECONDS = 180;
const CALLBACK_MS = 10_000;
const LOOK_MS = 200;

/** A service that runs for one provider alone, on a database of its own: no other process can take its work. */
interface Trial {
  readonly server: RunningServer;
  readonly database: Database;
  readonly env: Env;
  /** Why callbacks are not tried although they could be; null where nothing stands against it. */
  readonly withoutCallbacks: string | null;
}

interface LiveJob {
  readonly id: string;
  readonly status: string;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly outputs: readonly { readonly url: string }[];
  readonly attempts: readonly { readonly error: { readonly kind: string; readonly message: string } | null }[];
}

const ENDED: ReadonlySet<string> = new Set(['completed', 'failed', 'canceled']);

/** One real job at each provider, through the service's own code, on an embedded database in a temporary folder. Spends credits. */
export async function* examineLive(subject: Subject, signal: AbortSignal): AsyncGenerator<Check> {
  const folder = await mkdtemp(join(tmpdir(), 'gateway-doctor-'));
  try {
    // Root's embedded database runs as another user, who has to get in.
    await chmod(folder, 0o755);
    const embedded = await startEmbeddedPostgres(folder, () => undefined);
    try {
      await applyMigrations(embedded.url);
      for (const [index, config] of subject.configs.entries()) yield* liveChecks(subject, config, { folder, url: embedded.url, isFirst: index === 0 }, signal);
    } finally {
      await embedded.stop();
    }
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    yield failed('live', 'start', error.message, { why: 'No job could be tried.' });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Ground {
  readonly folder: string;
  readonly url: string;
  readonly isFirst: boolean;
}

async function* liveChecks(subject: Subject, config: ProviderConfig, ground: Ground, signal: AbortSignal): AsyncGenerator<Check> {
  const seen = new Set<string>();
  let trial: Trial | null = null;
  try {
    trial = await startTrial(subject, config, ground, observing(config, seen));
    if (ground.isFirst && trial.withoutCallbacks === null) yield await publicUrl(trial.env, signal);
    yield await jobCheck(trial, config, signal);
    yield await costCheck(trial, config);
    yield await callbackCheck(trial, config, signal);
    if (seen.size === 0) yield ok(config.id, 'documents', 'the answers were as the vendor documents them');
    for (const remark of seen) yield warning(config.id, 'documents', remark);
  } catch (error) {
    signal.throwIfAborted();
    // The other providers are looked at all the same.
    yield failed(config.id, 'job', 'could not be tried to its end', { why: error instanceof Error ? error.message : 'The reason is unknown.' });
  } finally {
    await trial?.server.stop();
  }
}

/** Keeps what the vendor answers otherwise than documented. What passes is left as it is. */
function observing({ adapter }: ProviderConfig, seen: Set<string>): Observe {
  const departures = CATALOG.find(({ name }) => name === adapter)?.departures;
  return (_config, http) => ({
    call: async (call) => {
      const answer = await http.call(call);
      for (const remark of departures?.(call.name, answer) ?? []) seen.add(remark);
      return answer;
    },
  });
}

/** Listens where the gateway will, so that callbacks find it; where that place is taken, elsewhere and without them. */
async function startTrial({ variables }: Subject, config: ProviderConfig, ground: Ground, observe: Observe): Promise<Trial> {
  const own = { DATABASE_URL: '', STAGING_URL: '', ROLE: 'all', DATA_DIR: ground.folder, ADMIN_API_KEY: randomUUID(), SECRETS_KEY: Buffer.alloc(32).toString('base64') };
  const elsewhere = { PORT: '0', HOST: '127.0.0.1' };
  const start = async (more: object, withoutCallbacks: string | null): Promise<Trial> => {
    const env = readEnv({ ...variables, ...own, ...more });
    const database = Database.open(ground.url);
    try {
      return { env, database, withoutCallbacks, server: await startServer({ env, database, providers: [config], observe }, new PinoLogger('silent'), 'doctor') };
    } catch (error) {
      await database.close();
      throw error;
    }
  };
  if (!variables['PUBLIC_URL']) return start(elsewhere, null);
  try {
    return await start({}, null);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return start({ ...elsewhere, PUBLIC_URL: '' }, error.message);
  }
}

async function jobCheck(trial: Trial, config: ProviderConfig, signal: AbortSignal): Promise<Check> {
  const startedAt = performance.now();
  const picture = tinyPng();
  const routing = { only: [config.id], maxAttempts: 1, deadlineSeconds: JOB_SECONDS };
  const body = { inputs: [{ id: 'dot', type: 'upload', filename: 'doctor.png' }], steps: [{ id: 'jpg', operation: 'convert', to: 'jpg' }], routing, tag: 'doctor' };
  const json = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const accepted = await asked<LiveJob>(trial, '/v1/jobs', json);
  let job = await asked<LiveJob>(trial, `/v1/jobs/${accepted.id}/inputs/dot/content`, { method: 'PUT', body: new Uint8Array(picture) });
  try {
    const patience = AbortSignal.any([signal, AbortSignal.timeout((JOB_SECONDS + 30) * 1000)]);
    while (!ENDED.has(job.status)) {
      await pause(LOOK_MS, undefined, { signal: patience });
      job = await asked<LiveJob>(trial, `/v1/jobs/${job.id}`);
    }
  } catch (error) {
    // Nobody will look for its result any more.
    await asked(trial, `/v1/jobs/${job.id}/cancel`, { method: 'POST' }).catch(() => undefined);
    signal.throwIfAborted();
    throw error;
  }
  const ms = performance.now() - startedAt;
  const why = job.attempts.at(-1)?.error ?? job.error;
  if (job.status !== 'completed') return failed(config.id, 'job', `${job.status} (${job.error?.code ?? 'no code'})`, { ms, why: why?.message ?? 'No reason was told.', mend: 'mend what the reason says; the same job would fail for a caller' });
  const bytes = await contentOf(trial, job);
  if (bytes.length < 4 || bytes.readUInt16BE(0) !== 0xff_d8) return failed(config.id, 'job', `the result (${bytes.length} bytes) is no JPEG file`, { ms, mend: 'ask the vendor' });
  return ok(config.id, 'job', `a PNG of ${picture.length} bytes was uploaded and became a JPG of ${bytes.length} bytes`, { ms });
}

async function costCheck({ database }: Trial, { id }: ProviderConfig): Promise<Check> {
  const rows = await database.query<{ credits: string | null; cost: string | null; currency: string | null }>('SELECT credits, cost, currency FROM attempt WHERE provider = $1', [id]);
  const credits = rows.flatMap((row) => (row.credits === null ? [] : [Number(row.credits)]));
  if (credits.length === 0) return warning(id, 'cost', 'the vendor did not tell what the job cost', { why: 'What jobs cost there can only be estimated.' });
  const money = rows.flatMap(({ cost, currency }) => (cost === null || currency === null ? [] : [` (${cost} ${currency} by the configured price)`]));
  const sum = credits.reduce((total, one) => total + one, 0);
  return ok(id, 'cost', `${sum} ${sum === 1 ? 'credit' : 'credits'}${money.join('')}`);
}

async function callbackCheck(trial: Trial, config: ProviderConfig, signal: AbortSignal): Promise<Check> {
  const { server, database, withoutCallbacks } = trial;
  if (withoutCallbacks !== null) return warning(config.id, 'callback', 'not tried', { why: withoutCallbacks, mend: 'stop the gateway that runs here, and run this again' });
  if (server.app.get(Registry).find(config.id)?.guarded.inner.traits.callbacks === 'account') return ok(config.id, 'callback', 'not tried: this vendor takes an address for the whole account, not for a job');
  const base = server.app.get(PublicAddress).callbackBase(config.baseUrl);
  if (base === null) return ok(config.id, 'callback', 'not asked for: PUBLIC_URL is not set');
  const startedAt = performance.now();
  while (performance.now() - startedAt < CALLBACK_MS) {
    const rows = await database.query('SELECT 1 FROM callback WHERE provider = $1 LIMIT 1', [config.id]);
    if (rows.length > 0) return ok(config.id, 'callback', `it came to ${base}`);
    await pause(LOOK_MS, undefined, { signal });
  }
  const secret = config.webhookSecret == null ? '' : ', or was refused because its signature is not made with the webhook secret';
  return warning(config.id, 'callback', `none came to ${base} within ${CALLBACK_MS / 1000} s of the job's end`, { why: `It was lost on its way${secret}; jobs are polled then.`, mend: 'let the vendor reach PUBLIC_URL, and check the webhook secret' });
}

async function asked<T>(trial: Trial, path: string, init: RequestInit = {}): Promise<T> {
  const answer = await called(trial, path, init);
  if (!answer.ok) throw new Error(`the service answered ${answer.status} to the doctor's own request: ${(await answer.text()).slice(0, 300)}`);
  return (await answer.json()) as T;
}

async function contentOf(trial: Trial, job: LiveJob): Promise<Buffer> {
  const [output] = job.outputs;
  return output === undefined ? Buffer.alloc(0) : Buffer.from(await (await called(trial, output.url.slice(output.url.indexOf('/v1/jobs/')))).arrayBuffer());
}

function called({ server, env }: Trial, path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`${server.url}${path}`, { ...init, headers: { ...(init.headers as Record<string, string> | undefined), authorization: `Bearer ${env.adminApiKey}` } });
}

/** A red square of 8 by 8 pixels. */
export function tinyPng(): Buffer {
  const size = 8;
  const header = Buffer.from([0, 0, 0, size, 0, 0, 0, size, 8, 2, 0, 0, 0]);
  const row = Buffer.concat([Buffer.from([0]), Buffer.alloc(size * 3, Buffer.from([220, 40, 40]))]);
  const pixels = deflateSync(Buffer.concat(Array.from({ length: size }, () => row)));
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', header), chunk('IDAT', pixels), chunk('IEND', Buffer.alloc(0))]);
}

function chunk(type: string, data: Buffer): Buffer {
  const typed = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(typed), 4);
  return Buffer.concat([frame.subarray(0, 4), typed, frame.subarray(4)]);
}
