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

test('what has lasted turns everybody away until it is worked off, and within seconds nobody any more', () => {
  const overloaded = after(CALM, late, 25);
  expect([overloaded.share, after(overloaded, late, 50, 5000).share]).toEqual([1, 1]);
  const shares = [1, 10, 20, 30, 40].map((samples) => after(overloaded, idle, samples, 5000).share);
  expect(shares).toEqual([...shares].sort((one, other) => other - one));
  expect([shares[0], shares[4]]).toEqual([expect.closeTo(0.84, 2), 0]);
});

/** What comes, is let in, waits and is done: the service as its controller sees it. Shares of the last minute, and what was done of what could be. */
function swinging(perSecond: number, done: number): { shares: number[]; goodput: number; most: number } {
  let state: Overload = { share: 1, middle: 1, streak: 0, last: 0 };
  const way = [0, 0, 0];
  const shares: number[] = [];
  let [queue, utilization, since, ended, most] = [0, 1, -1, 0, 0];
  for (let sample = 0; sample < 600; sample += 1) {
    way.push(perSecond * 0.2 * (1 - state.share));
    queue += way.shift() ?? 0;
    const now = Math.min(queue, done * 0.2);
    queue -= now;
    utilization += 0.2 * ((0.98 * now) / (done * 0.2) - utilization);
    since = queue > 20 ? (since < 0 ? sample : since) : -1;
    state = nextOverload(state, { ...calm, utilization, behind: since < 0 ? 0 : (sample - since) * SAMPLE_MS }, sample * SAMPLE_MS);
    if (sample < 300) continue;
    shares.push(state.share);
    ended += now;
    most = Math.max(most, queue);
  }
  return { shares, goodput: ended / (300 * 0.2 * done), most };
}

test.each([1.3, 3, 6])('where %d times as much comes as can be done, about as many are turned away as are too many, and hardly any time is lost', (times) => {
  const { shares, goodput, most } = swinging(70 * times, 70);
  expect(Math.abs(shares.reduce((sum, share) => sum + share, 0) / shares.length - (1 - 1 / times))).toBeLessThan(0.1);
  expect(goodput).toBeGreaterThan(0.85);
  // In seconds of work.
  expect(most / 70).toBeLessThan(5);
});

test('where it was over a moment ago it is seen at once, and by less; half a minute later it takes as long as ever', () => {
  const over = after(after(CALM, late, 25), idle, 45, 5000);
  const behind: Load = { ...calm, behind: 700 };
  expect([over.share, after(over, behind, 1, 14_000).share, after(over, behind, 2, 14_000).share]).toEqual([0, 0, 0.3]);
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
