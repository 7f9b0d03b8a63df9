/** A number from 0 to below 1, always the same for the same words: whoever asks, and in whatever order. */
export function chance(seed: number, ...words: readonly (string | number)[]): number {
  let state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b);
  for (const word of words) {
    if (typeof word === 'number') state = mixed(state ^ word);
    else for (let index = 0; index < word.length; index += 1) state = mixed(state ^ word.charCodeAt(index));
  }
  return (mixed(state + words.length) >>> 0) / 2 ** 32;
}

/** As many as lie below, beside and above in a bell: of mean 0 and deviation 1. */
export function bell(one: number, other: number): number {
  return Math.sqrt(-2 * Math.log(1 - one)) * Math.cos(2 * Math.PI * other);
}

function mixed(state: number): number {
  let next = (state + 0x6d2b79f5) | 0;
  next = Math.imul(next ^ (next >>> 15), 0x2c1b3c6d);
  next = Math.imul(next ^ (next >>> 12), 0x297a2d39);
  return next ^ (next >>> 15);
}
