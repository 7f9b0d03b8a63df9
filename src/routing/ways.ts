/** A step as the search sees it: files are numbers, a set of providers is a set of bits. */
export interface Part {
  /** Its place among all steps: it comes after those whose results it takes. */
  readonly place: number;
  readonly inputs: readonly number[];
  /** What it makes; -1: nobody takes it. */
  readonly output: number;
  /** The first in rank first. */
  readonly options: readonly { readonly bit: number; readonly rank: number }[];
  /** The bits of all of them. */
  readonly any: number;
}

/** A way down to some part. */
interface Way {
  readonly cost: number;
  /** What it costs at the least in the end. */
  readonly bound: number;
  /** Of each file, the providers at which it is. */
  readonly at: readonly number[];
  readonly before: Way | null;
  readonly option: number;
}

/** What is left after some part. */
interface Remainder {
  readonly ranks: number;
  /** Of each file that is still wanted: who could make it yet (null: it is made, or the job's own), and who could take it. */
  readonly files: readonly { readonly file: number; readonly maker: number | null; readonly takers: readonly number[]; readonly any: number }[];
}

/** A file that is brought weighs more than all ranks. */
const BROUGHT = 2 ** 30;
/** How many ways are followed side by side: few first, which is often enough and gives a bound; of the last width, it is the best that was found. */
const WIDTHS = [2, 32, 256, 2048];
/** Of all parts together: graphs of a dozen steps get every width, the largest ones an answer in time. */
const WAYS = 25_000;
/** With how many of the cheapest ways each is compared. */
const COMPARED = 16;
const NOTHING: Remainder = { ranks: 0, files: [] };

/**
 * Of each part which option is taken: with the fewest files brought, then the lowest ranks. Part by part, ways that leave the same files at the same places are
 * one way, the cheapest, and those that cannot become better than what was found are left. It is exact unless the last width was too small.
 */
export function bestWay(parts: readonly Part[], at: readonly number[]): readonly number[] {
  const rests = parts.map((_, index) => (index + 1 < parts.length ? remainderOf(parts.slice(index + 1)) : NOTHING));
  let best: Way | null = null;
  for (const width of WIDTHS.filter((one) => one * parts.length <= WAYS)) {
    let cut = false;
    let ways: Way[] = [{ cost: 0, bound: 0, at, before: null, option: -1 }];
    parts.forEach((part, index) => {
      const rest = rests[index] ?? NOTHING;
      ways = uncaught(onward(ways, part, rest, best?.cost ?? Infinity), rest);
      if (ways.length <= width) return;
      ways = ways.sort((one, other) => one.bound - other.bound).slice(0, width);
      cut = true;
    });
    for (const way of ways) if (best === null || way.cost < best.cost) best = way;
    if (!cut) break;
  }
  const options: number[] = [];
  for (let way: Way | null = best; way !== null && way.option >= 0; way = way.before) options.unshift(way.option);
  return options;
}

function remainderOf(left: readonly Part[]): Remainder {
  return {
    ranks: left.reduce((sum, { options }) => sum + (options[0]?.rank ?? 0), 0),
    files: [...new Set(left.flatMap(({ inputs }) => inputs))].map((file) => {
      const takers = left.filter(({ inputs }) => inputs.includes(file)).map(({ any }) => any);
      return { file, maker: left.find(({ output }) => output === file)?.any ?? null, takers, any: takers.reduce((all, one) => all | one, 0) };
    }),
  };
}

/** Every way with every option, where that can still become cheaper than `limit`. */
function onward(ways: readonly Way[], part: Part, rest: Remainder, limit: number): Way[] {
  const found = new Map<number, Way[]>();
  for (const before of ways) {
    for (const [option, { bit, rank }] of part.options.entries()) {
      let cost = before.cost + rank;
      for (const file of part.inputs) if (((before.at[file] ?? 0) & bit) === 0) cost += BROUGHT;
      if (cost + rest.ranks >= limit) continue;
      const at = moved(before.at, part, option);
      const bound = cost + rest.ranks + BROUGHT * stillBrought(at, rest);
      if (bound >= limit) continue;
      const key = hashOf(at, rest);
      const others = found.get(key) ?? [];
      const same = others.findIndex((other) => alike(other.at, at, rest));
      if (same < 0) found.set(key, others).get(key)?.push({ cost, bound, at, before, option });
      else if (cost < (others[same]?.cost ?? 0)) others[same] = { cost, bound, at, before, option };
    }
  }
  return [...found.values()].flat();
}

/** Where the files are once a part has run by that option. */
export function moved(at: readonly number[], { inputs, output, options }: Part, option: number): readonly number[] {
  const bit = options[option]?.bit ?? 0;
  const next = at.slice();
  for (const file of inputs) next[file] = (next[file] ?? 0) | bit;
  if (output >= 0) next[output] = (next[output] ?? 0) | bit;
  return next;
}

/** How many files have to be brought at the least: for each file alone, whoever runs what is left. */
function stillBrought(at: readonly number[], { files }: Remainder): number {
  let count = 0;
  for (const { file, maker, takers } of files) {
    const there = at[file] ?? 0;
    let common = maker ?? -1;
    let apart = maker ?? 0;
    let places = maker === null ? 0 : 1;
    for (const any of takers) {
      if ((any & there) !== 0) continue;
      common &= any;
      // Who could share a place with nobody so far needs one of its own.
      if ((any & apart) !== 0) continue;
      apart |= any;
      places += 1;
    }
    // All have a place in common with the first, and no place in common: two at the least.
    count += (places === 1 && common === 0 ? 2 : places) - (maker === null ? 0 : 1);
  }
  return count;
}

/** Without ways that a cheaper one could catch up with by bringing what they have and it has not. */
function uncaught(ways: Way[], { files }: Remainder): Way[] {
  if (ways.length < 2) return ways;
  const catchesUp = (other: Way, way: Way): boolean => {
    let left = way.cost - other.cost;
    for (const { file, any } of files) {
      for (let bits = (way.at[file] ?? 0) & ~(other.at[file] ?? 0) & any; bits !== 0; bits &= bits - 1) left -= BROUGHT;
      if (left < 0) return false;
    }
    return true;
  };
  const kept: Way[] = [];
  for (const way of ways.sort((one, other) => one.cost - other.cost)) {
    let caught = false;
    for (let index = 0; index < kept.length && index < COMPARED && !caught; index += 1) caught = catchesUp(kept[index] as Way, way);
    if (!caught) kept.push(way);
  }
  return kept;
}

function hashOf(at: readonly number[], { files }: Remainder): number {
  let hash = 0;
  for (const { file, any } of files) hash = Math.imul(hash ^ ((at[file] ?? 0) & any), 0x9e3779b1) ^ (hash >>> 15);
  return hash;
}

function alike(one: readonly number[], other: readonly number[], { files }: Remainder): boolean {
  return files.every(({ file, any }) => (((one[file] ?? 0) ^ (other[file] ?? 0)) & any) === 0);
}
