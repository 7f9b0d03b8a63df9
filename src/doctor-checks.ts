import { constants } from 'node:fs';
import { access, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { HttpService } from '@nestjs/axios';
import pg from 'pg';
import { ProviderError, type ErrorKind } from './conversion/errors.js';
import type { Inspection } from './conversion/provider.js';
import { failed, ok, warning, type Check } from './doctor-report.js';
import { databaseTrouble } from './platform/database-trouble.js';
import { parseCidrs } from './platform/egress.js';
import { readEnv, SettingsError, type Env } from './platform/env.js';
import { fitsSecretsKey } from './platform/secrets-check.js';
import { pendingMigrations } from './platform/migrations.js';
import { CATALOG } from './providers/catalog.js';
import { readProviderConfigs, type ProviderConfig } from './providers/provider-config.js';
import { Registry, type RegisteredProvider } from './providers/registry.js';

export type Variables = Readonly<Record<string, string | undefined>>;

/** What was configured, once it could be read. */
export interface Subject {
  readonly variables: Variables;
  readonly env: Env;
  readonly configs: readonly ProviderConfig[];
}

const OLDEST_POSTGRES = 14;
const SHOWN_MISSING = 10;

/** Every check that changes nothing and costs nothing. Null: the configuration cannot be read, so nothing else could be looked at. */
export async function* examine(variables: Variables, signal: AbortSignal, live: boolean): AsyncGenerator<Check, Subject | null> {
  const { checks, subject } = readConfiguration(variables);
  yield* checks;
  if (subject === null) return null;
  yield* database(subject.env);
  yield await staging(subject.env);
  // With `--live` the service listens in a moment: it is asked for then.
  if (!live || subject.configs.length === 0) yield await publicUrl(subject.env, signal);
  yield* providers(subject, signal);
  return subject;
}

function readConfiguration(variables: Variables): { checks: Check[]; subject: Subject | null } {
  const wrong = (error: unknown): { checks: Check[]; subject: null } => {
    if (!(error instanceof SettingsError)) throw error;
    return { checks: [failed('configuration', 'variables', error.message, { why: 'The gateway would not start.' })], subject: null };
  };
  try {
    const env = readEnv({ ...keysNotMade(variables), ...given(variables) });
    const cidrs = parseCidrs(env.raw.EGRESS_ALLOW);
    const configs = readProviderConfigs(env, variables);
    const egress = cidrs.length === 0 ? 'no private network may be reached' : `these may be reached although they may be private: ${cidrs.join(', ')}`;
    return { checks: [ok('configuration', 'variables', `they can be read; ROLE=${env.raw.ROLE}`), ok('configuration', 'EGRESS_ALLOW', egress), accounts(env, configs)], subject: { variables, env, configs } };
  } catch (error) {
    // `parseCidrs` names the variable by itself.
    return wrong(error instanceof Error && error.message.startsWith('EGRESS_ALLOW') ? new SettingsError(error.message) : error);
  }
}

const given = (variables: Variables): Variables => Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== undefined && value !== ''));

/** With an embedded database the first start makes the keys and shows one of them, once: looking must not come before it. */
function keysNotMade(variables: Variables): Variables {
  return variables['DATABASE_URL'] ? {} : { ADMIN_API_KEY: 'not-made-yet', SECRETS_KEY: Buffer.alloc(32).toString('base64') };
}

function accounts(env: Env, configs: readonly ProviderConfig[]): Check {
  const from = env.raw.PROVIDERS_FILE === undefined ? 'by environment' : `by ${env.raw.PROVIDERS_FILE}`;
  if (configs.length > 0) return ok('configuration', 'providers', `${configs.map(({ id }) => id).join(', ')} (${from})`);
  const mend = `set ${CATALOG.map(({ environment }) => `${environment}_API_KEY`).join(' or ')}, or PROVIDERS_FILE`;
  if (env.raw.NODE_ENV === 'production') return failed('configuration', 'providers', 'none is configured', { why: 'The gateway would not start.', mend });
  return warning('configuration', 'providers', 'none is configured', { why: 'The gateway would use its sandbox.', mend });
}

async function secretsKey(client: pg.Client, key: Buffer): Promise<Check> {
  const fits = await fitsSecretsKey({ query: async (statement, values = []) => (await client.query(typeof statement === 'string' ? statement : statement.text, [...values])).rows as never }, key);
  if (fits === 'differs') return failed('database', 'SECRETS_KEY', 'is not the key that its credentials are sealed with', { why: 'The gateway would not start.', mend: 'set the one that was used before' });
  return ok('database', 'SECRETS_KEY', fits === 'fits' ? 'is the one that its credentials are sealed with' : 'nothing is sealed there yet');
}

