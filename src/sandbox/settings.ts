/** How RunConvert says its statuses: in the words of its document, or in those of its SDKs. */
export type Dialect = 'docs' | 'sdk';

export interface SandboxSettings {
  /** Port per vendor on 127.0.0.1; 0 takes a free one. */
  readonly ports: { readonly api2convert: number; readonly runconvert: number };
  /** Folder that answers remote URLs, or null. */
  readonly fixtures: string | null;
  /** How long a conversion takes at least, in milliseconds. */
  readonly speedMs: number;
  /** Signs api2convert's callbacks when set; unsigned otherwise, as its guide says. */
  readonly webhookSecret: string | null;
  /** Whether api2convert answers an upload with a string id instead of `{ job, input }`: its sources disagree. */
  readonly flatUploadAnswer: boolean;
  readonly dialect: Dialect;
  /** How long RunConvert waits for an upload. */
  readonly uploadTimeoutMs: number;
  /** How long api2convert keeps results. */
  readonly retentionMs: number;
  /** Credits every account starts with, per vendor. */
  readonly credits: number;
  /** How long a call takes at least, in milliseconds, half as much to half as much again. */
  readonly latencyMs: number;
  /** What chance is drawn from: the same seed, the same weather. */
  readonly seed: number;
}

export const DEFAULT_SETTINGS: SandboxSettings = {
  ports: { api2convert: 4010, runconvert: 4020 },
  fixtures: null,
  speedMs: 150,
  webhookSecret: null,
  flatUploadAnswer: false,
  dialect: 'docs',
  uploadTimeoutMs: 15 * 60_000,
  retentionMs: 24 * 3_600_000,
  credits: 1_000_000,
  latencyMs: 0,
  seed: 1,
};

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads the SANDBOX_… variables. Throws with one line that names the variable where one makes no sense. */
export function readSettings(env: Environment): SandboxSettings {
  const fallback = DEFAULT_SETTINGS;
  return {
    ports: {
      api2convert: whole(env, 'SANDBOX_API2CONVERT_PORT', fallback.ports.api2convert, 65_535),
      runconvert: whole(env, 'SANDBOX_RUNCONVERT_PORT', fallback.ports.runconvert, 65_535),
    },
    fixtures: env.SANDBOX_FIXTURES || null,
    speedMs: whole(env, 'SANDBOX_SPEED_MS', fallback.speedMs),
    webhookSecret: env.SANDBOX_API2CONVERT_WEBHOOK_SECRET || null,
    flatUploadAnswer: env.SANDBOX_API2CONVERT_UPLOAD_ANSWER === 'flat',
    dialect: dialect(env.SANDBOX_RUNCONVERT_DIALECT || fallback.dialect),
    uploadTimeoutMs: whole(env, 'SANDBOX_UPLOAD_TIMEOUT_MS', fallback.uploadTimeoutMs),
    retentionMs: whole(env, 'SANDBOX_RETENTION_MS', fallback.retentionMs),
    credits: whole(env, 'SANDBOX_CREDITS', fallback.credits),
    latencyMs: whole(env, 'SANDBOX_LATENCY_MS', fallback.latencyMs, 60_000),
    seed: whole(env, 'SANDBOX_SEED', fallback.seed),
  };
}

function whole(env: Environment, name: string, fallback: number, most = 2_000_000_000): number {
  const word = env[name];
  if (!word) return fallback;
  const value = Number(word);
  if (!Number.isInteger(value) || value < 0 || value > most) throw new Error(`${name} is "${word}": give a whole number from 0 to ${most}.`);
  return value;
}

function dialect(word: string): Dialect {
  if (word === 'docs' || word === 'sdk') return word;
  throw new Error(`SANDBOX_RUNCONVERT_DIALECT is "${word}": give "docs" or "sdk".`);
}
