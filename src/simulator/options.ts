import { parseArgs } from 'node:util';
import { STRATEGIES, type Strategy } from '../conversion/job-graph.js';
import { nearest } from '../conversion/nearest.js';

export const USAGE = `Usage: npm run simulate -- [--jobs <count>] [--seed <number>] [--record <file.ndjson>] [--strategy <name>]… [--out <file.svg>]
  --jobs      how many jobs the generated day has; 100000 where nothing is said
  --seed      another day: times, files, failures, outages; 1 where nothing is said
  --record    replays this stream of jobs, prices and outages, a JSON object on each line
  --strategy  only this one, and others that are named; all where nothing is said
  --out       also draws the result into this file
  --help      prints this
`;

export interface Options {
  readonly jobs: number;
  readonly seed: number;
  readonly record: string | null;
  readonly strategies: readonly Strategy[];
  readonly out: string | null;
}

/** As many jobs as the promise is about. */
export const WHOLE_DAY = 100_000;
const MOST_JOBS = 1_000_000;
const MOST_SEED = 2 ** 31 - 1;

/** What was asked for; "help"; or what is wrong with it, in a sentence. */
export function readOptions(args: readonly string[]): { readonly options: Options } | { readonly help: true } | { readonly wrong: string } {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: { jobs: { type: 'string' }, seed: { type: 'string' }, record: { type: 'string' }, strategy: { type: 'string', multiple: true }, out: { type: 'string' }, help: { type: 'boolean', default: false } },
    }));
  } catch (error) {
    return { wrong: (error as Error).message };
  }
  if (values.help) return { help: true };
  const jobs = whole(values.jobs ?? String(WHOLE_DAY), 1, MOST_JOBS);
  if (jobs === null) return { wrong: `--jobs must be a whole number from 1 to ${MOST_JOBS}, not "${values.jobs}".` };
  const seed = whole(values.seed ?? '1', 0, MOST_SEED);
  if (seed === null) return { wrong: `--seed must be a whole number from 0 to ${MOST_SEED}, not "${values.seed}".` };
  if (values.record !== undefined && values.jobs !== undefined) return { wrong: 'A record has its own jobs: leave out --jobs, or --record.' };
  const unknown = values.strategy?.find((name) => !STRATEGIES.some((known) => known === name));
  if (unknown !== undefined) {
    const near = nearest(unknown, STRATEGIES);
    return { wrong: `There is no strategy "${unknown}"; ${near === null ? `use one of ${STRATEGIES.join(', ')}` : `did you mean "${near}"?`}${near === null ? '.' : ''}` };
  }
  if (values.out !== undefined && !/\.svg$/i.test(values.out)) return { wrong: `--out must name a file that ends in ".svg", not "${values.out}".` };
  return { options: { jobs, seed, record: values.record ?? null, strategies: STRATEGIES.filter((name) => values.strategy?.includes(name) ?? true), out: values.out ?? null } };
}

function whole(text: string, least: number, most: number): number | null {
  const number = /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN;
  return number >= least && number <= most ? number : null;
}
