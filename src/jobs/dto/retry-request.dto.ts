import { ApiPropertyOptional } from '@nestjs/swagger';
import { pointerSegment, type FieldError } from '../../conversion/job-body.js';
import { isBuiltIn } from '../../http/hostile-text.js';
import { invalidRequest } from '../../http/problem.js';

const LONGEST = 16_384;

/** What a retry may need. All of it may be left out, the body too. */
export class RetryRequestDto {
  @ApiPropertyOptional({
    description: 'Credentials of inputs and exports by their id: they were erased when the job ended. For an input that the gateway fetches, its headers.',
    type: 'object', additionalProperties: true, example: { bucket: { accessKeyId: 'AKIA…', secretAccessKey: '…' } },
  })
  credentials?: Record<string, Record<string, string>>;
}

/** Throws `invalid_request`; no complaint holds a value. */
export function readRetryRequest(body: unknown): Readonly<Record<string, Readonly<Record<string, string>>>> {
  if (body === undefined || body === null || body === '') return {};
  if (!isObject(body)) throw invalidRequest([{ pointer: '', message: 'Must be an object.' }]);
  const errors: FieldError[] = Object.keys(body).filter((name) => name !== 'credentials').map((name) => ({ pointer: pointerSegment(name), message: 'There is no such field.' }));
  const given = body['credentials'] ?? {};
  if (!isObject(given)) throw invalidRequest([...errors, { pointer: '/credentials', message: 'Must be an object of input and export ids.' }]);
  for (const [id, credentials] of Object.entries(given)) {
    const at = `/credentials${pointerSegment(id)}`;
    if (isBuiltIn(id) || !isObject(credentials)) errors.push({ pointer: at, message: 'Must be an object of credentials.' });
    else errors.push(...Object.entries(credentials).filter(([, value]) => typeof value !== 'string' || value.length > LONGEST).map(([name]) => ({ pointer: at + pointerSegment(name), message: `Must be a string of at most ${LONGEST} characters.` })));
  }
  if (errors.length > 0) throw invalidRequest(errors);
  return given as Readonly<Record<string, Readonly<Record<string, string>>>>;
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
