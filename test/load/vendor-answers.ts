import { performance } from 'node:perf_hooks';
import type { Provider, RunningJob, StageWork } from '../../src/conversion/provider.ts';
import type { CATALOG as Catalog } from '../../src/providers/catalog.ts';
import type { VendorAnswer, VendorCall, VendorHttp } from '../../src/providers/vendor-call.ts';
import { startVendors } from '../e2e/support/vendors.ts';
import { mutated, pick, type Random } from './generate.ts';

const dist = (path: string): string => new URL(`../../dist/${path}`, import.meta.url).href;
const CATALOG = ((await import(dist('providers/catalog.js'))) as { CATALOG: typeof Catalog }).CATALOG;
const { ProviderError } = (await import(dist('conversion/errors.js'))) as typeof import('../../src/conversion/errors.ts');

/** What went wrong, and how long the slowest answer held up the loop, in ms. */
export interface AnswersVerdict {
  readonly tried: number;
  readonly faults: readonly string[];
  readonly slowestMs: number;
}

const calm = new AbortController().signal;
const STATES = new Set(['running', 'succeeded', 'failed', 'canceled']);

/** Records true answers of both vendors in a box, spoils them, and has the adapters read what is left: a report or a typed error, quickly, and nothing else. */
export async function readSpoiltAnswers(random: Random, count: number): Promise<AnswersVerdict> {
  const vendors = await startVendors({ SANDBOX_SPEED_MS: '10', SANDBOX_FIXTURES: new URL('../samples/', import.meta.url).pathname });
  const faults: string[] = [];
  let slowestMs = 0;
  try {
    for (const adapter of CATALOG) {
      const account = { id: adapter.name, baseUrl: vendors.environment[`${adapter.environment}_BASE_URL`] ?? '', apiKey: 'fuzz-key', webhookSecret: null, settings: {} };
      const recorder = recording();
      const job = await liveOnce(adapter.create(account, recorder.http, () => new Date()));
      for (let nth = 0; nth < count / CATALOG.length; nth += 1) {
        const provider = adapter.create(account, { call: async ({ name }) => spoilt(random, recorder.answers.get(name) ?? []) }, () => new Date());
        const [what, act] = pick(random, acts(provider, job, random, recorder.answers));
        const began = performance.now();
        const fault = await act().then((answer) => wrong(answer), (error: unknown) => (error instanceof ProviderError ? null : `threw ${String(error)}`));
        slowestMs = Math.max(slowestMs, performance.now() - began);
        if (fault !== null) faults.push(`${adapter.name} ${what}: ${fault}`);
        if (Object.keys(Object.prototype).length > 0) faults.push(`${adapter.name} ${what}: the prototype of all objects was changed`);
        if (nth % 2000 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    }
  } finally {
    await vendors.stop();
  }
  return { tried: count, faults, slowestMs };
}

const WORK: StageWork = {
  reference: 'fuzz-reference-0123456789abcdef', callbackUrl: null, exports: [],
  inputs: [{ id: 'file', part: '', filename: 'notes.txt', source: { type: 'url', url: 'https://files.example.com/notes.txt' } }],
  steps: [{ id: 'made', operation: 'convert', inputs: ['file'], from: 'txt', parameters: { to: 'html' }, options: {}, providerOptions: {} }],
};

/** One whole life, so that every call has true answers to spoil. */
async function liveOnce(provider: Provider): Promise<RunningJob> {
  const created = await provider.create(WORK, calm);
  await provider.start(created, calm);
  const job = { providerJobId: created.providerJobId, reference: WORK.reference, steps: WORK.steps, exports: [] };
  for (let state = 'running'; state === 'running'; ) ({ state } = await provider.read(job, calm));
  await provider.find?.(WORK.reference, calm);
  await provider.inspect?.(calm);
  await provider.registerCallbacks?.('http://127.0.0.1:9/hook', () => false, calm);
  return job;
}

function recording(): { http: VendorHttp; answers: Map<string, VendorAnswer[]> } {
  const answers = new Map<string, VendorAnswer[]>();
  const call = async ({ name, method, url, headers, json }: VendorCall): Promise<VendorAnswer> => {
    const answer = await fetch(url, { method, headers: { ...headers, ...(json === undefined ? {} : { 'content-type': 'application/json' }) }, ...(json === undefined ? {} : { body: JSON.stringify(json) }) });
    const read = { status: answer.status, headers: Object.fromEntries(answer.headers), text: await answer.text() };
    answers.set(name, [...(answers.get(name) ?? []), read]);
    return read;
  };
  return { http: { call }, answers };
}

function spoilt(random: Random, answers: readonly VendorAnswer[]): VendorAnswer {
  const answer = answers.length === 0 ? { status: 200, headers: {}, text: '{}' } : pick(random, answers);
  return { ...answer, status: random() < 0.9 ? answer.status : pick(random, [200, 204, 301, 400, 401, 402, 404, 409, 418, 429, 500, 502, 503, 599]), text: mutated(random, answer.text) };
}

function acts(provider: Provider, job: RunningJob, random: Random, answers: ReadonlyMap<string, readonly VendorAnswer[]>): readonly (readonly [string, () => Promise<unknown>])[] {
  const created = { providerJobId: job.providerJobId, awaitsUploads: [], notes: {} };
  const reads = answers.get('read') ?? [];
  return [
    ['read', () => provider.read(job, calm)],
    ['read', () => provider.read(job, calm)],
    ['create', () => provider.create(WORK, calm)],
    ['start', () => provider.start(created, calm)],
    ['cancel', () => provider.cancel(job.providerJobId, calm)],
    ['find', async () => provider.find?.(WORK.reference, calm)],
    ['inspect', async () => provider.inspect?.(calm)],
    ['callback', async () => provider.readCallback({ headers: {}, body: Buffer.from(mutated(random, reads.length === 0 ? '{}' : pick(random, reads).text)) })],
  ];
}

/** What an answer of an adapter must never be. */
function wrong(answer: unknown): string | null {
  if (typeof answer !== 'object' || answer === null) return null;
  const { state, progress, cost, providerJobId } = answer as { state?: string; progress?: unknown; cost?: { credits?: unknown }; providerJobId?: unknown };
  if (state !== undefined && !STATES.has(state)) return `the state ${state}`;
  if (typeof progress === 'number' && !(progress >= 0 && progress <= 100)) return `the progress ${progress}`;
  if (typeof cost?.credits === 'number' && !Number.isFinite(cost.credits)) return `credits of ${cost.credits}`;
  if (typeof providerJobId === 'string' && (providerJobId.includes('\0') || !providerJobId.isWellFormed())) return 'an id that no store takes';
  return null;
}
