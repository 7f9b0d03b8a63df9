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
  expect(after(CALM, load, 30).is).toBe(is);
});

const late: Load = { ...calm, late: 400 };

test('a burst of four seconds is no overload, nor are two with a breath between them', () => {
  const burst = after(CALM, late, 20);
  expect(burst.is).toBe(false);
  expect(after(after(burst, calm, 1, 4000), late, 20, 4200).is).toBe(false);
});

test('it is over after three good samples, and not before', () => {
  const overloaded = after(CALM, late, 30);
  expect([after(overloaded, calm, 2, 6000).is, after(overloaded, calm, 3, 6000).is]).toEqual([true, false]);
});

test('where it was over a moment ago it is seen at once, and by less; half a minute later it takes as long as ever', () => {
  const over = after(after(CALM, late, 30), calm, 3, 6000);
  const behind: Load = { ...calm, behind: 500 };
  expect([after(over, behind, 1, 6600).is, after(over, behind, 2, 6600).is]).toEqual([false, true]);
  expect([after(over, behind, 24, 60_000).is, after(over, late, 24, 60_000).is, after(over, late, 25, 60_000).is]).toEqual([false, false, true]);
});

test('only what brings new work is turned away, and is told when to come again', () => {
  for (const url of ['/v1/jobs', '/v1/jobs?x=1', '/v1/convert?to=png', '/v1/jobs/01900000-0000-7000-8000-000000000000/retry']) expect([url, isIntake('POST', url)]).toEqual([url, true]);
  for (const url of ['/v1/callbacks/a/b', '/v1/jobs/01900000-0000-7000-8000-000000000000/cancel']) expect([url, isIntake('POST', url)]).toEqual([url, false]);
  expect(isIntake('GET', '/v1/jobs')).toBe(false);
  expect(isIntake('PUT', '/v1/jobs/x/inputs/y/content')).toBe(false);
  expect(shed()).toMatchObject({ code: 'unavailable', status: 503 });
  expect(Number(shed().more.headers?.['retry-after'])).toBeGreaterThanOrEqual(1);
});
