import type { Conversion } from './job.js';

const CREDITS = new Map([
  ['image', 1],
  ['document', 1],
  ['archive', 1],
  ['hash', 1],
  ['metadata', 1],
  ['operation', 2],
]);

/** Credits for one run of a conversion. The sandbox's own list: the vendor publishes none. Work that failed costs nothing here. */
export function creditsOf({ category }: Conversion): number {
  return CREDITS.get(category) ?? 1;
}
