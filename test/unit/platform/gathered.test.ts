import { jest } from '@jest/globals';
import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { Gathered } from '../../../src/platform/gathered.js';

const LIMITS = { most: 10, lanes: 1 };
const double = async (input: number): Promise<number> => input * 2;

function counted(together: (inputs: readonly number[]) => Promise<readonly number[]>, limits = LIMITS) {
  const batches: number[][] = [];
  const alone = jest.fn(double);
  const gathered = new Gathered<number, number>(async (inputs) => {
    batches.push([...inputs]);
    await pause(5);
    return together(inputs);
  }, alone, limits);
  return { gathered, batches, alone };
}

const all = (inputs: readonly number[]) => Promise.all(inputs.map(double));
const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

it('one that comes alone is done alone', async () => {
  const { gathered, batches, alone } = counted(all);
  expect(await gathered.do(4)).toBe(8);
  expect([batches, alone.mock.calls]).toEqual([[], [[4]]]);
});

it('what comes at once is done at once, each with its own answer, and never more than so many', async () => {
  const { gathered, batches } = counted(all);
  expect(await Promise.all(numbers(25).map((number) => gathered.do(number)))).toEqual(numbers(25).map((number) => number * 2));
  expect(batches.map(({ length }) => length)).toEqual([10, 10, 5]);
});

it('while one batch is under way the next gathers', async () => {
  const { gathered, batches } = counted(all);
  const first = Promise.all([gathered.do(1), gathered.do(2)]);
  await pause(2);
  const later = Promise.all([gathered.do(3), gathered.do(4), gathered.do(5)]);
  expect([await first, await later]).toEqual([[2, 4], [6, 8, 10]]);
  expect(batches).toEqual([[1, 2], [3, 4, 5]]);
});

it('with more lanes the next does not wait for the first', async () => {
  let open = 0;
  let most = 0;
  const together = async (inputs: readonly number[]) => {
    most = Math.max(most, (open += 1));
    await pause(10);
    open -= 1;
    return all(inputs);
  };
  const { gathered } = counted(together, { most: 2, lanes: 3 });
  await Promise.all(numbers(6).map((number) => gathered.do(number)));
  // Lanes that start in one turn find all that is there: the second and third begin with what the first left.
  expect(most).toBe(3);
});

it('where a batch fails each is done by itself, and only the one that is at fault fails', async () => {
  const alone = async (input: number) => {
    if (input === 3) throw new Error('three');
    return input * 2;
  };
  const gathered = new Gathered<number, number>(async () => Promise.reject(new Error('the batch')), alone, LIMITS);
  const answers = await Promise.allSettled(numbers(5).map((number) => gathered.do(number)));
  expect(answers.map((answer) => (answer.status === 'fulfilled' ? answer.value : (answer.reason as Error).message))).toEqual([0, 2, 4, 'three', 8]);
  expect(await gathered.do(6)).toBe(12);
});

it('where nobody knows what became of a batch it fails for all, and nothing is done twice', async () => {
  const alone = jest.fn(double);
  const lost = new Error('lost');
  const gathered = new Gathered<number, number>(async () => Promise.reject(lost), alone, { ...LIMITS, isLost: (error) => error === lost });
  const answers = await Promise.allSettled(numbers(5).map((number) => gathered.do(number)));
  expect(answers).toEqual(numbers(5).map(() => ({ status: 'rejected', reason: lost })));
  expect(alone).not.toHaveBeenCalled();
  expect(await gathered.do(6)).toBe(12);
});

it('each batch is done as one of those who wait for it, whoever came first of all', async () => {
  const whose = new AsyncLocalStorage<string>();
  const seen: (string | undefined)[] = [];
  const see = async (): Promise<void> => {
    seen.push(whose.getStore());
    await pause(5);
  };
  const gathered = new Gathered<number, number>(async (inputs) => see().then(() => inputs), async (input) => see().then(() => input), LIMITS);
  const ask = (name: string) => whose.run(name, () => gathered.do(1));
  const first = ask('first');
  await pause(2);
  const late = [ask('second'), ask('second')];
  await first;
  await pause(2);
  const last = ask('third');
  await Promise.all([...late, last]);
  expect(seen).toEqual(['first', 'second', 'third']);
});
