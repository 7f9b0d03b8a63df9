import { chart } from './chart.js';
import { naive, strategist } from './gateways.js';
import { hindsight } from './hindsight.js';
import type { Options } from './options.js';
import { replay } from './replay.js';
import { lineOf, promise, table } from './verdict.js';
import type { World } from './world.js';

export interface Simulation {
  readonly table: string;
  /** Null: nothing is promised of such a stream, or `cheapest` was not asked for. */
  readonly promise: ReturnType<typeof promise> | null;
  readonly chart: string;
}

/** Replays the stream against each strategy, and beside them against those who know nothing and against who knows all beforehand. */
export function simulate(world: World, { strategies, seed }: Pick<Options, 'strategies' | 'seed'>, promised: boolean, progress: (name: string, share: number) => void): Simulation {
  progress('hindsight', 0);
  const best = hindsight(world);
  const gateways = [...strategies.map((strategy) => () => strategist(strategy, world, seed)), ...(['round-robin', 'fixed-first'] as const).map((name) => () => naive(name, world))];
  const replayed = gateways.map((make) => {
    const gateway = make();
    return replay(world, gateway, (share) => progress(gateway.name, share));
  });
  const lines = [best, ...replayed].map((one) => lineOf(one, best));
  const cheapest = lines.find(({ name }) => name === 'cheapest');
  return { table: table(lines, world.currency), promise: promised && cheapest !== undefined ? promise(cheapest) : null, chart: chart(world, best, replayed) };
}
