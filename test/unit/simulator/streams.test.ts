import { generateDay } from '../../../src/simulator/day.js';
import { readOptions } from '../../../src/simulator/options.js';
import { readRecord } from '../../../src/simulator/record.js';
import { recordedWorld } from '../../../src/simulator/recorded-world.js';

const outcomes = (world: ReturnType<typeof generateDay>) => world.jobs.slice(0, 50).flatMap((job) => world.providers.map((_, place) => world.outcome(job, place, 0, job.at)));

describe('a generated day', () => {
  it('is the same for the same seed, to the last outcome, and another for another', () => {
    const [one, same, other] = [generateDay(7, 500), generateDay(7, 500), generateDay(8, 500)];
    expect(same.jobs).toEqual(one.jobs);
    expect(same.events).toEqual(one.events);
    expect(outcomes(same)).toEqual(outcomes(one));
    expect(other.jobs).not.toEqual(one.jobs);
    expect(outcomes(other)).not.toEqual(outcomes(one));
  });

  it('has its jobs in order, on one day, two outages and a price that rises', () => {
    const { jobs, events } = generateDay(3, 2000);
    expect(jobs).toHaveLength(2000);
    expect(jobs.map(({ at }) => at)).toEqual(jobs.map(({ at }) => at).sort((one, other) => one - other));
    expect((jobs.at(-1)?.at ?? 0) - (jobs[0]?.at ?? 0)).toBeLessThan(86_400_000);
    expect(events).toEqual([expect.stringMatching(/^birch is out/), expect.stringMatching(/^cedar is out/), expect.stringMatching(/^birch raises its prices/)]);
  });
});

const line = (value: object): string => JSON.stringify(value);
const JOB = { time: '2026-01-05T09:30:00Z', operation: 'convert', from: 'docx', to: 'pdf', bytes: 1000 };
const PRICE = { time: '2026-01-05T00:00:00Z', provider: 'one', operation: 'convert', price: '0.0120' };
const read = (...lines: readonly object[]) => recordedWorld(readRecord(lines.map(line).join('\n'), 'r.ndjson'), 1);

describe('a record', () => {
  it('tells jobs, prices from their time on, outages, and what became of attempts', () => {
    const world = read(
      { ...JOB, outcomes: { two: { seconds: 3, cost: '0.5', error: 'unavailable' } } }, PRICE, { ...PRICE, time: '2026-01-05T09:00:00Z', price: '0.0200' },
      { time: '2026-01-05T10:00:00Z', provider: 'one', outage: 60 }, { ...JOB, time: '2026-01-05T08:00:00Z' },
    );
    const [early, late] = world.jobs;
    expect(world.providers.map(({ id }) => id)).toEqual(['one', 'two']);
    expect(early && world.outcome(early, 0, 0, early.at)).toEqual({ kind: null, ms: 10_000, charge: 1_200_000 });
    expect(late && world.outcome(late, 0, 0, late.at)).toMatchObject({ kind: null, charge: 2_000_000 });
    expect(late && world.outcome(late, 0, 0, Date.parse('2026-01-05T10:00:30Z'))).toMatchObject({ kind: 'unavailable', charge: 0 });
    expect(late && world.outcome(late, 1, 0, late.at)).toEqual({ kind: 'unavailable', ms: 3000, charge: 50_000_000 });
  });

  it.each<[string, readonly string[], RegExp]>([
    ['nothing', [], /r\.ndjson: has no job/],
    ['no JSON', [line(JOB), '{oops'], /r\.ndjson:2: is not a JSON object/],
    ['an operation that there is not', [line({ ...JOB, operation: 'conjure' })], /r\.ndjson:1: as a line of a job, \/operation: must be an operation/],
    ['a negative price', [line(JOB), line({ ...PRICE, price: '-1' })], /r\.ndjson:2: as a line of a price, \/price: must be a decimal number/],
    ['a time that is none', [line({ ...JOB, time: 'noon' })], /\/time: must be a time such as/],
    ['an unknown word', [line({ ...JOB, colour: 'red' })], /r\.ndjson:1: as a line of a job, .*colour/],
    ['nobody to run them', [line(JOB)], /r\.ndjson: names no provider: add/],
  ])('with %s is refused, and the line is named', (_, lines, message) => {
    expect(() => readRecord(lines.join('\n'), 'r.ndjson')).toThrow(message);
  });
});

describe('options', () => {
  it('nothing said: a whole day, all strategies', () => {
    expect(readOptions([])).toMatchObject({ options: { jobs: 100_000, seed: 1, record: null, out: null, strategies: ['cheapest', 'fastest', 'most-reliable', 'balanced', 'priority', 'weighted'] } });
    expect(readOptions(['--strategy', 'fastest', '--jobs=5', '--seed', '0', '--out', 'a.svg'])).toEqual({ options: { jobs: 5, seed: 0, record: null, out: 'a.svg', strategies: ['fastest'] } });
    expect(readOptions(['--help'])).toEqual({ help: true });
  });

  it.each<[readonly string[], RegExp]>([
    [['--jobs', 'many'], /--jobs must be a whole number from 1 to 1000000, not "many"/],
    [['--jobs', '0'], /--jobs must be/],
    [['--seed', '-1'], /seed/],
    [['--seed', '1.5'], /--seed must be a whole number/],
    [['--strategy', 'fastes'], /There is no strategy "fastes"; did you mean "fastest"\?/],
    [['--out', 'chart.png'], /--out must name a file that ends in "\.svg"/],
    [['--record', 'a.ndjson', '--jobs', '5'], /A record has its own jobs/],
    [['--fast'], /--fast/],
    [['more'], /more/],
  ])('%j is refused', (args, message) => {
    expect(readOptions(args)).toEqual({ wrong: expect.stringMatching(message) as string });
  });
});
