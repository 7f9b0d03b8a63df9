import { z } from 'zod';
import { ERROR_KINDS, ProviderError, type ErrorKind } from '../conversion/errors.js';
import { nearest } from '../conversion/nearest.js';

/** What an operator says that a vendor's codes mean: by the code as attempts show it, in place of what the adapter's table says. What follows a kind is the same for all. */
export type ErrorKinds = Readonly<Record<string, ErrorKind>>;

const kind = z.custom<ErrorKind>((said) => ERROR_KINDS.some((known) => known === said), { error: ({ input }) => `must be the kind of error that the code means: ${whatIsWrong(input)}` });

export const errorKinds = z.record(z.string().min(1).max(200), kind);

function whatIsWrong(said: unknown): string {
  if (typeof said !== 'string') return 'one word; what follows a kind cannot be changed';
  const near = nearest(said, ERROR_KINDS);
  return `"${said}" is none of ${ERROR_KINDS.join(', ')}${near === null ? '' : `; did you mean "${near}"?`}`;
}

/** The error as the operator wants it understood. */
export function asSaid(error: ProviderError, kinds: ErrorKinds): ProviderError {
  const { code } = error;
  const said = code !== null && Object.hasOwn(kinds, code) ? kinds[code] : undefined;
  return said === undefined || said === error.kind ? error : new ProviderError(said, error.message, error.details);
}
