import { createHash } from 'node:crypto';

/** The vendor names no algorithm; its samples have the length of SHA-1 for inputs and of MD5 for outputs. */
export function inputChecksum(bytes: Buffer): string {
  return createHash('sha1').update(bytes).digest('hex');
}

export function outputChecksum(bytes: Buffer): string {
  return createHash('md5').update(bytes).digest('hex');
}