async function* database({ raw, dataDir, secretsKey: key }: Env): AsyncGenerator<Check> {
  if (raw.DATABASE_URL === undefined) {
    yield ok('database', 'connection', `the embedded PostgreSQL in ${dataDir} would be used; it is not started for this`);
    return;
  }
  const client = new pg.Client({ connectionString: raw.DATABASE_URL, connectionTimeoutMillis: 5000, query_timeout: 10_000 });
  client.on('error', () => undefined);
  const startedAt = performance.now();
  try {
    await client.connect();
    const { rows } = await client.query<{ number: string; version: string; encoding: string; creates: boolean | null }>(
      `SELECT current_setting('server_version_num') AS number, current_setting('server_version') AS version, current_setting('server_encoding') AS encoding,
         has_schema_privilege(current_schema(), 'CREATE') AS creates`,
    );
    const ms = performance.now() - startedAt;
    const { number = '0', version = '?', encoding = '?', creates = false } = rows[0] ?? {};
    if (Number(number) < OLDEST_POSTGRES * 10_000) yield failed('database', 'version', `PostgreSQL ${version}`, { ms, mend: `use PostgreSQL ${OLDEST_POSTGRES} or newer` });
    else if (encoding !== 'UTF8') yield failed('database', 'encoding', encoding, { ms, why: 'Texts beyond ASCII could not be kept.', mend: `make the database with ENCODING 'UTF8'` });
    else yield ok('database', 'connection', `PostgreSQL ${version}`, { ms });
    const pending = await pendingMigrations(client);
    if (pending.length === 0) {
      yield ok('database', 'migrations', 'current');
      yield await secretsKey(client, key);
    }
    else if (creates === true) yield ok('database', 'migrations', `${pending.length} pending; the next start applies them (${pending.join(', ')})`);
    else yield failed('database', 'migrations', `${pending.length} pending`, { why: 'This user may not create tables, so the start would fail.', mend: 'grant it CREATE on the schema' });
  } catch (error) {
    const what = databaseTrouble(error) ?? (error instanceof Error ? error.message : 'it cannot be used');
    yield failed('database', 'connection', what, { ms: performance.now() - startedAt, why: 'The gateway would not start.', mend: 'start the database, or mend DATABASE_URL' });
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Leaves nothing behind: a folder that is not there yet is left to the start, whose user may be another one. */
async function staging({ raw, stagingDir }: Env): Promise<Check> {
  const folder = await nearest(stagingDir);
  try {
    await access(folder, constants.W_OK | constants.X_OK);
    // Root may write anywhere, it is told; only writing shows it.
    const probe = join(folder, `.doctor-${process.pid}`);
    await writeFile(probe, 'x', { flag: 'wx' });
    await rm(probe);
    const { bavail, bsize } = await statfs(folder);
    const free = bavail * bsize;
    const what = `${stagingDir} can be written${folder === stagingDir ? '' : ' (it will be made)'}, ${free} bytes free`;
    if (free >= raw.MAX_UPLOAD_BYTES) return ok('staging', 'place', what);
    return warning('staging', 'place', what, { why: `One upload may be ${raw.MAX_UPLOAD_BYTES} bytes.`, mend: 'make room, or set MAX_UPLOAD_BYTES or STAGING_URL' });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return failed('staging', 'place', `${stagingDir} cannot be written (${code ?? 'unknown'})`, { why: 'Uploads and results have no place.', mend: 'let this user write there, or set STAGING_URL or DATA_DIR' });
  }
}

async function nearest(path: string): Promise<string> {
  const there = await stat(path).then(() => true, () => false);
  return there || path === dirname(path) ? path : nearest(dirname(path));
}

/** Whether PUBLIC_URL leads to a gateway that listens. Only a warning: what this machine can reach is not what a vendor can. */
export async function publicUrl({ raw }: Env, signal: AbortSignal): Promise<Check> {
  if (raw.PUBLIC_URL === undefined) return ok('PUBLIC_URL', 'address', 'not set: vendors elsewhere are not asked to call back, jobs are polled');
  const url = `${raw.PUBLIC_URL.replace(/\/+$/, '')}/health/live`;
  const startedAt = performance.now();
  const answer = await fetch(url, { redirect: 'manual', signal: AbortSignal.any([signal, AbortSignal.timeout(5000)]) }).then(
    async (response) => (await response.body?.cancel(), response.status),
    () => null,
  );
  const ms = performance.now() - startedAt;
  if (answer === 200) return ok('PUBLIC_URL', 'address', `${url} is answered 200`, { ms });
  const what = answer === null ? `${url} gives no answer from here` : `${url} is answered ${answer}`;
  return warning('PUBLIC_URL', 'address', what, { ms, why: 'Unless the gateway is not started yet, vendors may not reach it either; jobs are polled then.', mend: 'start the gateway, or mend PUBLIC_URL or what stands before it' });
}

interface Seen {
  readonly call: string;
  readonly ms: number;
}

async function* providers({ env, configs }: Subject, signal: AbortSignal): AsyncGenerator<Check> {
  const seen = new Map<string, Seen[]>(configs.map(({ id }) => [id, []]));
  const registry = new Registry(configs, new HttpService(), { allow: parseCidrs(env.raw.EGRESS_ALLOW) }, (provider, call, ms) => void seen.get(provider)?.push({ call, ms }));
  try {
    // All at once, told in order.
    const looks = registry.all().map((provider) => inspected(provider, seen.get(provider.id) ?? [], env, signal));
    for (const look of looks) yield* await look;
  } finally {
    await registry.close();
  }
}

async function inspected({ id, config, guarded }: RegisteredProvider, seen: readonly Seen[], env: Env, signal: AbortSignal): Promise<readonly Check[]> {
  const took = (call: string): number | undefined => (seen.some((one) => one.call === call) ? seen.reduce((sum, one) => sum + (one.call === call ? one.ms : 0), 0) : undefined);
  try {
    const inspection = await guarded.inspect(signal);
    if (inspection === null) return [warning(id, 'key', `the adapter ${config.adapter} has no way to look at an account`, { mend: 'run this with --live' })];
    const key = ok(id, 'key', `${config.baseUrl} takes it`, { ms: took('account') });
    return [key, catalogueCheck(id, inspection, took('catalogue')), balanceCheck(id, inspection, took('account')), ...inspection.remarks.map((remark) => warning(id, 'account', remark))];
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    const trouble = { why: error.message, mend: mendOf(error.kind, config, env) };
    const keyWorked = seen.at(-1)?.call === 'catalogue';
    if (!keyWorked) return [failed(id, 'key', `not known to work (${error.kind})`, { ...trouble, ms: took('account') })];
    return [ok(id, 'key', `${config.baseUrl} takes it`, { ms: took('account') }), failed(id, 'catalogue', `cannot be read (${error.kind})`, { ...trouble, ms: took('catalogue') })];
  }
}

function catalogueCheck(id: string, { catalogue }: Inspection, ms: number | undefined): Check {
  if (catalogue === null) return warning(id, 'catalogue', 'cannot be read', { ms, why: 'What the gateway offers there is not confirmed.' });
  const { entries, missing } = catalogue;
  const listed = `${entries} entries`;
  if (missing.length === 0) return ok(id, 'catalogue', `${listed}; all that the gateway offers there is listed`, { ms });
  const shown = missing.slice(0, SHOWN_MISSING).join(', ');
  const more = missing.length > SHOWN_MISSING ? ` and ${missing.length - SHOWN_MISSING} more` : '';
  return warning(id, 'catalogue', `${listed}; not listed, though the gateway offers it there: ${shown}${more}`, { ms, why: 'Such jobs may be refused, and go on to another provider.' });
}

function balanceCheck(id: string, { balance }: Inspection, ms: number | undefined): Check {
  if (balance === null) return ok(id, 'balance', 'not told by this vendor');
  if (balance.unlimited) return ok(id, 'balance', 'unlimited', { ms });
  if (balance.credits === null) return ok(id, 'balance', 'not told', { ms });
  if (balance.credits > 0) return ok(id, 'balance', `${balance.credits} credits left`, { ms });
  return warning(id, 'balance', 'no credits left', { ms, why: 'Jobs there fail as quota_exhausted.', mend: 'buy credits at the vendor' });
}

function mendOf(kind: ErrorKind, config: ProviderConfig, env: Env): string {
  const prefix = CATALOG.find(({ name }) => name === config.adapter)?.environment ?? '';
  const ofFile = env.raw.PROVIDERS_FILE !== undefined;
  const setting = (field: string, variable: string): string => (ofFile ? `${field} of "${config.id}" in PROVIDERS_FILE` : `${prefix}_${variable}`);
  switch (kind) {
    case 'unauthorized':
      return `check ${setting('apiKey', 'API_KEY')}`;
    case 'unavailable':
    case 'timeout':
      return `check that ${new URL(config.baseUrl).host} can be reached from here, or mend ${setting('baseUrl', 'BASE_URL')}`;
    case 'rate_limited':
      return 'run this again in a while';
    case 'quota_exhausted':
      return 'buy credits at the vendor';
    default:
      return `check that ${setting('baseUrl', 'BASE_URL')} and the account's settings are those of the vendor's API`;
  }
}
