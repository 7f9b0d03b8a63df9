import fc from 'fast-check';
import { chanceOfFailure, noted, recovered, toldAt, type TrackRecord } from '../../../src/routing/track-record.js';

const NOW = 1_800_000_000_000;
const HOUR = 3_600_000;
const SECOND = 1000;

/** "+" went well, "-" failed; one a second, or as said. */
function record(outcomes: string, { before = null, from = NOW, everyMs = SECOND, charged = 0 }: { before?: TrackRecord | null; from?: number; everyMs?: number; charged?: number } = {}): TrackRecord {
  let now = before;
  [...outcomes].forEach((mark, index) => (now = noted(now, { ok: mark === '+' ? 1 : 0, failed: mark === '-' ? 1 : 0, wasted: mark === '-' ? charged : 0 }, from + index * everyMs)));
  if (now === null) throw new Error('nothing was noted');
  return now;
}

const told = (outcomes: string, more: Parameters<typeof record>[1] = {}) => chanceOfFailure(record(outcomes, more).told);

describe('the chance of failure that decisions are made by', () => {
  it('is nothing at all where nothing failed, however little was tried', () => {
    expect([told('+'), told('+'.repeat(5000))]).toEqual([0, 0]);
  });

  it.each<[outcomes: string, least: number, most: number]>([
    ['-', 0, 0], ['--', 0, 0], ['-'.repeat(5), 0.1, 0.25], ['-'.repeat(100), 0.8, 0.9],
    [`${'+'.repeat(50)}-`, 0, 0], [`${'+++++++++-'.repeat(20)}`, 0.06, 0.12], [`${'+-'.repeat(100)}`, 0.4, 0.5],
  ])('of %s', (outcomes, least, most) => {
    expect(told(outcomes)).toBeGreaterThanOrEqual(least);
    expect(told(outcomes)).toBeLessThanOrEqual(most);
  });

  it('goes back to nothing when all goes well again', () => {
    expect(told('+'.repeat(1500), { before: record('-'.repeat(50)), from: NOW + HOUR })).toBe(0);
    // The control: a little of it does not.
    expect(told('+'.repeat(30), { before: record('-'.repeat(50)), from: NOW + HOUR })).toBeGreaterThan(0.2);
  });

  it('stays between 0 and 1, and nobody is worse for what went well', () => {
    fc.assert(fc.property(fc.array(fc.constantFrom('+', '-'), { minLength: 1, maxLength: 120 }), (marks) => {
      const before = record(marks.join(''));
      const chance = chanceOfFailure(before.told);
      expect(chance).toBeGreaterThanOrEqual(0);
      expect(chance).toBeLessThan(1);
      expect(told('+', { before, from: NOW + 120 * SECOND })).toBeLessThanOrEqual(Math.max(chance, chanceOfFailure(before)));
    }));
  });
});

describe('hysteresis', () => {
  it('noise moves nothing: one in ten that fails by chance is told by one figure, most of the time', () => {
    let seed = 7;
    const chance = () => ((seed = (seed * 48271) % 2147483647) / 2147483647);
    let now = record('+++++++++-'.repeat(20));
    const figures: number[] = [];
    for (let index = 0; index < 2000; index += 1) figures.push(chanceOfFailure((now = record(chance() < 0.1 ? '-' : '+', { before: now, from: NOW + (200 + index) * SECOND })).told));
    const moves = figures.filter((figure, index) => index > 0 && figure !== figures[index - 1]).length;
    expect(moves).toBeLessThan(40);
    // The control: what lies behind it moves with every attempt.
    expect(new Set(figures).size).toBeGreaterThan(1);
  });
});

describe('time', () => {
  it('forgives who is not used any more, hour by hour, and at one moment everywhere', () => {
    const failed = record('-'.repeat(60));
    const at = (hours: number) => chanceOfFailure(toldAt(failed, failed.at + hours * HOUR));
    expect(at(0.9)).toBe(at(0));
    expect([at(12) < at(0), at(24) < at(12), at(72)]).toEqual([true, true, 0]);
  });

  it('that goes backwards is no time', () => {
    const failed = record('-'.repeat(60));
    expect(toldAt(failed, failed.at - HOUR)).toEqual(failed.told);
    expect(noted(failed, { ok: 1, failed: 0, wasted: 0 }, failed.at - HOUR).at).toBe(failed.at);
  });

  it('only the latest attempts count where there are many', () => {
    expect(told('-'.repeat(150), { before: record('+'.repeat(5000)), from: NOW + 5000 * SECOND })).toBeGreaterThan(0.4);
  });
});

it('an outage that is over counts a quarter, and more than nothing', () => {
  const out = record('-'.repeat(40), { before: record('+'.repeat(160)), from: NOW + HOUR, charged: 2 });
  const back = recovered(out);
  expect(chanceOfFailure(back.told)).toBeLessThan(chanceOfFailure(out.told) / 2);
  expect(chanceOfFailure(back.told)).toBeGreaterThan(0.03);
  expect([back.ok, back.at, back.wasted / back.failed]).toEqual([out.ok, out.at, expect.closeTo(2, 2)]);
});

it('what failed attempts were charged is kept beside them, in proportion', () => {
  const { told: { failed, wasted } } = record(`${'+'.repeat(100)}${'-'.repeat(40)}`, { charged: 3 });
  expect(wasted / failed).toBeCloseTo(3, 1);
});
