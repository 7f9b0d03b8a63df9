import { isIntake, shed } from '../../../src/http/shedding.js';
import { hasTooMuch } from '../../../src/platform/pressure.js';

const calm = { utilization: 0.99, late: 0, behind: 0, waiting: 0 };

test.each([
  ['a processor that is used up and nothing that waits', calm, false],
  ['stages that were due and not taken for four seconds', { ...calm, behind: 4000 }, true],
  ['timers that come late', { ...calm, late: 400 }, true],
  ['a queue for connections', { ...calm, waiting: 100 }, true],
  ['work that waits while the processor does too: for vendors', { utilization: 0.3, late: 0, behind: 60_000, waiting: 100 }, false],
])('%s: too much is %#', (_name, load, is) => {
  expect(hasTooMuch(load)).toBe(is);
});

test('only what brings new work is turned away, and is told when to come again', () => {
  for (const url of ['/v1/jobs', '/v1/jobs?x=1', '/v1/convert?to=png', '/v1/jobs/01900000-0000-7000-8000-000000000000/retry']) expect([url, isIntake('POST', url)]).toEqual([url, true]);
  for (const url of ['/v1/callbacks/a/b', '/v1/jobs/01900000-0000-7000-8000-000000000000/cancel']) expect([url, isIntake('POST', url)]).toEqual([url, false]);
  expect(isIntake('GET', '/v1/jobs')).toBe(false);
  expect(isIntake('PUT', '/v1/jobs/x/inputs/y/content')).toBe(false);
  expect(shed()).toMatchObject({ code: 'unavailable', status: 503 });
  expect(Number(shed().more.headers?.['retry-after'])).toBeGreaterThanOrEqual(1);
});
