import { Readable } from 'node:stream';
import { jest } from '@jest/globals';
import { Watch } from '../../../src/jobs/event-feed.js';
import type { EventPage, EventRow } from '../../../src/jobs/event-store.js';
import { eventStream } from '../../../src/jobs/event-stream.js';

const AT = new Date('2026-01-31T12:00:00Z');
const event = (sequence: number): EventRow => ({ sequence, type: sequence === 1 ? 'job.created' : 'attempt.progressed', at: AT, cause: 'poll', detail: { text: 'two\nlines' } });
const upTo = (last: number, ended = false) => async (after: number, limit = 2): Promise<EventPage> => ({ last, ended, events: Array.from({ length: last - after }, (_, index) => event(after + index + 1)).slice(0, limit) });

beforeEach(() => jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] }));
afterEach(() => jest.useRealTimers());

function opened(read: (after: number) => Promise<EventPage | null>, after = 0) {
  const forgotten: Watch[] = [];
  const watch = new Watch('job', (gone) => forgotten.push(gone));
  let stalls = 0;
  const stream = eventStream({ read, watch, after, stalled: () => (stalls += 1) });
  return { watch, stream, forgotten, stalls: () => stalls, text: async () => (await stream.next()).value };
}

const ids = (text: string | void) => [...(text ?? '').matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));

it('each event is one frame: its sequence, its type, and itself on one line', async () => {
  const { text } = opened(upTo(1));
  expect(await text()).toBe('retry: 1000\n\n');
  expect(await text()).toBe('id: 1\nevent: job.created\ndata: {"sequence":1,"type":"job.created","at":"2026-01-31T12:00:00.000Z","cause":"poll","detail":{"text":"two\\nlines"}}\n\n');
});

it('it begins behind what the reader knows, goes on by page, and ends with the job', async () => {
  const { stream, forgotten } = opened(upTo(7, true), 2);
  const frames: number[] = [];
  for await (const text of stream) frames.push(...ids(text));
  expect(frames).toEqual([3, 4, 5, 6, 7]);
  expect(forgotten).toHaveLength(1);
});

it('an end that says more while it is read is read to the end', async () => {
  let last = 2;
  const read = async (after: number) => upTo(last, true)(after);
  const { stream, text } = opened(read);
  await text();
  expect(ids(await text())).toEqual([1, 2]);
  last = 3;
  expect(ids(await text())).toEqual([3]);
  expect(await stream.next()).toEqual({ done: true, value: undefined });
});

it('while nothing happens it says so every 15 seconds, and news come at once', async () => {
  let last = 1;
  const { watch, text } = opened(async (after) => upTo(last)(after));
  await text();
  await text();
  const quiet = text();
  await jest.advanceTimersByTimeAsync(14_999);
  let heard = false;
  void quiet.then(() => (heard = true));
  await jest.advanceTimersByTimeAsync(0);
  expect(heard).toBe(false);
  await jest.advanceTimersByTimeAsync(1);
  expect(await quiet).toBe(':\n\n');
  const next = text();
  await jest.advanceTimersByTimeAsync(10);
  last = 2;
  watch.tell();
  expect(ids(await next)).toEqual([2]);
});

it('a word that comes while it reads is not lost', async () => {
  let last = 0;
  const { watch, text } = opened(async (after) => {
    const page = await upTo(last)(after);
    if (last === 0) {
      last = 1;
      watch.tell();
    }
    return page;
  });
  await text();
  expect(ids(await text())).toEqual([1]);
});

it('while the database is away it stays, and goes on where it was', async () => {
  let away = true;
  const { text } = opened(async (after) => {
    if (away) throw Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
    return upTo(1)(after);
  });
  await text();
  const trouble = text();
  await jest.advanceTimersByTimeAsync(1000);
  expect(await trouble).toBe(':\n\n');
  away = false;
  expect(ids(await text())).toEqual([1]);
});

it('any other fault ends it', async () => {
  const { text, forgotten } = opened(async () => Promise.reject(new Error('a bug')));
  await text();
  await expect(text()).rejects.toThrow('a bug');
  expect(forgotten).toHaveLength(1);
});

it('a closed watch ends it, also while it waits; so does a job that is no more', async () => {
  const { watch, text, stream } = opened(upTo(0));
  await text();
  const waiting = stream.next();
  await jest.advanceTimersByTimeAsync(10);
  watch.close();
  expect(await waiting).toEqual({ done: true, value: undefined });
  const gone = opened(async () => null);
  await gone.text();
  expect(await gone.stream.next()).toEqual({ done: true, value: undefined });
});

it('a reader that takes nothing is not read ahead for, and is cut off in the end; one that takes is not', async () => {
  let reads = 0;
  const endless = async (after: number): Promise<EventPage> => {
    reads += 1;
    return { last: after + 2, ended: false, events: [event(after + 1), event(after + 2)] };
  };
  const { stream, stalls } = opened(endless);
  const reader = Readable.from(stream);
  reader.once('readable', () => undefined);
  await jest.advanceTimersByTimeAsync(29_000);
  const before = reads;
  expect(before).toBeLessThanOrEqual(3);
  expect(stalls()).toBe(0);
  // A control: who reads is given more, and has new time.
  reader.read();
  await jest.advanceTimersByTimeAsync(29_000);
  expect([reads > before, stalls()]).toEqual([true, 0]);
  await jest.advanceTimersByTimeAsync(2000);
  expect(stalls()).toBe(1);
  expect(reads).toBeLessThanOrEqual(before + 2);
  reader.destroy();
});
