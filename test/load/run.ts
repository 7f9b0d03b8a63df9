import { availableParallelism, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { l1, l2, l3, l4, l6, soak, type Load } from './loads.ts';

/** npm run load <name> [-- --seconds 60 --rate 50 --jobs 1000 --seed 7]. Exit code 1: a bar is missed; 2: there is nothing to judge. */
const LOADS: ReadonlyMap<string, Load> = new Map([['L1', l1], ['L2', l2], ['L3', l3], ['L4', l4], ['L6', l6], ['soak', soak]]);

const number = { type: 'string' } as const;
const { positionals, values } = parseArgs({ allowPositionals: true, options: { seconds: number, rate: number, jobs: number, seed: number } });

async function run(): Promise<number> {
  const load = LOADS.get(positionals[0] ?? '');
  if (load === undefined || positionals.length > 1) {
    console.error(`Say which load: npm run load <name> [-- --seconds 60 --rate 50 --jobs 1000 --seed 7], with one of ${[...LOADS.keys()].join(', ')}.`);
    return 2;
  }
  const busy = loadavg()[0] ?? 0;
  if (busy > availableParallelism() / 2) console.log(`The machine is busy with something else (load ${busy.toFixed(1)}): its figures are not this service's.`);
  const seed = values.seed === undefined ? Math.floor(Math.random() * 1e9) : Number(values.seed);
  console.log(`${positionals[0]} with seed ${seed}`);
  const told = (value: string | undefined): number | null => (value === undefined ? null : Number(value));
  return (await load({ seed, seconds: told(values.seconds), perSecond: told(values.rate), jobs: told(values.jobs) })) ? 0 : 1;
}

run().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error);
    process.exit(2);
  },
);
