import { applyDecorators } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';

/** Documents that a route honours `Idempotency-Key`. */
export function Keyed(): MethodDecorator {
  return applyDecorators(
    ApiHeader({
      name: 'Idempotency-Key',
      required: false,
      description:
        'A word of yours, 1 to 255 visible ASCII characters, such as a UUID, bare or in double quotes: however often the same request is sent with it, it makes one job. For 24 hours a repeat is given the stored answer again (`Idempotency-Replayed: true`), whatever became of the job since; '
        + 'while the first request runs it is `409 idempotency_in_progress`; with another body `422 idempotency_mismatch`. Answers of 429 and 5xx, and refusals of a request that made no job, are not stored.',
      schema: { type: 'string', minLength: 1, maxLength: 255, example: '8e03978e-40d5-43e8-bc93-6894a57f9324' },
    }),
  );
}

export const REPLAYED = { 'Idempotency-Replayed': { description: '`true`: the job was made by an earlier request with this Idempotency-Key.', schema: { type: 'string' as const, enum: ['true'] } } };
