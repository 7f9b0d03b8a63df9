import { unavailable, type Problem } from './problem.js';

/** What brings new work: a job's file, its reads and vendors' callbacks are part of work that was taken, and helping it along is what frees the service. */
const INTAKE = /^\/v1\/(?:jobs|convert|jobs\/[^/]+\/retry)\/?(?:\?|$)/;

export function isIntake(method: string, url: string): boolean {
  return method === 'POST' && INTAKE.test(url);
}

export const shed = (): Problem => unavailable('The service has as much work as it can do. Nothing was taken; send it again after Retry-After seconds.', 1 + Math.floor(Math.random() * 4));
