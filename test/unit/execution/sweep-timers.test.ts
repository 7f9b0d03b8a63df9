import { jest } from '@jest/globals';
import { SweepTimers } from '../../../src/execution/sweep-timers.js';

let timers: SweepTimers;
beforeEach(() => {
  jest.useFakeTimers();
  timers = new SweepTimers();
});
afterEach(async () => {
  jest.useRealTimers();
  await timers.stop();
});

it('goes on while batches are full, and waits for its next turn after one that is not', async () => {
  let waiting = 250;
  const batches: number[] = [];
  timers.every(1000, async () => {
    batches.push(Math.min(100, waiting));
    waiting -= batches.at(-1) ?? 0;
    return batches.at(-1) === 100;
  });
  await jest.advanceTimersByTimeAsync(999);
  expect(batches).toEqual([]);
  await jest.advanceTimersByTimeAsync(1);
  expect(batches).toEqual([100, 100, 50]);
  await jest.advanceTimersByTimeAsync(1000);
  expect(batches).toEqual([100, 100, 50, 0]);
});

it('a turn ends when its time is used, however much there is, and the next one goes on', async () => {
  let batches = 0;
  timers.every(60_000, async () => {
    batches += 1;
    await new Promise((resolve) => setTimeout(resolve, 1000));
    return true;
  });
  await jest.advanceTimersByTimeAsync(110_000);
  expect(batches).toBe(5);
  await jest.advanceTimersByTimeAsync(20_000);
  expect(batches).toBe(10);
});

it('one that takes long is not begun twice, holds up no other, and stopping waits for its batch and no further one', async () => {
  let [long, short, ended] = [0, 0, 0];
  timers.every(10, async () => {
    long += 1;
    await new Promise((resolve) => setTimeout(resolve, 3000));
    ended += 1;
    return true;
  });
  timers.every(10, async () => ((short += 1), false));
  await jest.advanceTimersByTimeAsync(100);
  expect([long, ended, short]).toEqual([1, 0, 10]);
  const stopped = timers.stop();
  await jest.advanceTimersByTimeAsync(10_000);
  await stopped;
  expect([long, ended, short]).toEqual([1, 1, 10]);
});

it('one that throws is tried again in its next turn', async () => {
  let turns = 0;
  timers.every(10, async () => {
    turns += 1;
    throw new Error('the database is away');
  });
  await jest.advanceTimersByTimeAsync(30);
  expect(turns).toBe(3);
});
