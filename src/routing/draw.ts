import { createHash } from 'node:crypto';
import type { JobGraph } from '../conversion/job-graph.js';
import { fingerprintOf } from '../http/idempotency-key.js';

/** A number from 0 to below 1 for a word: always the same of one job. */
export type Draw = (word: string) => number;

/**
 * All chance that there is in a decision comes from the job's body, so that its quote, its decision and a look at it later agree. Of its routing nothing
 * counts: a wish must not change the luck. The body is only read where somebody draws.
 */
export function drawOf({ inputs, steps, exports, tag, metadata }: Pick<JobGraph, 'inputs' | 'steps' | 'exports' | 'tag' | 'metadata'>): Draw {
  let seed: string | undefined;
  return (word) => {
    seed ??= fingerprintOf('POST', '/v1/jobs', { inputs, steps, exports, tag, metadata });
    return createHash('sha256').update(`${seed} ${word}`).digest().readUInt32BE() / 2 ** 32;
  };
}

/**
 * An order drawn by weight: who weighs twice as much is twice as often before another. It does not change for the rest when one is left out.
 * Whoever weighs nothing comes last, in the given order.
 */
export function drawnOrder<Drawn extends { readonly id: string; readonly weight?: number }>(all: readonly Drawn[], draw: Draw): readonly Drawn[] {
  const wait = ({ id, weight = 1 }: Drawn): number => (weight > 0 ? -Math.log(1 - draw(id)) / weight : Infinity);
  return all.map((one) => [one, wait(one)] as const).sort(([, one], [, other]) => (one === other ? 0 : one - other)).map(([one]) => one);
}
