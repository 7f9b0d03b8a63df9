import { isIntake, shed } from '../../../src/http/shedding.js';
import { CALM, nextOverload, type Load, type Overload } from '../../../src/platform/overload.js';

const calm: Load = { utilization: 0.99, starved: 0, late: 0, behind: 0, waiting: 0 };
const SAMPLE_MS = 200;

/** The same load, sample after sample. */
function after(state: Overload, load: Load, samples: number, start = 0): Overload {
  let next = state;
  for (let sample = 1; sample <= samples; sample += 1) next = nextOverload(next, load, start + sample * SAMPLE_MS);
  return next;
}

test.each([
  ['a processor that is used up and nothing that waits', calm, false],
  ['stages that were due and not taken for four seconds', { ...calm, behind: 4000 }, true],
  ['timers that come late', { ...calm, late: 400 }, true],
  ['a queue for connections', { ...calm, waiting: 100 }, true],
  ['work that waits while the processor does too: for vendors', { ...calm, utilization: 0.3, behind: 60_000 }, false],
  ['work that waits for the database, which every connection is waiting for', { ...calm, utilization: 0.3, starved: 0.8, behind: 4000 }, true],
  ['a full processor and connections that are all in use, and nothing that waits longer', { ...calm, starved: 0.9, waiting: 10 }, false],
])('%s, for six seconds: too much is %#', (_name, load, is) => {
  expect(after(CALM, load, 30).share > 0).toBe(is);
});

const late: Load = { ...calm, late: 400 };
const idle: Load = { ...calm, utilization: 0.5 };

test('a burst of four seconds is no overload, nor are two with a breath between them', () => {
  const burst = after(CALM, late, 20);
  expect(burst.share).toBe(0);
  expect(after(after(burst, calm, 1, 4000), late, 20, 4200).share).toBe(0);
});

test('what has lasted turns everybody away until it is worked off, and then fewer and fewer', () => {
  const overloaded = after(CALM, late, 25);
  expect([overloaded.share, after(overloaded, late, 50, 5000).share]).toEqual([1, 1]);
  expect([1, 5, 9, 10].map((samples) => after(overloaded, idle, samples, 5000).share)).toEqual([0.9, 0.5, 0.1, 0].map((share) => expect.closeTo(share) as number));
  // As long as there is much to do, in small steps.
  expect(after(overloaded, calm, 10, 5000).share).toBeCloseTo(0.8);
  expect([calm, { ...calm, behind: 1000 }, { ...calm, behind: 4000 }].map((load) => nextOverload({ share: 0.5, tooMuch: 0, last: 0 }, load, 200).share)).toEqual([0.48, 0.52, 0.6].map((share) => expect.closeTo(share) as number));
});

test('as long as it swings between too much and too little, about as many are turned away as are too many', () => {
  let state = after(CALM, { ...calm, behind: 4000 }, 25);
  const shares: number[] = [];
  // Whatever is let in beyond a third is too much.
  for (let sample = 0; sample < 200; sample += 1) {
    state = nextOverload(state, 1 - state.share > 1 / 3 ? { ...calm, behind: 500 } : calm, 5000 + sample * SAMPLE_MS);
    shares.push(state.share);
  }
  const settled = shares.slice(20);
  expect(settled.reduce((sum, share) => sum + share, 0) / settled.length).toBeCloseTo(2 / 3, 1);
  expect([Math.min(...settled) > 0.6, Math.max(...settled) < 0.75]).toEqual([true, true]);
});

test('where it was over a moment ago it is seen at once, and by less; half a minute later it takes as long as ever', () => {
  const over = after(after(CALM, late, 25), idle, 10, 5000);
  const behind: Load = { ...calm, behind: 500 };
  expect([over.share, after(over, behind, 1, 7000).share, after(over, behind, 2, 7000).share]).toEqual([0, 0, 0.1]);
  expect([after(over, behind, 24, 60_000).share, after(over, late, 24, 60_000).share, after(over, late, 25, 60_000).share]).toEqual([0, 0, 1]);
});

test('only what brings new work is turned away, and is told when to come again', () => {
  for (const url of ['/v1/jobs', '/v1/jobs?x=1', '/v1/convert?to=png', '/v1/jobs/01900000-0000-7000-8000-000000000000/retry']) expect([url, isIntake('POST', url)]).toEqual([url, true]);
  for (const url of ['/v1/callbacks/a/b', '/v1/jobs/01900000-0000-7000-8000-000000000000/cancel']) expect([url, isIntake('POST', url)]).toEqual([url, false]);
  expect(isIntake('GET', '/v1/jobs')).toBe(false);
  expect(isIntake('PUT', '/v1/jobs/x/inputs/y/content')).toBe(false);
  expect(shed()).toMatchObject({ code: 'unavailable', status: 503 });
  expect(Number(shed().more.headers?.['retry-after'])).toBeGreaterThanOrEqual(1);
});
