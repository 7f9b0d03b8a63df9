import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Database } from './platform/database.js';
import { databaseTrouble } from './platform/database-trouble.js';
import { startEmbeddedPostgres, type EmbeddedPostgres } from './platform/embedded-postgres.js';
import { readEnv, SettingsError, type Env } from './platform/env.js';
import { PinoLogger } from './platform/logger.js';
import { applyMigrations } from './platform/migrations.js';
import { parseCidrs } from './platform/egress.js';
import { ROOT } from './platform/root.js';
import { checkSecretsKey } from './platform/secrets-check.js';
import { CATALOG } from './providers/catalog.js';
import { readMoney, readProviderConfigs, type ProviderConfig } from './providers/provider-config.js';
import { startSandboxProcess, type SandboxProcess } from './sandbox-process.js';
import { startServer, type RunningServer } from './server.js';

/** The whole of a stop, however slow its parts are. */
const STOP_MS = 15_000;

interface Started {
  server?: RunningServer;
  database?: Database;
  embedded?: EmbeddedPostgres;
  sandbox?: SandboxProcess;
}

const started: Started = {};
const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function start(): Promise<void> {
  const env = readEnv(process.env);
  checkCidrs(env);
  const logger = new PinoLogger(env.raw.LOG_LEVEL);
  const configured = readProviderConfigs(env, process.env);
  const money = readMoney(env, process.env);
  if (configured.length === 0) refuseToPretend(env);
  // Both take their time, and neither needs the other.
  const vendors = configured.length > 0 ? Promise.resolve(configured) : sandboxed(env);
  vendors.catch(() => undefined);
  if (env.raw.DATABASE_URL === undefined) started.embedded = await startEmbeddedPostgres(env.dataDir, say);
  const connectionString = started.embedded?.url ?? env.raw.DATABASE_URL ?? '';
  await migrate(connectionString);
  started.database = Database.open(connectionString, { onError: (error) => logger.warn(`database: ${error.message}`, 'pool') });
  await checkSecretsKey(started.database, env.secretsKey);
  const providers = await vendors;
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  started.server = await startServer({ env, database: started.database, providers, money }, logger, version);
  greet(env, started.server.url, providers);
  process.send?.({ type: 'ready', url: started.server.url, key: env.adminApiKey, sandbox: started.sandbox?.urls ?? null });
}

function checkCidrs(env: Env): void {
  try {
    parseCidrs(env.raw.EGRESS_ALLOW);
  } catch (error) {
    throw new SettingsError(`EGRESS_ALLOW: ${(error as Error).message}`);
  }
}

/** Without any vendor key a developer gets both vendors in a box; in production that would be a silent fake. */
function refuseToPretend(env: Env): void {
  if (env.raw.NODE_ENV !== 'production') return;
  throw new SettingsError(`${CATALOG.map(({ environment }) => `${environment}_API_KEY`).join(' or ')} (or PROVIDERS_FILE) must be set: without a vendor nothing can be converted.`);
}

async function sandboxed(env: Env): Promise<readonly ProviderConfig[]> {
  const { urls } = (started.sandbox = await startSandboxProcess());
  return readProviderConfigs(env, Object.fromEntries(CATALOG.flatMap(({ name, environment }) => [[`${environment}_API_KEY`, 'sandbox-key'], [`${environment}_BASE_URL`, urls[name]]])));
}

async function migrate(connectionString: string): Promise<void> {
  try {
    await applyMigrations(connectionString);
  } catch (error) {
    const { code } = error as { code?: string };
    const trouble = databaseTrouble(error) ?? (code?.startsWith('28') === true || code === '3D000' ? (error as Error).message : null);
    if (trouble === null) throw error;
    throw new SettingsError(`DATABASE_URL: the database cannot be used (${trouble}). Start it, or mend the address; this process may then be started again.`);
  }
}

function greet(env: Env, url: string, providers: readonly ProviderConfig[]): void {
  if (env.raw.ROLE === 'worker') return say(`Conversion Gateway works (ROLE=worker); health at ${url}/health/ready`);
  say(`Conversion Gateway listens at ${url}  (API: ${url}/docs)`);
  if (started.sandbox !== undefined) say('No vendor key is set: it uses the sandbox, which stands in for the vendors and really converts images, PDFs, archives and text.');
  else say(`Providers: ${providers.map(({ id }) => id).join(', ')}`);
  if (env.adminKeyIsNew) say(`API key, shown this once (kept in ${env.dataDir}): ${env.adminApiKey}`);
  const key = env.adminKeyIsNew ? env.adminApiKey : env.raw.ADMIN_API_KEY === undefined ? `$(cat ${env.dataDir}/admin-api-key)` : '$ADMIN_API_KEY';
  say('Try it:');
  say(`  curl -H "Authorization: Bearer ${key}" -F file=@test/samples/lighthouse.jpg "${url}/v1/convert?to=png" -o lighthouse.png`);
}

async function stop(): Promise<void> {
  await started.server?.stop();
  await started.database?.close();
  await started.sandbox?.stop();
  await started.embedded?.stop();
}

// A library may lose a promise when its connection breaks: that the database is away ends nobody. Anything else ends the process, as ever.
process.on('unhandledRejection', (error) => {
  const trouble = databaseTrouble(error);
  if (trouble === null) throw error;
  process.stderr.write(`database: ${trouble}\n`);
});

let stopping = false;

function stopOn(signal: NodeJS.Signals): void {
  process.on(signal, () => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.exit(1), STOP_MS).unref();
    // What is half started can only be stopped once it has started, or failed to.
    void starting.catch(() => undefined).then(stop).then(
      () => process.exit(0),
      () => process.exit(1),
    );
  });
}

stopOn('SIGTERM');
stopOn('SIGINT');
// Whoever started us as a child and is gone no longer wants us.
process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));

// A reader that went away (`npm start | head`) is no reason to leave the database running without us.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

const starting = start();
starting.catch(async (error: unknown) => {
  // Told to stop while starting: what broke off is no news.
  if (stopping) return;
  process.stderr.write(error instanceof SettingsError ? `${error.message}\n` : `The gateway could not start: ${error instanceof Error ? (error.stack ?? error.message) : 'unknown'}\n`);
  await stop().catch(() => undefined);
  process.exit(1);
});
