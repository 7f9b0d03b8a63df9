import { setTimeout as pause } from 'node:timers/promises';
import { api2convertDouble, API2CONVERT_KEY, type Api2convertDouble } from '../../doubles/api2convert-double.js';
import { runconvertDouble, RUNCONVERT_KEY, type RunconvertDouble } from '../../doubles/runconvert-double.js';
import type { Api2convertScript } from '../../doubles/api2convert-script.js';
import type { RunconvertScript } from '../../doubles/runconvert-script.js';
import { testDatabase } from '../../support/database.js';
import { startGateway, type Gateway } from '../../support/gateway.js';

export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly requestId: string;
  readonly errors?: readonly { readonly pointer: string; readonly message: string }[];
}

export interface Attempt {
  readonly id: string;
  readonly provider: string;
  readonly providerJobId: string | null;
  readonly stage: number;
  readonly steps: readonly string[];
  readonly status: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly cost: unknown;
  readonly error: { readonly kind: string; readonly code: string | null; readonly message: string } | null;
}

export interface Output {
  readonly id: string;
  readonly step: string;
  readonly filename: string;
  readonly contentType: string;
  readonly size: number | null;
  readonly checksum: string | null;
  readonly url: string;
  readonly expiresAt: string | null;
}

export interface Job {
  readonly id: string;
  readonly status: string;
  readonly progress: number;
  readonly error: { readonly code: string; readonly message: string; readonly retryable: boolean } | null;
  readonly inputs: readonly { readonly id: string; readonly type: string; readonly filename?: string | null }[];
  readonly steps: readonly { readonly id: string; readonly operation: string; readonly inputs: readonly string[]; readonly status: string; readonly provider: string | null }[];
  readonly outputs: readonly Output[];
  readonly attempts: readonly Attempt[];
  readonly [other: string]: unknown;
}

/** A gateway process between the two doubles, with a database of its own. */
export interface Scene {
  readonly api2convert: Api2convertDouble;
  readonly runconvert: RunconvertDouble;
  readonly gateway: Gateway;
  /** `POST /v1/jobs`, whatever comes of it. */
  post(body: unknown, headers?: Readonly<Record<string, string>>): Promise<Response>;
  /** A job that must be accepted. */
  accepted(body: unknown, headers?: Readonly<Record<string, string>>): Promise<Job>;
  job(id: string): Promise<Job>;
  /** Once the job is in a final state. */
  ended(id: string): Promise<Job>;
  /** Accepted and ended. */
  run(body: unknown): Promise<Job>;
  bytes(output: Output | undefined): Promise<Buffer>;
  /** Each answer is looked at by itself from here on: no breaker judges them together, and nobody is left alone for them. */
  withoutBreakers(): Promise<void>;
  close(): Promise<void>;
}

export const PHOTO = { type: 'url', url: 'https://files.example.com/photo.jpg' };
/** The smallest job, to png, with what a test adds. */
export const toPng = (more: object = {}): object => ({ inputs: [PHOTO], steps: [{ operation: 'convert', to: 'png' }], ...more });
export const at = (provider: string): { routing: object } => ({ routing: { only: [provider] } });

export async function scene(variables: Readonly<Record<string, string | undefined>> = {}): Promise<Scene> {
  const [api2convert, runconvert, database] = await Promise.all([api2convertDouble(), runconvertDouble(), testDatabase()]);
  const gateway = await startGateway({
    DATABASE_URL: database.url, POLL_FLOOR_MS: '50', POLL_CEILING_MS: '100',
    API2CONVERT_API_KEY: API2CONVERT_KEY, API2CONVERT_BASE_URL: api2convert.baseUrl, RUNCONVERT_API_KEY: RUNCONVERT_KEY, RUNCONVERT_BASE_URL: runconvert.baseUrl, ...variables,
  });
  const post = (body: unknown, headers: Readonly<Record<string, string>> = {}) =>
    gateway.call('/v1/jobs', { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers } });
  const accepted = async (body: unknown, headers?: Readonly<Record<string, string>>) => {
    const response = await post(body, headers);
    const said = (await response.json()) as Job;
    if (response.status !== 202) throw new Error(`refused with ${response.status}: ${JSON.stringify(said)}`);
    return said;
  };
  const job = async (id: string) => (await (await gateway.call(`/v1/jobs/${id}`)).json()) as Job;
  const ended = (id: string) => until(() => job(id), ({ status }) => ['completed', 'failed', 'canceled'].includes(status));
  return {
    api2convert, runconvert, gateway, post, accepted, job, ended,
    run: async (body) => ended((await accepted(body)).id),
    bytes: async (output) => Buffer.from(await (await gateway.call(new URL(output?.url ?? '', gateway.url).pathname)).arrayBuffer()),
    withoutBreakers: async () => {
      await database.query(`CREATE FUNCTION no_breaker() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'`);
      await database.query('CREATE TRIGGER no_breakers BEFORE INSERT ON breaker FOR EACH ROW EXECUTE FUNCTION no_breaker()');
      await database.query('CREATE TRIGGER no_throttles BEFORE INSERT ON provider_throttle FOR EACH ROW EXECUTE FUNCTION no_breaker()');
    },
    close: async () => {
      await gateway.stop();
      await Promise.all([api2convert.close(), runconvert.close(), database.drop()]);
    },
  };
}

/** Asks again until it is as wanted; after `patienceMs` it throws with what it last saw. */
export async function until<T>(ask: () => T | Promise<T>, wanted: (seen: T) => boolean, patienceMs = 40_000): Promise<T> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const seen = await ask();
    if (wanted(seen)) return seen;
    if (Date.now() > deadline) throw new Error(`still not as wanted: ${JSON.stringify(seen)}`);
    await pause(25);
  }
}

export async function problemOf(response: Response): Promise<Problem> {
  const said = (await response.json()) as Problem;
  expect(`${response.status} ${response.headers.get('content-type')}`).toMatch(/^\d+ application\/problem\+json/);
  expect(said).toMatchObject({ status: response.status, code: expect.stringMatching(/^[a-z_]+$/) as string, title: expect.any(String) as string, type: expect.any(String) as string, requestId: expect.stringMatching(/./) as string });
  return said;
}

let words = 0;

/**
 * Jobs to png that all run at once, each going its own way at the vendor that it is first brought to; one outcome per script, in order.
 * `more` is what the bodies say besides.
 */
export function together(stage: Scene, provider: 'api2convert', scripts: readonly Partial<Api2convertScript>[], more?: object): Promise<Job>[];
export function together(stage: Scene, provider: 'runconvert', scripts: readonly Partial<RunconvertScript>[], more?: object): Promise<Job>[];
export function together(stage: Scene, provider: 'api2convert' | 'runconvert', scripts: readonly (Partial<Api2convertScript> | Partial<RunconvertScript>)[], more: object = { routing: { prefer: [provider] } }): Promise<Job>[] {
  return scripts.map((script) => {
    const word = `case-${(words += 1)}-of-many`;
    if (provider === 'api2convert') stage.api2convert.behaveFor(word, script as Partial<Api2convertScript>);
    else stage.runconvert.behaveFor(word, script as Partial<RunconvertScript>);
    const outcome = stage.run({ inputs: [{ type: 'url', url: `https://files.example.com/${word}/photo.jpg` }], steps: [{ operation: 'convert', to: 'png' }], ...more });
    outcome.catch(() => undefined);
    return outcome;
  });
}
