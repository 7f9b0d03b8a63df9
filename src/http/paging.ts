import { invalidRequest } from './problem.js';

/** Cursors are opaque to callers: what they hold may change. */
export const toCursor = (position: string): string => Buffer.from(position).toString('base64url');

/** Reads a cursor that must look like `shape`; throws `invalid_request` at the query's field. */
export function readCursor(cursor: string | undefined, shape: RegExp): string | undefined {
  if (cursor === undefined) return undefined;
  const position = Buffer.from(cursor, 'base64url').toString('utf8');
  if (!shape.test(position)) throw invalidRequest([{ pointer: '/cursor', message: 'Is not a cursor that was handed out here.' }]);
  return position;
}

export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
