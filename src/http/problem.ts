import type { FieldError } from '../conversion/job-body.js';

/** Every code of the contract with its status and title. */
export const PROBLEM_CODES = {
  invalid_json: [400, 'The body is not valid JSON'],
  unauthorized: [401, 'A valid API key is needed'],
  budget_exceeded: [402, 'The budget is used up'],
  forbidden: [403, 'The API key may not do this'],
  not_found: [404, 'There is nothing here'],
  conflict: [409, 'Not possible in this state'],
  idempotency_in_progress: [409, 'The first request with this Idempotency-Key still runs'],
  gone: [410, 'It is no longer here'],
  payload_too_large: [413, 'The body is too large'],
  unsupported_media_type: [415, 'The content type is not supported'],
  range_not_satisfiable: [416, 'The range is outside the file'],
  invalid_request: [422, 'The request is not valid'],
  unsupported_conversion: [422, 'No provider offers this conversion'],
  no_eligible_provider: [422, 'No provider is allowed to run this job'],
  idempotency_mismatch: [422, 'The Idempotency-Key was used with another request'],
  rate_limited: [429, 'Too many requests'],
  internal_error: [500, 'Something went wrong here'],
  unavailable: [503, 'The service cannot answer now'],
} as const satisfies Record<string, readonly [number, string]>;

export type ProblemCode = keyof typeof PROBLEM_CODES;

/** An answer of RFC 9457. `detail` is for the caller's developer: what failed, why, and how to mend it. */
export class Problem extends Error {
  override readonly name = 'Problem';

  constructor(
    readonly code: string,
    readonly detail: string,
    readonly more: { readonly errors?: readonly FieldError[]; readonly headers?: Readonly<Record<string, string>>; readonly status?: number; readonly title?: string } = {},
  ) {
    super(detail);
  }

  get status(): number {
    return this.more.status ?? PROBLEM_CODES[this.code as ProblemCode]?.[0] ?? 500;
  }

  body(requestId: string): Record<string, unknown> {
    return {
      type: `urn:conversion-gateway:problem:${this.code}`,
      title: this.more.title ?? PROBLEM_CODES[this.code as ProblemCode]?.[1] ?? this.code,
      status: this.status,
      detail: this.detail,
      code: this.code,
      requestId,
      ...(this.more.errors === undefined ? {} : { errors: this.more.errors }),
    };
  }
}

export const notFound = (what: string): Problem => new Problem('not_found', `There is no such ${what}.`);
export const conflict = (detail: string): Problem => new Problem('conflict', detail);

export function invalidRequest(errors: readonly FieldError[]): Problem {
  const first = errors[0];
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  return new Problem('invalid_request', first === undefined ? 'The request is not valid.' : `${first.pointer}: ${first.message}${more}`, { errors });
}

export const unavailable = (detail: string, seconds = 1): Problem => new Problem('unavailable', detail, { headers: { 'retry-after': String(seconds) } });
