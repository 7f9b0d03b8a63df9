import { availableParallelism, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { accept } from './accept.ts';
import { callback } from './callback.ts';
import { catalogue } from './catalogue.ts';
import { openGround, type Ground } from './ground.ts';
import { planner } from './planner.ts';
import { reconcile } from './reconcile.ts';

/** Prints its figures; true when every floor is held. `quick`: short rounds, to see that it runs; its figures are rough. */
export type Bench = (ground: Ground, quick: boolean) => Promise<boolean>;

/** npm run bench <name> [-- --quick]. Exit code 1: a floor is missed; 2: there is nothing to judge. */
const BENCHES: ReadonlyMap<string, Bench> = new Map([['accept', accept], ['callback', callback], ['catalogue', catalogue], ['reconcile', reconcile]]);
/** Those that need neither a server nor a database. */
const PURE: ReadonlyMap<string, (quick: boolean) => Promise<boolean>> = new Map([['planner', planner]]);

const { positionals, values } = parseArgs({ allowPositionals: true, options: { quick: { type: 'boolean', default: false } } });

async function run(): Promise<number> {
  const name = positionals[0] ?? '';
  const bench = BENCHES.get(name);
  const pure = PURE.get(name);
  if ((bench === undefined && pure === undefined) || positionals.length > 1) {
    console.error(`Say which bench: npm run bench <name> [-- --quick], with one of ${[...BENCHES.keys(), ...PURE.keys()].join(', ')}.`);
    return 2;
  }
  const load = loadavg()[0] ?? 0;
  if (load > availableParallelism() / 2) console.log(`The machine is busy with something else (load ${load.toFixed(1)}): believe the spread, not the medians.`);
  if (bench === undefined) return (await pure?.(values.quick)) === true ? 0 : 1;
  const ground = await openGround();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void ground.end().finally(() => process.exit(2)));
  try {
    return (await bench(ground, values.quick)) ? 0 : 1;
  } finally {
    await ground.end();
  }
}

run().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error);
    process.exit(2);
  },
);
