import type { Job } from './rest-client.ts';

const NAME_WIDTH = 40;
const live = process.stdout.isTTY;
const colour = (code: number) => (text: string): string => (live ? `\u001b[${code}m${text}\u001b[0m` : text);
export const green = colour(32);
export const red = colour(31);
export const dim = colour(2);
export const bold = colour(1);

export const say = (line = ''): void => void process.stdout.write(`${line}\n`);

/** What is left of the terminal's width behind a job's name and time: a line that wraps could not be rewritten. */
const room = (): number => Math.max(0, (process.stdout.columns || 80) - NAME_WIDTH - 14);

/** "1.9 MB" */
export function readableSize(bytes: number): string {
  return bytes < 1_000_000 ? `${Math.max(1, Math.round(bytes / 1000))} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** One line for one job: rewritten as it moves on a terminal, written once at its end elsewhere. */
export class JobLine {
  private readonly began = performance.now();
  private readonly name: string;

  constructor(name: string) {
    this.name = name.padEnd(NAME_WIDTH);
  }

  moved(job: Job): void {
    if (live) this.write(`${dim('·')} ${this.name} ${this.seconds()}  ${dim(`${job.status} ${journey(job)}`.slice(0, room()))}`);
  }

  ended(job: Job): void {
    const mark = job.status === 'completed' ? green('✔') : red('✘');
    this.write(`${mark} ${this.name} ${this.seconds()}  ${job.status} ${journey(job)}`);
    if (live) say();
  }

  private seconds(): string {
    return `${((performance.now() - this.began) / 1000).toFixed(1)} s`.padStart(6);
  }

  private write(line: string): void {
    if (live) process.stdout.write(`\r\u001b[2K  ${line}`);
    else say(`  ${line}`);
  }
}

/** The providers that were tried, in order: "at runconvert, after api2convert failed". */
function journey({ attempts, steps }: Job): string {
  const now = [...new Set(steps.map(({ provider }) => provider).filter((provider) => provider !== null))].join(' and ');
  const failed = [...new Set(attempts.filter(({ status }) => status === 'errored').map(({ provider }) => provider))].filter((provider) => provider !== now);
  return `${now === '' ? '' : `at ${now}`}${failed.length === 0 ? '' : `, after ${failed.join(' and ')} failed`}`;
}
