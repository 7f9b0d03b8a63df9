import { invalidRequest } from './problem.js';

/** A caller who sends a key relies on it: refusing is honest, ignoring it would run the job twice. */
export function refuseIdempotencyKey(key: string | readonly string[] | undefined): void {
  if (key !== undefined) throw invalidRequest([{ pointer: '/headers/idempotency-key', message: 'Idempotency-Key is not supported yet; leave it out.' }]);
}
