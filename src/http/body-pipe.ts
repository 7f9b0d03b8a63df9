import { ValidationPipe, type ArgumentMetadata, type ValidationError } from '@nestjs/common';
import { pointerSegment, type FieldError } from '../conversion/job-body.js';
import { readInside, type Shape } from './fields.js';
import { isBuiltIn } from './hostile-text.js';
import { invalidRequest } from './problem.js';
import { isSoundBody } from './sound-body.js';

/** Checks bodies and queries against their DTOs: unknown fields are refused, and every complaint names its field by JSON pointer. */
export function bodyPipe(): ValidationPipe {
  return new StrictPipe({
    transform: true,
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    stopAtFirstError: false,
    validationError: { target: false, value: false },
    exceptionFactory: (errors) => invalidRequest(errors.flatMap((error) => toFieldErrors(error, ''))),
  });
}

class StrictPipe extends ValidationPipe {
  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    const named = metadata.type === 'query' ? Object.keys(value ?? {}).find(isBuiltIn) : undefined;
    if (named !== undefined) throw invalidRequest([{ pointer: pointerSegment(named), message: 'There is no such field.' }]);
    if (metadata.type === 'body' && metadata.metatype !== undefined && isSoundBody(metadata.metatype as Shape, value)) return value;
    return super.transform(value, metadata);
  }
}

function toFieldErrors(error: ValidationError, above: string): FieldError[] {
  const pointer = (error.property as string | undefined) === undefined ? above : above + pointerSegment(error.property);
  const constraints = error.constraints ?? {};
  const inside = Object.values(constraints).map(readInside).find((found) => found !== null);
  if (inside != null) return [{ pointer: pointer + inside.pointer, message: inside.message }];
  const shape = constraints['isArray'] ?? constraints['isObject'];
  if (shape !== undefined) return [{ pointer, message: shape }];
  const nested = (error.children ?? []).flatMap((child) => toFieldErrors(child, pointer));
  if (nested.length > 0) return nested;
  if (constraints['whitelistValidation'] !== undefined) return [{ pointer, message: 'There is no such field.' }];
  if (constraints['unknownValue'] !== undefined) return [{ pointer: above, message: 'Must be an object.' }];
  // One sentence a field is enough; the first one broken is the most basic.
  const message = constraints['isString'] ?? constraints['isInt'] ?? constraints['isArray'] ?? constraints['isObject'] ?? Object.values(constraints)[0];
  return [{ pointer, message: message ?? 'Is not valid.' }];
}
