import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiProperty, ApiResponse, getSchemaPath } from '@nestjs/swagger';

export class FieldErrorView {
  @ApiProperty({ description: 'JSON Pointer (RFC 6901) to the field.', example: '/steps/0/to' })
  pointer!: string;

  @ApiProperty({ description: 'What is wrong with it, and the mend.' })
  message!: string;
}

/** RFC 9457. */
export class ProblemView {
  @ApiProperty({ description: 'A URI for the kind of problem.', example: 'urn:conversion-gateway:problem:invalid_request' })
  type!: string;

  @ApiProperty({ description: 'The kind of problem in words.', example: 'The request is not valid' })
  title!: string;

  @ApiProperty({ description: 'The HTTP status.', example: 422 })
  status!: number;

  @ApiProperty({ description: 'What failed, why, and how to mend it.' })
  detail!: string;

  @ApiProperty({ description: 'The kind of problem for programs.', example: 'invalid_request' })
  code!: string;

  @ApiProperty({ description: 'Names this request in the logs; also in the X-Request-Id header.' })
  requestId!: string;

  @ApiProperty({ description: 'The fields at fault.', type: () => [FieldErrorView], required: false })
  errors?: FieldErrorView[];
}

const ABOUT: Readonly<Record<number, string>> = {
  400: 'invalid_json: the body is no JSON.',
  401: 'unauthorized: no key, or one that is not known.',
  402: 'budget_exceeded: what the job may cost is more than a budget leaves; or the job failed over money.',
  404: 'not_found: there is no such thing, or it belongs to another tenant.',
  409: 'conflict: not possible in this state; idempotency_in_progress: the first request with this Idempotency-Key still runs.',
  410: 'gone: it is no longer here.',
  413: 'payload_too_large.',
  415: 'unsupported_media_type.',
  416: 'range_not_satisfiable.',
  422: 'invalid_request (with the fields), unsupported_conversion, no_eligible_provider, idempotency_mismatch, or the job\'s own error code.',
  429: 'rate_limited.',
  502: 'The providers failed: the job\'s own error code.',
  503: 'unavailable: try again after Retry-After seconds.',
  504: 'deadline_exceeded.',
};

/** Documents the problems that a route answers. */
export function Problems(...statuses: readonly number[]): MethodDecorator & ClassDecorator {
  return applyDecorators(
    ApiExtraModels(ProblemView),
    ...statuses.map((status) => ApiResponse({ status, description: ABOUT[status] ?? 'A problem.', content: { 'application/problem+json': { schema: { $ref: getSchemaPath(ProblemView) } } } })),
  );
}
