/** Pieces of JSON, which cost time each: what a vendor tells of a job, or of a page of them, has a few thousand. So many are read in 30 ms at worst. */
const MOST_PIECES = 100_000;

/** Whether reading an answer as JSON would hold up everybody else: long texts are read in no time, millions of empty lists are not. */
export function isIntricate(text: string): boolean {
  if (text.length <= MOST_PIECES) return false;
  let left = MOST_PIECES;
  for (const mark of ['[', '{', ',']) {
    for (let at = text.indexOf(mark); at !== -1; at = text.indexOf(mark, at + 1)) if ((left -= 1) < 0) return true;
  }
  return false;
}
