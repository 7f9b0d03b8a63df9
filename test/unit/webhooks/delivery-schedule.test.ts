import { afterTry, PAUSES_MS, type Answer } from '../../../src/webhooks/delivery-schedule.js';

const answered = (status: number | null, retryAfterMs: number | null = null): Answer => ({ status, error: null, retryAfterMs });

it('the pauses are those of the contract, and make nine tries over some 41 hours', () => {
  expect(PAUSES_MS.map((ms) => ms / 1000)).toEqual([0, 5, 30, 120, 900, 3600, 14_400, 43_200, 86_400]);
});

it.each([200, 201, 202, 204, 299])('%i is arrival', (status) => {
  expect(afterTry(answered(status), 1, 0.5)).toEqual({ status: 'sent' });
  expect(afterTry(answered(status), 9, 0.5)).toEqual({ status: 'sent' });
});

it.each([199, 300, 302, 400, 401, 404, 408, 429, 500, 503, null])('%s is tried again, until the last try', (status) => {
  for (let tries = 1; tries < 9; tries += 1) expect(afterTry(answered(status), tries, 0)).toEqual({ status: 'scheduled', afterMs: PAUSES_MS[tries] });
  expect(afterTry(answered(status), 9, 0)).toEqual({ status: 'exhausted' });
});

it('410 is the end at once', () => {
  expect(afterTry(answered(410, 60_000), 1, 0)).toEqual({ status: 'exhausted' });
});

it('chance makes a pause up to a fifth longer, never shorter', () => {
  expect([0, 0.5, 1].map((random) => afterTry(answered(500), 1, random))).toEqual([5000, 5500, 6000].map((afterMs) => ({ status: 'scheduled', afterMs })));
});

it('the receiver\'s own wish counts where it is the longer one', () => {
  expect(afterTry(answered(429, 60_000), 1, 1)).toEqual({ status: 'scheduled', afterMs: 60_000 });
  expect(afterTry(answered(429, 1000), 1, 0)).toEqual({ status: 'scheduled', afterMs: 5000 });
  expect(afterTry(answered(429, 60_000), 9, 1)).toEqual({ status: 'exhausted' });
});
