/** The one of `words` that was most likely meant; null where none is near. */
export function nearest(word: string, words: Iterable<string>): string | null {
  const said = word.toLowerCase().slice(0, 64);
  let best: { readonly word: string; readonly far: number } | null = null;
  for (const candidate of words) {
    const within = said.length > 2 && (candidate.includes(said) || said.includes(candidate));
    const far = within ? 1 : distance(said, candidate);
    if (far <= Math.max(1, Math.floor(candidate.length / 3)) && (best === null || far < best.far)) best = { word: candidate, far };
  }
  return best?.word ?? null;
}

/** Letters to add, drop or change (Levenshtein). */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let at = 1; at <= one.length; at += 1) {
    const next = [at];
    for (let to = 1; to <= other.length; to += 1) {
      const changed = (row[to - 1] ?? 0) + (one[at - 1] === other[to - 1] ? 0 : 1);
      next.push(Math.min(changed, (row[to] ?? 0) + 1, (next[to - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}
