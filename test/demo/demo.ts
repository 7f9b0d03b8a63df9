import { mkdir, rm } from 'node:fs/promises';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DemoGateway } from './gateway-process.ts';
import { bold, dim, green, red, say } from './screen.ts';
import { tellStory } from './story.ts';

/** The whole demo with its clean-up ends within a minute, whatever hangs. */
const STORY_MS = 50_000;
const EXIT_MS = 60_000;
const RESULTS = fileURLToPath(new URL('../../.data/demo/', import.meta.url));

const began = performance.now();
const seconds = (): string => `${((performance.now() - began) / 1000).toFixed(1)} s`;
const stopping = new AbortController();
const gateway = new DemoGateway();

function stopOn(signal: NodeJS.Signals): void {
  process.on(signal, () => stopping.abort(new Error(`Stopped by ${signal}.`)));
}

/** Whatever is under way ends as soon as the demo is told to stop. */
function unlessStopped<T>(work: Promise<T>): Promise<T> {
  const { signal } = stopping;
  return Promise.race([work, new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }))]);
}

async function show(): Promise<void> {
  say(`\n  ${bold('Conversion Gateway')} ${dim('· starting PostgreSQL, both vendors in the sandbox, and the gateway …')}`);
  const running = await unlessStopped(gateway.start());
  say(`  ${dim(`ready after ${seconds()} at`)} ${running.url}\n`);
  void running.ended.then((output) => stopping.abort(new Error(`The gateway ended before the demo did. ${output}`)));
  await rm(RESULTS, { recursive: true, force: true });
  await mkdir(RESULTS, { recursive: true });
  await unlessStopped(tellStory(running, relative(process.cwd(), RESULTS) || '.', stopping.signal));
}

async function main(): Promise<number> {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) stopOn(signal);
  setTimeout(() => stopping.abort(new Error(`The demo did not end within ${STORY_MS / 1000} s.`)), STORY_MS).unref();
  setTimeout(() => process.exit(1), EXIT_MS).unref();
  let failure: unknown = null;
  try {
    await show();
  } catch (error) {
    failure = stopping.signal.aborted ? stopping.signal.reason : error;
  }
  await gateway.stop();
  if (failure === null) {
    say(`\n  ${green('All of it worked')}, in ${seconds()}; everything that was started is stopped.\n`);
    return 0;
  }
  process.stderr.write(`\n  ${red('The demo failed.')} ${failure instanceof Error ? failure.message : 'Without a reason.'}\n\n`);
  return 1;
}

process.exit(await main());
