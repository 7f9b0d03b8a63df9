/**
 * Errors are data: every failure at a provider becomes one kind, and each kind has one policy.
 * Adapters only classify (a table per vendor); what follows is decided here and nowhere else.
 */
export const ERROR_KINDS = [
  'invalid_input',
  'source_unreachable',
  'unsupported',
  'conversion_failed',
  'output_invalid',
  'rate_limited',
  'quota_exhausted',
  'unauthorized',
  'unavailable',
  'timeout',
  'vanished',
  'malformed_response',
  'unmapped',
] as const;

export type ErrorKind = (typeof ERROR_KINDS)[number];

/**
 * What follows an error of a kind.
 * - `fail_job`: the caller's fault, no provider would do better.
 * - `next_provider`: the provider is not asked again for this stage.
 * - `next_provider_once`: another provider may do better, but only one more is asked.
 * - `wait_or_next`: wait as told, or go on to another provider if there is one.
 * - `retry_then_next`: once more here, then the next provider.
 */
export type Consequence = 'fail_job' | 'next_provider' | 'next_provider_once' | 'wait_or_next' | 'retry_then_next';

export interface ErrorPolicy {
  readonly then: Consequence;
  /** Whether the failure speaks against the provider's health. */
  readonly blamesProvider: boolean;
  /** The job's error code when this error is what ends the job. */
  readonly jobCode: JobErrorCode;
}

export const JOB_ERROR_CODES = [
  'invalid_input',
  'source_unreachable',
  'input_expired',
  'unsupported_conversion',
  'conversion_failed',
  'output_invalid',
  'export_failed',
  'budget_exceeded',
  'deadline_exceeded',
  'providers_exhausted',
] as const;

export type JobErrorCode = (typeof JOB_ERROR_CODES)[number];

/** An ended job's error. `retryable`: the same job may succeed later without a change. */
export interface JobError {
  readonly code: JobErrorCode;
  readonly message: string;
  readonly retryable: boolean;
}

const policy = (then: Consequence, blamesProvider: boolean, jobCode: JobErrorCode): ErrorPolicy => ({ then, blamesProvider, jobCode });

export const ERROR_POLICIES: Readonly<Record<ErrorKind, ErrorPolicy>> = {
  invalid_input: policy('fail_job', false, 'invalid_input'),
  source_unreachable: policy('fail_job', false, 'source_unreachable'),
  unsupported: policy('next_provider', false, 'unsupported_conversion'),
  conversion_failed: policy('next_provider_once', false, 'conversion_failed'),
  output_invalid: policy('next_provider_once', false, 'output_invalid'),
  rate_limited: policy('wait_or_next', false, 'providers_exhausted'),
  quota_exhausted: policy('next_provider', true, 'providers_exhausted'),
  unauthorized: policy('next_provider', true, 'providers_exhausted'),
  unavailable: policy('retry_then_next', true, 'providers_exhausted'),
  timeout: policy('retry_then_next', true, 'providers_exhausted'),
  vanished: policy('retry_then_next', true, 'providers_exhausted'),
  malformed_response: policy('next_provider', true, 'providers_exhausted'),
  unmapped: policy('next_provider', true, 'providers_exhausted'),
};

/** Whether a vendor job can exist although the call failed: see the design of "money moves once". */
export type CreateOutcome = 'not_created' | 'unknown';

/**
 * A call at a vendor, or a vendor's job, failed. The message is written for an operator and never holds a secret,
 * a header or a request body: foreign errors are mapped to this class before anything is logged or stored.
 */
export class ProviderError extends Error {
  override readonly name = 'ProviderError';

  constructor(
    readonly kind: ErrorKind,
    message: string,
    readonly details: {
      /** The vendor's own code, as text ("6005", "insufficient_credits", "http_503"). */
      readonly code?: string | null;
      /** How long the vendor asked us to wait, in ms. */
      readonly retryAfterMs?: number | null;
      /** Only of a create: whether a vendor job can exist all the same. */
      readonly created?: CreateOutcome;
    } = {},
  ) {
    super(message);
  }

  get code(): string | null {
    return this.details.code ?? null;
  }
}
