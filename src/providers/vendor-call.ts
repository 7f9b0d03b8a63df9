import { ProviderError, type CreateOutcome } from '../conversion/errors.js';
import type { Content } from '../conversion/provider.js';

/** One HTTP call to a vendor. Redirects are never followed: a secret must not travel to where an answer points. */
export interface VendorCall {
  /** What the call is, for metrics: "create", "read", "upload", "start", "cancel", … */
  readonly name: string;
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Absolute. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly form?: MultipartForm;
  readonly signal: AbortSignal;
}

/** `fields` are sent in order, before the file. */
export interface MultipartForm {
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly file: { readonly field: string; readonly content: Content };
}

export interface VendorAnswer {
  readonly status: number;
  /** Lower-case names; repeated headers joined by ", ". */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/**
 * Speaks HTTP to one vendor account. Any status is an answer; only what is no answer throws `VendorCallFailure`.
 * Hosts other than that of the account's base URL pass the egress guard.
 */
export interface VendorHttp {
  call(call: VendorCall): Promise<VendorAnswer>;
}

/**
 * - `not_sent`: the connection was refused or never made (DNS, TLS, egress guard): nothing reached the vendor.
 * - `no_answer`: the request left, no whole answer came (reset, timeout, cut body).
 * - `too_large`: the answer's body, decompressed, passed the cap, or holds more than is read.
 * - `aborted`: our own signal.
 */
export type CallFailurePhase = 'not_sent' | 'no_answer' | 'too_large' | 'aborted';

export class VendorCallFailure extends Error {
  override readonly name = 'VendorCallFailure';

  constructor(
    readonly phase: CallFailurePhase,
    /** "ECONNREFUSED", "timeout", "egress_refused", … */
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** A failed call in our words. */
export function readCallFailure(failure: unknown): ProviderError {
  if (failure instanceof ProviderError) return failure;
  if (!(failure instanceof VendorCallFailure)) return new ProviderError('unmapped', 'The call to the provider failed in an unexpected way.', { created: 'unknown' });
  const created: CreateOutcome = failure.phase === 'not_sent' ? 'not_created' : 'unknown';
  const details = { code: failure.code, created };
  if (failure.phase === 'too_large') return new ProviderError('malformed_response', failure.message, details);
  if (failure.phase === 'aborted' || failure.code === 'timeout') return new ProviderError('timeout', failure.message, details);
  return new ProviderError('unavailable', failure.message, details);
}

/** `Retry-After` (RFC 9110 10.2.3) as ms from `now`, in seconds or as a date; null when absent or absurd. At most one hour. */
export function readRetryAfter(header: string | undefined, now: Date): number | null {
  if (header === undefined) return null;
  const text = header.trim();
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now.getTime();
  if (!Number.isFinite(ms) || ms < 0) return null;
  return Math.min(ms, 3_600_000);
}
