import { STRATEGIES } from '../../../src/conversion/job-graph.js';
import { generateDay } from '../../../src/simulator/day.js';
import { naive, strategist } from '../../../src/simulator/gateways.js';
import { bestCourse, hindsight } from '../../../src/simulator/hindsight.js';
import { Queue } from '../../../src/simulator/queue.js';
import { replay } from '../../../src/simulator/replay.js';
import { simulate } from '../../../src/simulator/simulate.js';
import { lineOf, promise } from '../../../src/simulator/verdict.js';
import type { Outcome, SimulatedJob, World } from '../../../src/simulator/world.js';

/** Three providers and the moods of a few jobs, drawn so that failures, charges for them and times are all over the place. */
function tiny(seed: number): World {
  const draw = (...of: readonly number[]): number => of.reduce((sum, one) => Math.imul(sum ^ (one + 0x9e3779b9), 0x85ebca6b) ^ (sum >>> 13), seed * 7919 + 1) >>> 0;
  const jobs = Array.from({ length: 4 }, (_, number): SimulatedJob => ({ number, at: 1000 * number, operation: 'convert', from: 'docx', to: 'pdf', bytes: 1 }));
  return {
    jobs, currency: 'USD', events: [], leastCharge: () => 0,
    providers: ['a', 'b', 'c'].map((id) => ({ id, pricing: { currency: 'USD', perCredit: '1', credits: [] }, offers: () => true })),
    outcome: ({ number }, place, nth, at): Outcome => {
      const kind = (['unavailable', 'conversion_failed', null, 'invalid_input', null, 'unavailable'] as const)[draw(number, place, nth, at > 5000 ? 1 : 0) % 6] ?? null;
      return { kind: kind === 'invalid_input' ? (draw(number) % 5 === 0 ? kind : null) : kind, ms: 500 + (draw(place, nth) % 2000), charge: kind === null || draw(number, place) % 2 === 0 ? 1 + (draw(number, place, 9) % 50) : 0 };
    },
  };
}

/** Every sequence of up to four attempts, whatever it costs. */
function tried(world: World, job: SimulatedJob): { readonly ok: boolean; readonly spent: number } {
  const all: { readonly ok: boolean; readonly spent: number }[] = [{ ok: false, spent: 0 }];
  const sequences = [1, 2, 3, 4].flatMap((length) => Array.from({ length: 3 ** length }, (_, code) => Array.from({ length }, (__, place) => Math.floor(code / 3 ** place) % 3)));
  for (const sequence of sequences) {
    let [at, spent] = [job.at, 0];
    for (const [index, place] of sequence.entries()) {
      at += sequence[index - 1] === place ? 1000 : 0;
      const { kind, ms, charge } = world.outcome(job, place, sequence.slice(0, index).filter((one) => one === place).length, at);
      [at, spent] = [at + ms, spent + charge];
      if (kind === null) {
        all.push({ ok: true, spent });
        break;
      }
      if (kind === 'invalid_input') break;
    }
  }
  return all.reduce((best, one) => (Number(one.ok) > Number(best.ok) || (one.ok === best.ok && one.spent < best.spent) ? one : best));
}

it('nothing is better than the best in hindsight: every sequence of attempts tried', () => {
  let detours = 0;
  for (let seed = 1; seed <= 60; seed += 1) {
    const world = tiny(seed);
    for (const job of world.jobs) {
      const { ok, spent } = bestCourse(world, job);
      expect({ ok, spent }).toEqual(tried(world, job));
      if (ok && world.providers.every((_, place) => world.outcome(job, place, 0, job.at).kind !== null)) detours += 1;
    }
  }
  // The control: the first attempt did not always do.
  expect(detours).toBeGreaterThan(5);
});

describe('a small day', () => {
  const world = generateDay(5, 2000);
  const best = hindsight(world);

  it('nobody spends less on as many jobs, and who knows nothing spends more than the cheapest', () => {
    const all = [...STRATEGIES.map((strategy) => strategist(strategy, world, 5)), naive('round-robin', world), naive('fixed-first', world)].map((gateway) => lineOf(replay(world, gateway), best));
    for (const { regret, success } of all) {
      expect(regret).toBeGreaterThanOrEqual(0);
      expect(success).toBeLessThanOrEqual(best.succeeded / 2000);
      expect(success).toBeGreaterThan(0.98);
    }
    const spent = new Map(all.map(({ name, spent: sum }) => [name, sum]));
    for (const name of ['round-robin', 'fixed-first', 'priority', 'weighted']) expect(spent.get(name)).toBeGreaterThan(spent.get('cheapest') ?? Infinity);
    const speed = new Map(all.map(({ name, p50 }) => [name, p50]));
    expect(speed.get('fastest')).toBeLessThan(speed.get('cheapest') ?? 0);
  });

  it('from the same seed it is told alike, with a chart that is well-formed', () => {
    const heard: string[] = [];
    const run = () => simulate(world, { strategies: ['cheapest', 'weighted'], seed: 5 }, true, (name) => heard.push(name));
    const [one, other] = [run(), run()];
    expect(other).toEqual(one);
    expect(one.table.split('\n').map((line) => line.split(' ')[0])).toEqual(['', 'hindsight', 'cheapest', 'weighted', 'round-robin', 'fixed-first']);
    expect(new Set(heard)).toEqual(new Set(['hindsight', 'cheapest', 'weighted', 'round-robin', 'fixed-first']));
    expect(one.promise?.text).toMatch(/^cheapest spends \d+\.\d\d % more than the best choice in hindsight/);
    expectWellFormed(one.chart);
    expect(one.chart.match(/<polyline/g)).toHaveLength(4);
  });

  it('a name cannot break the chart', () => {
    const odd = { ...world, jobs: world.jobs.slice(0, 20), events: ['<b> & "more"'] };
    expectWellFormed(simulate(odd, { strategies: [], seed: 5 }, false, () => undefined).chart);
  });
});

it('the promise is missed by spending more, or by losing a job', () => {
  expect(promise({ share: 0.03, lost: 0 })).toMatchObject({ held: true, text: expect.stringContaining('held') as string });
  expect(promise({ share: 0.0301, lost: 0 }).held).toBe(false);
  expect(promise({ share: 0, lost: 1 })).toMatchObject({ held: false, text: expect.stringContaining('MISSED') as string });
});

it('the queue gives what is due, the earliest first, of one time the first', () => {
  const queue = new Queue<number>();
  const times = Array.from({ length: 200 }, (_, index) => (index * 7919) % 37);
  times.forEach((time, index) => queue.add(time, index));
  const taken: number[] = [];
  for (let next = queue.takeUntil(30); next !== null; next = queue.takeUntil(30)) taken.push(next.item);
  expect(taken).toEqual(times.map((time, index) => ({ time, index })).filter(({ time }) => time <= 30).sort((one, other) => one.time - other.time || one.index - other.index).map(({ index }) => index));
});

/** Every element is closed in its turn, and nothing stands in a text that begins one. */
function expectWellFormed(svg: string): void {
  const open: string[] = [];
  for (const [, end, name, own] of svg.matchAll(/<(\/?)([a-z]+)(?: [a-z-A-Z0-9]+="[^"<]*")*(\/?)>/g)) {
    if (end === '/') expect(open.pop()).toBe(name);
    else if (own !== '/') open.push(name ?? '');
  }
  expect(open).toEqual([]);
  expect(svg.replace(/<\/?[a-z]+(?: [a-zA-Z-0-9]+="[^"<]*")*\/?>/g, '')).not.toMatch(/[<>]|&(?!#\d+;)/);
  expect(svg).not.toContain('NaN');
}
