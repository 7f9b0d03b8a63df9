import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Gateway } from '../../support/gateway.js';

/** The part of a job's view that the stories look at. */
export interface JobView {
  readonly id: string;
  readonly status: string;
  readonly progress: number;
  readonly endedAt: string | null;
  readonly error: { readonly code: string; readonly message: string; readonly retryable: boolean } | null;
  readonly steps: readonly { readonly id: string; readonly status: string; readonly provider: string | null }[];
  readonly outputs: readonly OutputView[];
  readonly attempts: readonly { readonly provider: string; readonly status: string; readonly providerJobId: string | null; readonly error: { readonly kind: string } | null }[];
}

export interface OutputView {
  readonly step: string;
  readonly filename: string;
  readonly contentType: string;
  readonly size: number;
  readonly checksum: string;
  readonly url: string;
}

export interface EventView {
  readonly sequence: number;
  readonly type: string;
  readonly cause: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

export const SAMPLES = fileURLToPath(new URL('../../samples/', import.meta.url));
export const sample = (name: string): Promise<Buffer> => readFile(`${SAMPLES}${name}`);

/** The smallest job over one upload. */
export const uploadJob = (filename: string, to: string, more: object = {}): object => ({
  inputs: [{ id: 'file', type: 'upload', filename }],
  steps: [{ id: 'made', operation: 'convert', to }],
  ...more,
});

export function post(gateway: Gateway, body: object, headers: Record<string, string> = {}): Promise<Response> {
  return gateway.call('/v1/jobs', { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) });
}

/** Sends a job that must be taken; again where a busy machine says that it is not taken yet. */
export async function send(gateway: Gateway, body: object): Promise<JobView> {
  const answer = await until('a gateway with room', async () => {
    const said = await post(gateway, body);
    return said.status === 503 && said.headers.has('retry-after') ? null : said;
  });
  if (answer.status !== 202) throw new Error(`${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as JobView;
}

export async function upload(gateway: Gateway, jobId: string, inputId: string, bytes: Buffer): Promise<JobView> {
  const answer = await gateway.call(`/v1/jobs/${jobId}/inputs/${inputId}/content`, { method: 'PUT', body: new Uint8Array(bytes) });
  if (answer.status !== 200) throw new Error(`${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as JobView;
}

/** Sends a job over one upload and gives it `lighthouse.jpg`, or another sample. */
export async function sendFile(gateway: Gateway, body: object, file = 'lighthouse.jpg'): Promise<JobView> {
  return upload(gateway, (await send(gateway, body)).id, 'file', await sample(file));
}

export async function jobOf(gateway: Gateway, id: string): Promise<JobView> {
  return (await (await gateway.call(`/v1/jobs/${id}`)).json()) as JobView;
}

export async function eventsOf(gateway: Gateway, id: string): Promise<EventView[]> {
  return ((await (await gateway.call(`/v1/jobs/${id}/events`)).json()) as { data: EventView[] }).data;
}

/** Asks again and again until there is an answer. */
export async function until<T>(what: string, ask: () => Promise<T | null>, ms = 15_000): Promise<T> {
  for (const late = Date.now() + ms; Date.now() < late; await new Promise((resolve) => setTimeout(resolve, 25))) {
    const answer = await ask();
    if (answer !== null) return answer;
  }
  throw new Error(`${what}: not within ${ms} ms`);
}

export function ended(gateway: Gateway, id: string, ms?: number): Promise<JobView> {
  return until(`the end of job ${id}`, async () => {
    const job = await jobOf(gateway, id);
    return ['completed', 'failed', 'canceled'].includes(job.status) ? job : null;
  }, ms);
}

/** Waits until the vendor has the job. */
export function running(gateway: Gateway, id: string): Promise<JobView> {
  return until(`job ${id} at a vendor`, async () => {
    const job = await jobOf(gateway, id);
    return job.attempts.some(({ status }) => status === 'running') ? job : null;
  });
}

/** The result's bytes, which must be those that the job tells of. */
export async function bytesOf(gateway: Gateway, output: OutputView | undefined): Promise<Buffer> {
  if (output === undefined) throw new Error('there is no such output');
  const bytes = Buffer.from(await (await gateway.call(new URL(output.url).pathname)).arrayBuffer());
  expect({ size: bytes.length, checksum: `sha256:${createHash('sha256').update(bytes).digest('hex')}` }).toEqual({ size: output.size, checksum: output.checksum });
  return bytes;
}

/** A problem's status and code; its content type is checked on the way. */
export async function problemOf(answer: Response): Promise<{ status: number; code: string; detail: string }> {
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
  const { status, code, detail } = (await answer.json()) as { status: number; code: string; detail: string };
  expect(status).toBe(answer.status);
  return { status, code, detail };
}
