import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { generateDay } from './day.js';
import { readOptions, USAGE, WHOLE_DAY, type Options } from './options.js';
import { readRecord, RecordError } from './record.js';
import { recordedWorld } from './recorded-world.js';
import { simulate } from './simulate.js';
import type { World } from './world.js';

/** `npm run simulate`. Exit code 1: what is promised of `cheapest` is missed; 2: there was nothing to replay. */
function main(args: readonly string[]): number {
  const read = readOptions(args);
  if ('help' in read) {
    process.stdout.write(USAGE);
    return 0;
  }
  if ('wrong' in read) {
    process.stderr.write(`${read.wrong}\n${USAGE}`);
    return 2;
  }
  const { options } = read;
  // Before the work, not after it.
  if (options.out !== null) writeFileSync(options.out, '');
  const world = worldOf(options);
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  say(`Seed ${options.seed}; ${world.jobs.length} jobs, ${world.providers.length} providers.`);
  for (const event of world.events) say(event);
  const simulated = simulate(world, options, options.record === null && options.jobs >= WHOLE_DAY, progress);
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  say(`\n${simulated.table}\n`);
  if (options.out !== null) {
    writeFileSync(options.out, simulated.chart);
    say(`The chart is in ${resolve(options.out)}.`);
  }
  if (simulated.promise === null) return 0;
  say(simulated.promise.text);
  return simulated.promise.held ? 0 : 1;
}

function worldOf({ record, jobs, seed }: Options): World {
  if (record === null) return generateDay(seed, jobs);
  let text: string;
  try {
    text = readFileSync(record, 'utf8');
  } catch (error) {
    throw new RecordError(`${record}: cannot be read: ${error instanceof Error ? error.message : 'unknown'}.`);
  }
  return recordedWorld(readRecord(text, record), seed);
}

/** On a terminal one line that changes; elsewhere one for each. */
function progress(name: string, share: number): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${name}: ${Math.round(share * 100)} %`);
  else if (share === 0) process.stderr.write(`${name} …\n`);
}

try {
  process.exitCode = main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof RecordError ? error.message : `The simulation could not finish: ${error instanceof Error ? error.message : 'unknown'}`}\n`);
  process.exitCode = 2;
}
