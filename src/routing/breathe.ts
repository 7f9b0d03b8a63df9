import { setTimeout } from 'node:timers/promises';

/** In ms: a good deal longer than any piece of the work that it divides. */
const PAUSE_MS = 5;

/** Between two pieces of work that nobody waits for: everything else has the process, and the processor, to itself for a while. */
export async function breathe(): Promise<void> {
  await setTimeout(PAUSE_MS);
}
