import type { DeliveryEnd, DeliveryStatus } from '../jobs/states.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** In ms: before each try of a delivery, from the end of the try before it. */
export const PAUSES_MS: readonly number[] = [0, 5 * SECOND, 30 * SECOND, 2 * MINUTE, 15 * MINUTE, HOUR, 4 * HOUR, 12 * HOUR, 24 * HOUR];

/** The largest part of a pause that chance adds, so that what failed together does not come back together. */
const JITTER = 0.2;

/** What became of one try. `status` is null where no whole answer came; `error` says what was wrong, null where nothing was. */
export interface Answer {
  readonly status: number | null;
  readonly error: string | null;
  /** The receiver's own wish, bounded. */
  readonly retryAfterMs: number | null;
}

export type AfterTry = { readonly status: DeliveryEnd } | { readonly status: Exclude<DeliveryStatus, DeliveryEnd>; readonly afterMs: number };

/** Standard Webhooks: 2xx is arrival, 410 the wish to hear no more, and everything else is tried again. `tries` counts this one; `random` is from 0 to 1. */
export function afterTry({ status, retryAfterMs }: Answer, tries: number, random: number): AfterTry {
  if (status !== null && status >= 200 && status <= 299) return { status: 'sent' };
  const pause = PAUSES_MS[tries];
  if (status === 410 || pause === undefined) return { status: 'exhausted' };
  return { status: 'scheduled', afterMs: Math.round(Math.max(pause * (1 + JITTER * random), retryAfterMs ?? 0)) };
}
