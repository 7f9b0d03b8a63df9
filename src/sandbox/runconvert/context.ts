import type { FastifyRequest } from 'fastify';
import { Refusal } from '../refusal.js';
import { scenarioOf } from '../scenarios.js';
import type { Shared } from '../vendor-app.js';
import type { Job } from './job.js';
import type { JobStore } from './job-store.js';
import type { Runner } from './runner.js';
import type { Uploads } from './uploads.js';
import type { ViewContext } from './views.js';
import type { Webhooks } from './webhooks.js';

/** What RunConvert's routes work with. */
export interface RunConvert {
  readonly store: JobStore;
  readonly runner: Runner;
  readonly uploads: Uploads;
  readonly webhooks: Webhooks;
  readonly shared: Shared;
  readonly credits: number;
  readonly view: () => ViewContext;
}

export function accountKeyOf({ headers }: Pick<FastifyRequest, 'headers'>): string | null {
  return /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1] ?? null;
}

/** The account that calls. Any key is one, but `bad-key`. */
export function requireAccount(request: FastifyRequest): string {
  const key = accountKeyOf(request);
  if (key === null || key === 'bad-key') throw new Refusal(401, 'Unauthorized', 'unauthorized');
  return key;
}

/** An account's own job; any other is not found. */
export function requireJob({ store }: RunConvert, key: string, id: string): Job {
  const job = store.find(id);
  if (job?.key !== key || scenarioOf(job, 'vanish')) throw new Refusal(404, 'The job does not exist.', 'not_found');
  return job;
}
