import { readFile } from 'node:fs/promises';
import type { Body } from './caller.ts';
import type { World } from './world.ts';

/** One job's whole life, with all that its caller does to it. */
export interface Story {
  readonly name: string;
  readonly job: Body;
  /** What its caller does once the file is in. */
  readonly then?: (world: World, id: string) => Promise<void>;
  readonly ends: 'completed' | 'canceled';
  /** What its receiver is told, sorted. */
  readonly news: readonly string[];
  /** Vendor jobs that it costs when nothing goes wrong. */
  readonly costs: number;
  /** Places that its commits must hold, or the story was not told. */
  readonly holds: readonly string[];
}

const LIGHTHOUSE = new URL('../../samples/lighthouse.jpg', import.meta.url).pathname;

const upload = (filename: string) => [{ id: 'file', type: 'upload', filename }];
const only = (...vendors: readonly string[]) => ({ only: vendors });
const BUCKET = { id: 'bucket', type: 's3', bucket: 'my-bucket', region: 'eu-west-1', key: 'out/photo.png', credentials: { accessKeyId: 'AKIAFAULTS', secretAccessKey: 'secret-of-the-bucket' } };

const COMPLETED = ['job.completed', 'job.processing', 'job.queued'];
const SUBMITTED = ['jobs/upload:UploadService.attach', 'execution/stage-store:StageStore.claim', 'execution/attempt-store:AttemptStore.begin', 'execution/attempt-store:AttemptStore.created', 'execution/attempt-store:AttemptStore.running'];
const SETTLED = [...SUBMITTED, 'execution/settle:SettleService.succeeded', 'webhooks/delivery-store:DeliveryStore.claim', 'webhooks/delivery-store:DeliveryStore.end'];

export const STORIES: readonly Story[] = [
  { name: 'an upload at api2convert', job: { inputs: upload('photo.jpg'), routing: only('api2convert') }, ends: 'completed', news: COMPLETED, costs: 1, holds: SETTLED },
  { name: 'an upload at RunConvert', job: { inputs: upload('photo.jpg'), routing: only('runconvert') }, ends: 'completed', news: COMPLETED, costs: 1, holds: SETTLED },
  {
    name: 'a failover', job: { inputs: upload('sandbox-api2convert-fail-6001.jpg'), routing: { prefer: ['api2convert'] } },
    ends: 'completed', news: COMPLETED, costs: 2, holds: [...SETTLED, 'execution/settle:SettleService.errored'],
  },
  { name: 'an export', job: { inputs: upload('photo.jpg'), exports: [BUCKET], routing: only('api2convert') }, ends: 'completed', news: ['export.delivered', ...COMPLETED], costs: 1, holds: SETTLED },
  {
    name: 'two stages', job: { inputs: upload('photo.jpg'), steps: [{ id: 'small', operation: 'compress' }, { id: 'made', operation: 'convert', to: 'png' }], routing: only('api2convert') },
    ends: 'completed', news: COMPLETED, costs: 2, holds: SETTLED,
  },
  { name: 'a cancel', job: { inputs: upload('sandbox-hang.jpg'), routing: only('api2convert') }, then: cancel, ends: 'canceled', news: ['job.canceled', 'job.processing', 'job.queued'], costs: 1, holds: [...SUBMITTED, 'execution/cancel:CancelService.cancel'] },
];

/** Plays it to its end, at whichever gateway answers: the job's id. */
export async function play(world: World, { job, then }: Story): Promise<string> {
  const { id } = await world.caller.send(world.job(job));
  const bytes = new Uint8Array(await readFile(LIGHTHOUSE));
  // 409: it was taken, and nobody was left to say so.
  await persist(world, `/v1/jobs/${id}/inputs/file/content`, { method: 'PUT', body: bytes }, [200, 409]);
  await then?.(world, id);
  await world.caller.ended(id, PATIENCE_MS);
  await world.settled(PATIENCE_MS);
  return id;
}

const PATIENCE_MS = 60_000;

async function cancel(world: World, id: string): Promise<void> {
  for (const late = Date.now() + PATIENCE_MS; Date.now() < late; await pause(20)) {
    if ((await world.caller.read(id))?.attempts.some(({ status }) => status === 'running') === true) break;
  }
  await persist(world, `/v1/jobs/${id}/cancel`, { method: 'POST' }, [202, 409]);
}

async function persist({ gateways }: World, path: string, init: RequestInit, right: readonly number[]): Promise<void> {
  let last = 'no gateway is there';
  for (const late = Date.now() + PATIENCE_MS; Date.now() < late; await pause(30)) {
    const answer = await gateways[0]?.call(path, init).catch(() => undefined);
    if (answer !== undefined && right.includes(answer.status)) return;
    if (answer !== undefined) last = `${answer.status}: ${await answer.text()}`;
  }
  throw new Error(`${path}: ${last}`);
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
