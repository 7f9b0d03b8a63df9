import { Decimal } from 'decimal.js';
import fc from 'fast-check';
import { joinedFigure, learnedOf, robustMean, settledFigure, sizeClass, FEWEST_SAMPLES, type WorkSample } from '../../../src/routing/learned-work.js';

const NOW = 1_800_000_000_000;
const DAY = 86_400_000;
const figure = (...values: number[]) => robustMean(values.map((value, index) => [new Decimal(value), NOW - 1000 * (values.length - index)] as const), NOW);
const sample = (credits: number | null, daysAgo = 0): WorkSample => ({ credits, seconds: 2, at: NOW - daysAgo * DAY });

describe('the mean of what was seen', () => {
  it.each<[values: number[], mean: string, least: string, most: string, samples: number]>([
    [[1, 1, 1], '1', '1', '1', 3],
    [[1, 2, 3], '2', '1', '3', 3],
    [[1, 2, 3, 4], '2.5', '1', '4', 4],
    // One that was charged a hundredfold, and one that was a present.
    [[2, 2, 2, 200], '2', '2', '2', 3],
    [[10, 11, 12, 11, 10, 0], '10.8', '10', '12', 5],
    [[0.1, 0.2, 0.3], '0.2', '0.1', '0.3', 3],
  ])('of %j is %s', (values, mean, least, most, samples) => {
    const found = figure(...values);
    expect([found?.mean, found?.least, found?.most].map(String)).toEqual([mean, least, most]);
    expect(found?.samples).toBe(samples);
  });

  it('is none of fewer than three', () => {
    for (let count = 0; count < FEWEST_SAMPLES; count += 1) expect(figure(...Array.from({ length: count }, () => 1))).toBeNull();
  });

  it('tells how far samples are from it, and how old the newest is', () => {
    expect(figure(1, 2, 3)).toMatchObject({ ageMs: 1000, spread: new Decimal(2).div(3) });
  });

  it('lies among most of the samples, whatever a minority of them says', () => {
    const honest = fc.array(fc.integer({ min: 90, max: 110 }), { minLength: 5, maxLength: 15 });
    fc.assert(fc.property(honest, fc.array(fc.integer({ min: 0, max: 1_000_000 }), { maxLength: 2 }), (values, odd) => {
      const found = figure(...odd, ...values);
      // By brute force: no sample that counts is farther from the middle than the honest ones can make it.
      const bound = 3 * 1.4826 * 20;
      expect(found?.mean.toNumber()).toBeGreaterThanOrEqual(90 - bound);
      expect(found?.mean.toNumber()).toBeLessThanOrEqual(110 + bound);
      expect(found?.least.lte(found.mean) === true && found.mean.lte(found.most)).toBe(true);
    }));
  });

  it('is the same in whatever order the samples came', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 3, maxLength: 12 }).chain((values) => fc.tuple(fc.constant(values), fc.shuffledSubarray(values, { minLength: values.length }))), ([one, other]) => {
      expect(figure(...one)?.mean.toString()).toBe(figure(...other)?.mean.toString());
    }));
  });
});

describe('a figure that is made known', () => {
  it.each<[values: number[], told: number | null, mean: number]>([
    [[10, 10, 10], null, 10],
    // By a tenth, or by less than its own noise, is no news.
    [[11, 11, 11], 10, 10], [[9, 9, 9], 10, 10], [[8, 10, 15, 16], 10, 10],
    [[12, 12, 12], 10, 12], [[5, 5, 5], 10, 5], [[0, 0, 0], 0, 0],
  ])('of %j, where %s was told, is %s', (values, told, mean) => {
    expect(settledFigure(figure(...values), told)?.mean.toNumber()).toBe(mean);
  });

  it('is none where too little is known', () => {
    expect(settledFigure(null, 5)).toBeNull();
  });

  it('of files of all sizes is made of what is told of each', () => {
    expect(joinedFigure(figure(1, 1, 1, 9, 9, 9), [figure(1, 1, 1), figure(9, 9, 9), null])?.mean.toNumber()).toBe(5);
    expect(joinedFigure(figure(1, 2, 3), [null])?.mean.toNumber()).toBe(2);
    expect(joinedFigure(null, [])).toBeNull();
  });
});

it('what is older than a month is forgotten', () => {
  expect(learnedOf([sample(1, 31), sample(1, 32), sample(1, 33)], NOW)).toEqual({ credits: null, seconds: null });
  expect(learnedOf([sample(1), sample(2), sample(3), sample(90, 31)], NOW).credits?.mean.toString()).toBe('2');
  expect(learnedOf([sample(1), sample(2), sample(3), sample(NaN), sample(-7), sample(Infinity)], NOW).credits?.mean.toString()).toBe('2');
  expect(learnedOf([sample(NaN), sample(NaN), sample(NaN)], NOW).credits).toBeNull();
});

it('what a vendor charged and what it took are learned apart', () => {
  const { credits, seconds } = learnedOf([sample(null), sample(null), sample(null), sample(1)], NOW);
  expect(credits).toBeNull();
  expect(seconds?.mean.toString()).toBe('2');
});

it.each([[null, 'unknown'], [undefined, 'unknown'], [0, 'small'], [999_999, 'small'], [1_000_000, 'medium'], [10_000_000, 'large'], [100_000_000, 'huge']])('a file of %s bytes is %s', (bytes, name) => {
  expect(sizeClass(bytes)).toBe(name);
});
