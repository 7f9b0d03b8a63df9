/** Chance that can be had again: the same numbers for the same seed, from 0 to 1. */
export function chance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let word = Math.imul(state ^ (state >>> 15), state | 1);
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61);
    return ((word ^ (word >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** FAULT_SEED, or a new one. */
export const newSeed = (): number => Number(process.env['FAULT_SEED'] ?? Math.floor(Math.random() * 1_000_000_000));

/** `count` of them, in their order. */
export function someOf<T>(all: readonly T[], count: number, random: () => number): T[] {
  const chosen = new Set(all.map((_, index) => ({ index, lot: random() })).sort((one, other) => one.lot - other.lot).slice(0, count).map(({ index }) => index));
  return all.filter((_, index) => chosen.has(index));
}
