import { freeRoom, mayBegin, type Counted } from '../../../src/execution/room.js';

const counted = (more: Partial<Counted> = {}): Counted => ({ running: 3, given: 0, others: false, ceiling: null, pausedMs: 0, ...more });

it.each<[what: string, counted: Partial<Counted>, maxConcurrent: number | null, wasGiven: boolean, may: boolean]>([
  ['nothing bounds it', { running: 1000, others: true }, null, false, true],
  ['there is room', {}, 4, false, true],
  ['it is full', {}, 3, false, false],
  ['it is over-full', { running: 5 }, 3, true, false],
  ['what is free was given to another', { given: 1 }, 4, false, false],
  ['what is free was given to it', { given: 1 }, 4, true, true],
  ['others have waited for longer', { others: true }, 4, false, false],
  ['others wait, and it was let in', { others: true }, 4, true, true],
  ['its 429s taught less than is configured', { ceiling: 3 }, 10, false, false],
  ['its 429s taught more than runs', { ceiling: 4 }, null, false, true],
  ['it wants to be left alone', { pausedMs: 1 }, null, true, false],
])('%s', (_, seen, maxConcurrent, wasGiven, may) => {
  expect(mayBegin(counted(seen), maxConcurrent, wasGiven)).toBe(may);
});

it('as many are let in as there is room that nobody was given, none while it wants to be left alone, and no more at once than asked for', () => {
  expect(freeRoom(counted({ given: 2 }), 10, 50)).toBe(5);
  expect(freeRoom(counted({ running: 12 }), 10, 50)).toBe(0);
  expect(freeRoom(counted({ pausedMs: 5 }), 10, 50)).toBe(0);
  expect(freeRoom(counted({ ceiling: 4 }), 10, 50)).toBe(1);
  expect(freeRoom(counted(), null, 50)).toBe(50);
});
