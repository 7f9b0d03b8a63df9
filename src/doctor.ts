import 'reflect-metadata';
import module from 'node:module';
import { parseArgs } from 'node:util';
import type { Variables } from './doctor-checks.js';
import { exitCodeOf, renderCheck, renderJson, renderSummary, type Check } from './doctor-report.js';

const USAGE = `Usage: npm run doctor -- [--sync] [--live] [--json]
  --sync  also keeps the vendors' catalogues as they are now
  --live  also runs one tiny real job at each provider, which spends credits
  --json  prints the same as JSON
`;
const SPENDS = 'This runs one tiny real job at each provider, and spends credits there.';

async function* checks(variables: Variables, { live, sync }: Flags, signal: AbortSignal, warn: (line: string) => void): AsyncGenerator<Check> {
  const { examine } = await import('./doctor-checks.js');
  const subject = yield* examine(variables, signal, live);
  if (subject === null || subject.configs.length === 0) return;
  if (sync) {
    const { syncCatalogues } = await import('./doctor-catalogue.js');
    yield* syncCatalogues(subject, signal);
  }
  if (!live) return;
  warn(SPENDS);
  // The whole service: loaded where it is needed alone.
  const { examineLive } = await import('./doctor-live.js');
  yield* examineLive(subject, signal);
}

interface Flags {
  readonly live: boolean;
  readonly sync: boolean;
  readonly json: boolean;
}

function readFlags(): Flags | null {
  try {
    const { values } = parseArgs({ options: { live: { type: 'boolean', default: false }, sync: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } } });
    return values;
  } catch {
    return null;
  }
}

async function main(): Promise<number> {
  module.enableCompileCache();
  const flags = readFlags();
  if (flags === null) {
    process.stderr.write(USAGE);
    return 2;
  }
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort(new Error('It was stopped.')));
  // JSON alone belongs on stdout, for who pipes it.
  const say = (line: string): void => void (flags.json ? process.stderr : process.stdout).write(`${line}\n`);
  const found: Check[] = [];
  for await (const check of checks(process.env, flags, stop.signal, say)) {
    found.push(check);
    if (!flags.json) say(renderCheck(check));
    stop.signal.throwIfAborted();
  }
  process.stdout.write(`${flags.json ? renderJson(found) : renderSummary(found)}\n`);
  return exitCodeOf(found);
}

main().then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    process.stderr.write(`The doctor could not finish: ${error instanceof Error ? error.message : 'unknown'}\n`);
    process.exitCode = 1;
  },
);
