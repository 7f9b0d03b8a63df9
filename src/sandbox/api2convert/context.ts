import type { FastifyRequest } from 'fastify';
import { Refusal } from '../refusal.js';
import type { Shared } from '../vendor-app.js';
import { hasEnded, type Job } from './job.js';
import type { JobStore } from './job-store.js';
import type { Runner } from './runner.js';
import type { ViewContext } from './views.js';

/** What api2convert's routes work with. */
export interface Api2convert {
  readonly store: JobStore;
  readonly runner: Runner;
  readonly shared: Shared;
  readonly credits: number;
  /** Where the job's files go to and come from, and the time. */
  readonly viewOf: (job: Job) => ViewContext;
}

/** The account's key, under its canonical header or its alias. */
export function accountKeyOf({ headers }: Pick<FastifyRequest, 'headers'>): string | null {
  return headerOf(headers['x-api2convert-api-key']) ?? headerOf(headers['x-oc-api-key']);
}

/** The account that calls. Any key is one, but `bad-key`. */
export function requireAccount(request: FastifyRequest): string {
  const key = accountKeyOf(request);
  if (key === null || key === 'bad-key') throw new Refusal(401, 'Invalid api key');
  return key;
}

/** The job's token, as sent. */
export function tokenOf({ headers }: Pick<FastifyRequest, 'headers'>): string | null {
  return headerOf(headers['x-api2convert-token']) ?? headerOf(headers['x-oc-token']);
}

/** The job of the path, for its account's key or its own token; another account's is not found. */
export function requireJob({ store }: Api2convert, request: FastifyRequest): Job {
  const { jobId } = request.params as { jobId: string };
  const job = store.find(jobId);
  const token = tokenOf(request);
  if (token !== null && accountKeyOf(request) === null) {
    if (job?.token !== token) throw new Refusal(job ? 401 : 404, job ? 'Invalid token' : 'The specified job does not exist');
    return job;
  }
  const key = requireAccount(request);
  if (job?.key !== key) throw new Refusal(404, 'The specified job does not exist');
  return job;
}

/** The parts of a job change only before it starts (job lifecycle guide). */
export function requireUnstarted(job: Job): void {
  if (job.started || hasEnded(job)) throw new Refusal(409, 'The status of the job could not be changed since it is in a invalid status');
}

export function findOr404<T extends { readonly id: string }>(list: readonly T[], id: string, what: string): T {
  const found = list.find((one) => one.id === id);
  if (!found) throw new Refusal(404, `The specified ${what} does not exist`);
  return found;
}

function headerOf(value: string | string[] | undefined): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
