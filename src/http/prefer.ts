import { invalidRequest } from './problem.js';

const LONGEST_SECONDS = 60;

/** `Prefer: wait=N` (RFC 7240) in ms, 0 without it. N from 1 to 60 seconds. */
export function readPreferWait(header: string | undefined): number {
  const wish = /(?:^|[,;\s])wait\s*=\s*"?([^",;\s]*)"?/i.exec(header ?? '')?.[1];
  if (wish === undefined) return 0;
  const seconds = Number(wish);
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > LONGEST_SECONDS) {
    throw invalidRequest([{ pointer: '/headers/prefer', message: `Prefer: wait=N takes whole seconds from 1 to ${LONGEST_SECONDS}.` }]);
  }
  return seconds * 1000;
}
