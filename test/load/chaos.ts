import { setTimeout as pause } from 'node:timers/promises';
import type { World } from '../faults/support/world.ts';

/** Something bad that goes on until it is told to stop. */
export type Chaos = (world: World, random: () => number, signal: AbortSignal) => Promise<void>;

const sleep = (ms: number, signal: AbortSignal): Promise<void> => pause(ms, undefined, { signal }).catch(() => undefined);

/** Stops PostgreSQL as in a crash every 5 to 10 s, for up to 2 s. */
export const databaseComesAndGoes: Chaos = async ({ postgres }, random, signal) => {
  while (!signal.aborted) {
    await sleep(5000 + random() * 5000, signal);
    if (signal.aborted) return;
    await postgres.stop(random() < 0.5 ? 'immediate' : 'fast');
    await pause(random() * 2000);
    await postgres.start();
  }
};

/** Kills one gateway with -9 every 3 to 8 s and starts another in its place. */
export const gatewaysDie: Chaos = async (world, random, signal) => {
  while (!signal.aborted) {
    await sleep(3000 + random() * 5000, signal);
    if (signal.aborted) return;
    await killOne(world, random);
  }
};

export async function killOne(world: World, random: () => number): Promise<void> {
  const victim = world.gateways[Math.floor(random() * world.gateways.length)];
  await victim?.kill();
  await revived(world);
}

/** A start may fall into a time without a database: whoever supervises it tries again. */
async function revived(world: World): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await world.gateway();
      return;
    } catch (error) {
      if (tries === 10) throw error;
      await pause(500);
    }
  }
}
