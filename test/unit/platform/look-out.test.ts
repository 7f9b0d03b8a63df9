import { Logger } from '@nestjs/common';
import { jest } from '@jest/globals';
import { LookOut } from '../../../src/platform/look-out.js';

const log = { warn: jest.fn() } as unknown as Logger & { readonly warn: jest.Mock };
const PAUSE_MS = 1000;
const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
};

beforeEach(() => {
  jest.useFakeTimers();
  log.warn.mockClear();
});

afterEach(() => void jest.useRealTimers());

it('looks at start, after each pause, and when there is news', async () => {
  let looks = 0;
  const lookOut = new LookOut(async () => void (looks += 1), () => PAUSE_MS, log);
  await lookOut.start();
  expect(looks).toBe(1);
  await jest.advanceTimersByTimeAsync(PAUSE_MS - 1);
  expect(looks).toBe(1);
  await jest.advanceTimersByTimeAsync(1);
  expect(looks).toBe(2);
  lookOut.now();
  await turns();
  expect(looks).toBe(3);
  await lookOut.stop();
  await jest.advanceTimersByTimeAsync(10 * PAUSE_MS);
  lookOut.now();
  await turns();
  expect(looks).toBe(3);
});

it('is told ten times while it looks, and looks once more behind that: what is told may have come too late for the look that runs', async () => {
  const ends: (() => void)[] = [];
  const lookOut = new LookOut(() => new Promise<void>((resolve) => ends.push(resolve)), () => PAUSE_MS, log);
  const started = lookOut.start();
  await turns();
  for (let word = 0; word < 10; word += 1) lookOut.now();
  await turns();
  expect(ends).toHaveLength(1);
  ends[0]?.();
  await started;
  await turns();
  expect(ends).toHaveLength(2);
  ends[1]?.();
  await turns();
  // The control: nothing more was asked for, until the pause is over.
  expect(ends).toHaveLength(2);
  await jest.advanceTimersByTimeAsync(PAUSE_MS);
  expect(ends).toHaveLength(3);
  ends[2]?.();
  await lookOut.stop();
});

it('a look that fails is told, and followed by others', async () => {
  let looks = 0;
  const lookOut = new LookOut(() => ((looks += 1), Promise.reject(new Error('nobody there'))), () => PAUSE_MS, log);
  await lookOut.start();
  expect(log.warn.mock.calls).toEqual([['nobody there']]);
  await jest.advanceTimersByTimeAsync(PAUSE_MS);
  expect(looks).toBe(2);
  await lookOut.stop();
});
