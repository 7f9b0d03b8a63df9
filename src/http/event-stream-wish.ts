import { invalidRequest } from './problem.js';

const STREAM = 'text/event-stream';

/**
 * Whether an `Accept` header asks for Server-Sent Events: by name, and not less than for JSON. Who takes anything gets JSON, which ends by itself.
 */
export function wantsEventStream(accept: string | undefined): boolean {
  const weights = new Map<string, number>();
  for (const range of (accept ?? '').toLowerCase().split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim());
    const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
    weights.set(type, weight === undefined ? 1 : Number(weight) || 0);
  }
  const stream = weights.get(STREAM) ?? 0;
  return stream > 0 && stream >= (weights.get('application/json') ?? 0);
}

/** `Last-Event-ID`: the sequence of the last event that a reader has seen, 0 without one. Throws `invalid_request`. */
export function readLastEventId(header: string | undefined): number {
  if (header === undefined || header === '') return 0;
  if (!/^\d{1,9}$/.test(header)) throw noSuchEvent('Must be the id of an event of this stream.');
  return Number(header);
}

export const noSuchEvent = (message: string): Error => invalidRequest([{ pointer: '/headers/last-event-id', message }]);
