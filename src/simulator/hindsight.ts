import { DEFAULT_ATTEMPTS } from '../conversion/read-job.js';
import type { Replayed } from './replay.js';
import type { SimulatedJob, World } from './world.js';

/** How a job ends best. */
interface Course {
  readonly ok: boolean;
  readonly spent: number;
  readonly ms: number;
}

const NOTHING: Course = { ok: false, spent: 0, ms: 0 };
/** Nobody is asked again at once, here as in the product. */
const AGAIN_MS = 1000;

/**
 * The best choice for whoever knows beforehand what every attempt comes to: of all sequences of attempts, one right after the other and no more than a job may have, the one that goes
 * well for the least, and of those the soonest; nothing at all where none goes well. Jobs do not touch each other, so that what is best for each is best for all.
 */
export function hindsight(world: World): Replayed {
  const charges = new Float64Array(world.jobs.length);
  const done = new Uint8Array(world.jobs.length);
  const took: number[] = [];
  for (const job of world.jobs) {
    const { ok, spent, ms } = bestCourse(world, job);
    charges[job.number] = spent;
    done[job.number] = ok ? 1 : 0;
    if (ok) took.push(ms);
  }
  return { name: 'hindsight', spent: charges.reduce((sum, charge) => sum + charge, 0), succeeded: took.length, attempts: took.length, took: Float64Array.from(took).sort(), charges, done };
}

export function bestCourse(world: World, job: SimulatedJob): Course {
  const places = world.providers.flatMap((provider, place) => (provider.offers(job) ? [place] : []));
  let best = NOTHING;
  const better = (spent: number, ms: number): boolean => !best.ok || spent < best.spent || (spent === best.spent && ms < best.ms);
  const descend = (depth: number, spent: number, at: number, before: readonly number[]): void => {
    const ends = places.map((place) => {
      const begins = at + (before.at(-1) === place ? AGAIN_MS : 0);
      return { place, begins, outcome: world.outcome(job, place, before.filter((one) => one === place).length, begins) };
    });
    for (const { begins, outcome } of ends) {
      const ms = begins + outcome.ms - job.at;
      if (outcome.kind === null && better(spent + outcome.charge, ms)) best = { ok: true, spent: spent + outcome.charge, ms };
    }
    if (depth === DEFAULT_ATTEMPTS) return;
    for (const { place, begins, outcome } of ends) {
      // A broken file is broken everywhere; and a detour that cannot be cheaper any more is none.
      if (outcome.kind === null || outcome.kind === 'invalid_input') continue;
      const later = begins + outcome.ms;
      if (best.ok && spent + outcome.charge + world.leastCharge(job, later) >= best.spent) continue;
      descend(depth + 1, spent + outcome.charge, later, [...before, place]);
    }
  };
  descend(1, 0, job.at, []);
  return best;
}
