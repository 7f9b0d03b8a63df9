import { setTimeout as sleep } from 'node:timers/promises';
import { ProviderError } from '../../../src/conversion/errors.js';
import type { JobPage } from '../../../src/conversion/job-page.js';
import type { PollPace } from '../../../src/execution/poll-pace.js';
import { ask, busy, CEILING_MS, due, plant, room, round, setTheScene, stageOf, state, vendor } from './scene.js';

setTheScene();

describe('a list that is of no use', () => {
  const refused = (more: object = {}) => () => Promise.reject(new ProviderError('rate_limited', 'Too many.', more));

  it.each<[string, () => JobPage | Promise<JobPage>, number]>([
    ['that is refused', refused(), 1],
    ['that is empty', () => ({ jobs: [], next: null }), 1],
    ['that shows other people\'s jobs', () => ({ jobs: [{ providerJobId: 'foreign', state: 'ended' }], next: null }), 1],
    ['that is the same page again and again', () => ({ jobs: [busy(1)], next: '1' }), 2],
    ['that never ends', () => ({ jobs: [{ providerJobId: `foreign-${vendor.pages}`, state: 'ended' }], next: '1' }), 4],
  ])('%s costs few requests, changes nothing, and is asked for less and less often', async (_how, answer, requests) => {
    await plant(150, 20);
    vendor.answer = answer;
    await stageOf(1, `hinted = true`);
    await round();
    expect(vendor.pages).toBe(requests);
    expect([...(await due()).values()].every((seconds) => seconds > 15 && seconds < 20)).toBe(true);
    expect(await state()).toMatchObject({ failures: 1, covers: null });
    await round();
    await round();
    expect((await state())?.failures).toBe(3);
    expect((await state())?.seconds).toBeGreaterThan(50);
    vendor.answer = (page) => vendor.pageOf(page);
    await round();
    expect(await state()).toMatchObject({ failures: 0, covers: true });
  });

  it('is left alone for as long as the vendor asks', async () => {
    await plant(150, 20);
    vendor.answer = refused({ retryAfterMs: 300_000 });
    await round();
    expect((await state())?.seconds).toBeGreaterThan(290);
  });

  it('and that breaks off half way has been heard as far as it went', async () => {
    await plant(300, 20);
    vendor.answer = (page) => (page < 2 ? vendor.pageOf(page) : refused()());
    await round();
    const times = [...(await due()).values()];
    expect(times.filter((seconds) => seconds > 19.9)).toHaveLength(100);
    expect(times.filter((seconds) => seconds <= 0)).toHaveLength(0);
  });
});

describe('several processes', () => {
  it('call the roll once a round', async () => {
    await plant(300, 20);
    await room.test.query('UPDATE roll_call SET due_at = now() - make_interval(secs => 1)');
    await Promise.all(Array.from({ length: 5 }, () => ask()));
    expect(vendor.pages).toBe(6);
  });

  it('write nothing once another one has taken it over', async () => {
    await plant(300, 20);
    vendor.answer = async (page) => {
      if (page === 2) await room.test.query('UPDATE roll_call SET epoch = epoch + 1');
      return vendor.pageOf(page);
    };
    await round();
    expect(vendor.pages).toBe(3);
    expect([...(await due()).values()].filter((seconds) => seconds > 20)).toHaveLength(100);
  });

  it('all know that the list stands for reading, and those that it does not help are read as ever', async () => {
    await plant(150, 20);
    const provider = room.registry.find('one');
    if (provider === null) throw new Error('no provider');
    const next = (pace: PollPace, of: 'running' | 'ended' | 'gone' | null, leftMs = 100_000) => pace.next(provider, { polls: 30, listed: of }, leftMs).pollAfterMs;
    const caller = await round();
    for (const pace of [caller, await ask()]) {
      expect(next(pace, null)).toBeGreaterThan(2 * CEILING_MS);
      expect(next(pace, 'running')).toBeGreaterThan(2 * CEILING_MS);
      expect(next(pace, 'running', 20_000)).toBe(20_000);
      expect(next(pace, 'ended')).toBeLessThanOrEqual(CEILING_MS);
      expect(next(pace, 'gone')).toBeLessThanOrEqual(CEILING_MS);
    }
    await room.test.query('UPDATE roll_call SET covers_until = now()');
    await sleep(5);
    expect(next(await ask(), 'running')).toBeLessThanOrEqual(CEILING_MS);
  });
});
