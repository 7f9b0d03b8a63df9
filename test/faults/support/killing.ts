import { once } from 'node:events';
import type { Gateway } from '../../support/gateway.ts';
import type { Commit, Order, Side, Word } from './commit-recorder.ts';
import type { World } from './world.ts';

/** Variables of a gateway that can be killed at a commit. */
export const RECORDED = { NODE_OPTIONS: `--import=${new URL('./commit-recorder.ts', import.meta.url).href}` } as const;

/** Tells the recorder inside the gateway what to do; it has heard when this is done. */
export async function order(gateway: Gateway, what: Order): Promise<void> {
  const heard = new Promise<void>((resolve) => {
    const listen = (message: Partial<Word>): void => {
      if (message.recorder !== 'heard') return;
      gateway.process.off('message', listen);
      resolve();
    };
    gateway.process.on('message', listen);
  });
  // Nobody may be left to hear it.
  gateway.process.send({ recorder: what }, () => undefined);
  await heard;
}

export interface Watched {
  /** In the order in which they were made. */
  readonly commits: readonly Commit[];
  /** What was seen and is no job's. */
  readonly leftOut: readonly Commit[];
}

/** What the gateway commits while `live` runs, from the statement on that inserts the job. */
export async function watch(gateway: Gateway, live: () => Promise<unknown>): Promise<Watched> {
  const commits: Commit[] = [];
  const leftOut: Commit[] = [];
  const listen = (word: Word): void => {
    if (word.recorder === 'commit') commits.push(word.commit);
    if (word.recorder === 'left out') leftOut.push(word.commit);
  };
  gateway.process.on('message', listen);
  await order(gateway, { do: 'watch' });
  await live();
  await order(gateway, { do: 'rest' });
  gateway.process.off('message', listen);
  return { commits, leftOut };
}

export interface Moment {
  readonly place: string;
  /** Which commit of that place, from 1. */
  readonly nth: number;
  readonly side: Side;
}

/** How often a place is taken: polls and claims come as often as the clock has it, and say the same each time. */
const TIMES = 2;

/** Both sides of every commit. */
export function momentsOf(commits: readonly Commit[]): Moment[] {
  const seen = new Map<string, number>();
  return commits.flatMap(({ place }) => {
    const nth = (seen.get(place) ?? 0) + 1;
    seen.set(place, nth);
    return nth > TIMES ? [] : (['before', 'after'] as const).map((side) => ({ place, nth, side }));
  });
}

/** Waits until the gateway has killed itself; false when `meanwhile` ends first. */
export async function killed(gateway: Gateway, { place, nth, side }: Moment, meanwhile: () => Promise<unknown>): Promise<boolean> {
  await order(gateway, { do: 'kill', place, nth, side });
  const dead = once(gateway.process, 'exit').then(() => true);
  let met = await Promise.race([dead, meanwhile().then(() => false)]);
  // The moment may come just now: whoever is dead hears nothing any more.
  if (!met) met = await Promise.race([dead, order(gateway, { do: 'rest' }).then(() => false)]);
  if (met && gateway.process.signalCode !== 'SIGKILL') throw new Error(`the gateway ended by itself:\n${gateway.output()}`);
  return met;
}

/** What the dead one held is free now, and not after the 15 s that it had left: those are waited for once, in FI-01. */
export async function forgetTheDead({ postgres }: World): Promise<void> {
  for (const table of ['stage', 'delivery']) await postgres.query(`UPDATE ${table} SET lease_until = now() WHERE lease_owner IS NOT NULL`);
}
