/** Two pictures of one size, RGB without alpha, rows from the top. */
export interface Pair {
  readonly left: Uint8Array;
  readonly right: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** How alike two pictures are, in the method's own figure, and which of their pixels count as different (1), row by row. */
export interface Difference {
  readonly score: number;
  readonly marks: Uint8Array;
}

const BLOCK = 8;
/** The constants of SSIM (Wang et al. 2004) for 8-bit values. */
const C1 = (0.01 * 255) ** 2;
const C2 = (0.03 * 255) ** 2;

/** Structural similarity in blocks of 8 by 8, from 1 (the same) down; in a block less alike than 1 - `tolerance` each pixel counts that is not the same. */
export function bySimilarity(pair: Pair, tolerance: number): Difference {
  const marks = new Uint8Array(pair.width * pair.height);
  let [sum, blocks] = [0, 0];
  for (let top = 0; top < pair.height; top += BLOCK) {
    for (let left = 0; left < pair.width; left += BLOCK) {
      const pixels = pixelsOf(pair, left, top);
      const similarity = similarityOf(pair, pixels);
      sum += similarity;
      blocks += 1;
      if (similarity < 1 - tolerance) for (const pixel of pixels) marks[pixel] = apart(pair, pixel) > 0 ? 1 : 0;
    }
  }
  return { score: sum / blocks, marks };
}

/** Pixel by pixel: one counts when any channel differs by more than `tolerance` of its range. The score is the share of pixels that do (ae), or the root mean square (rmse, 0 to 1). */
export function byPixel(pair: Pair, tolerance: number, figure: 'ae' | 'rmse'): Difference {
  const marks = new Uint8Array(pair.width * pair.height);
  let [count, squares] = [0, 0];
  for (let pixel = 0; pixel < marks.length; pixel += 1) {
    if (apart(pair, pixel) > tolerance * 255) {
      marks[pixel] = 1;
      count += 1;
    }
    for (let at = pixel * 3; at < pixel * 3 + 3; at += 1) squares += ((pair.left[at] ?? 0) - (pair.right[at] ?? 0)) ** 2;
  }
  return { score: figure === 'ae' ? count / marks.length : Math.sqrt(squares / (marks.length * 3)) / 255, marks };
}

function pixelsOf({ width, height }: Pair, left: number, top: number): number[] {
  const pixels: number[] = [];
  for (let y = top; y < Math.min(height, top + BLOCK); y += 1) {
    for (let x = left; x < Math.min(width, left + BLOCK); x += 1) pixels.push(y * width + x);
  }
  return pixels;
}

/** The least of the three channels': colours may differ where lightness does not. */
function similarityOf(pair: Pair, pixels: readonly number[]): number {
  return Math.min(...[0, 1, 2].map((channel) => channelSimilarity(pair, pixels, channel)));
}

function channelSimilarity({ left, right }: Pair, pixels: readonly number[], channel: number): number {
  let [a, b, aa, bb, ab] = [0, 0, 0, 0, 0];
  for (const pixel of pixels) {
    const [l, r] = [left[pixel * 3 + channel] ?? 0, right[pixel * 3 + channel] ?? 0];
    a += l;
    b += r;
    aa += l * l;
    bb += r * r;
    ab += l * r;
  }
  const n = pixels.length;
  const [meanA, meanB] = [a / n, b / n];
  const [varianceA, varianceB, covariance] = [aa / n - meanA ** 2, bb / n - meanB ** 2, ab / n - meanA * meanB];
  return ((2 * meanA * meanB + C1) * (2 * covariance + C2)) / ((meanA ** 2 + meanB ** 2 + C1) * (varianceA + varianceB + C2));
}

/** The largest difference of a pixel's channels, 0 to 255. */
function apart({ left, right }: Pair, pixel: number): number {
  let most = 0;
  for (let at = pixel * 3; at < pixel * 3 + 3; at += 1) most = Math.max(most, Math.abs((left[at] ?? 0) - (right[at] ?? 0)));
  return most;
}
