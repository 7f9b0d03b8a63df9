import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';

/** A wrong setting. The message is one line: the variable, what is wrong with it, and the mend. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

const whole = (minimum: number, maximum: number, fallback: number) =>
  z
    .string()
    .regex(/^\d+$/, `must be a whole number from ${minimum} to ${maximum}`)
    .transform(Number)
    .refine((value) => value >= minimum && value <= maximum, `must be a whole number from ${minimum} to ${maximum}`)
    .default(fallback);

const address = (fallback?: string) => {
  const schema = z.string().refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), 'must be an http or https address, such as https://gateway.example');
  return fallback === undefined ? schema.optional() : schema.default(fallback);
};

const secretsKey = z.string().refine((text) => Buffer.from(text, 'base64').length === 32, 'must be 32 bytes in base64: make one with `openssl rand -base64 32`');

const schema = z.object({
  NODE_ENV: z.string().default('development'),
  PORT: whole(0, 65_535, 3000),
  HOST: z.string().min(1).default('127.0.0.1'),
  PUBLIC_URL: address(),
  DATABASE_URL: z.string().regex(/^postgres(ql)?:\/\//, 'must be a PostgreSQL address: postgresql://user:password@host:5432/database').optional(),
  DATA_DIR: z.string().min(1).default('.data'),
  ROLE: z.enum(['all', 'api', 'worker'], 'must be one of all, api, worker').default('all'),
  ADMIN_API_KEY: z.string().regex(/^\S+$/, 'must have no spaces').optional(),
  SECRETS_KEY: secretsKey.optional(),
  STAGING_URL: z.string().optional(),
  API2CONVERT_API_KEY: z.string().min(1).optional(),
  API2CONVERT_BASE_URL: address('https://api.api2convert.com/v2'),
  API2CONVERT_WEBHOOK_SECRET: z.string().min(1).optional(),
  RUNCONVERT_API_KEY: z.string().min(1).optional(),
  RUNCONVERT_BASE_URL: address('https://api.runconvert.com/v2'),
  RUNCONVERT_WEBHOOK_SECRET: z.string().min(1).optional(),
  PROVIDERS_FILE: z.string().min(1).optional(),
  EGRESS_ALLOW: z.string().default(''),
  MAX_UPLOAD_BYTES: whole(1, Number.MAX_SAFE_INTEGER, 5_368_709_120),
  HISTORY_DAYS: whole(1, 3650, 90),
  POLL_FLOOR_MS: whole(1, 3_600_000, 1000),
  POLL_CEILING_MS: whole(1, 3_600_000, 15_000),
  BREAKER_OPEN_MS: whole(1, 3_600_000, 30_000),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], 'must be one of trace, debug, info, warn, error, fatal, silent').default('info'),
});

type Raw = z.output<typeof schema>;

interface Keys {
  readonly admin: string;
  readonly adminIsNew: boolean;
  readonly secrets: Buffer;
}

/** Injection token and value of the settings: read once at start, never from `process.env` afterwards. */
export class Env {
  constructor(
    readonly raw: Raw,
    /** Absolute. */
    readonly dataDir: string,
    /** Absolute folder of staged and kept files. */
    readonly stagingDir: string,
    private readonly keys: Keys,
  ) {}

  get adminApiKey(): string {
    return this.keys.admin;
  }

  /** True when the admin key was made at this start, and so must be shown once. */
  get adminKeyIsNew(): boolean {
    return this.keys.adminIsNew;
  }

  /** 32 bytes. */
  get secretsKey(): Buffer {
    return this.keys.secrets;
  }

  get servesApi(): boolean {
    return this.raw.ROLE !== 'worker';
  }

  get works(): boolean {
    return this.raw.ROLE !== 'api';
  }
}

/** Reads the settings. An empty variable counts as unset. Throws `SettingsError`. */
export function readEnv(variables: Readonly<Record<string, string | undefined>>): Env {
  const given = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = schema.safeParse(given);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new SettingsError(`${issue?.path.join('.') ?? 'environment'} ${issue?.message ?? 'is wrong'}.`);
  }
  const raw = parsed.data;
  if (raw.POLL_CEILING_MS < raw.POLL_FLOOR_MS) throw new SettingsError('POLL_CEILING_MS must not be below POLL_FLOOR_MS.');
  if (raw.ROLE !== 'all' && raw.DATABASE_URL === undefined) {
    throw new SettingsError(`DATABASE_URL must be set when ROLE=${raw.ROLE}: the embedded database serves one process alone (ROLE=all).`);
  }
  const dataDir = resolve(raw.DATA_DIR);
  const makes = raw.DATABASE_URL === undefined;
  const admin = keyFrom(raw.ADMIN_API_KEY, 'ADMIN_API_KEY', makes, dataDir, () => `cg_${randomBytes(24).toString('base64url')}`);
  const secrets = keyFrom(raw.SECRETS_KEY, 'SECRETS_KEY', makes, dataDir, () => randomBytes(32).toString('base64'));
  return new Env(raw, dataDir, stagingDir(raw.STAGING_URL, dataDir), { admin: admin.value, adminIsNew: admin.isNew, secrets: Buffer.from(secrets.value, 'base64') });
}

function keyFrom(given: string | undefined, name: string, makes: boolean, dataDir: string, make: () => string): { value: string; isNew: boolean } {
  if (given !== undefined) return { value: given, isNew: false };
  if (!makes) throw new SettingsError(`${name} must be set once DATABASE_URL is set, and be the same for every process.`);
  const path = join(dataDir, name.toLowerCase().replaceAll('_', '-'));
  try {
    return { value: readFileSync(path, 'utf8').trim(), isNew: false };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw new SettingsError(`DATA_DIR: ${path} cannot be read (${(error as Error).message}).`);
  }
  const value = make();
  try {
    mkdirSync(dataDir, { recursive: true });
    writeFileSync(path, `${value}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    throw new SettingsError(`DATA_DIR: ${dataDir} cannot be written (${(error as Error).message}). Point DATA_DIR at a folder that this user may write.`);
  }
  return { value, isNew: true };
}

function stagingDir(url: string | undefined, dataDir: string): string {
  if (url === undefined) return join(dataDir, 'files');
  if (url.startsWith('s3:')) throw new SettingsError('STAGING_URL: s3: places are not supported yet; use file:///a/shared/folder.');
  if (!url.startsWith('file:')) throw new SettingsError('STAGING_URL must begin with file: (file:///var/lib/conversion-gateway/files).');
  return resolve(url.startsWith('file://') ? new URL(url).pathname : url.slice('file:'.length));
}
