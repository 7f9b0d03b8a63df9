import { z } from 'zod';
import { ERROR_KINDS } from '../conversion/errors.js';
import { canonicalFormat } from '../conversion/formats.js';
import { OPERATIONS } from '../conversion/operations.js';

const time = z.iso.datetime({ offset: true, error: 'must be a time such as "2026-01-05T09:30:00Z"' }).transform((text) => Date.parse(text));
const provider = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 letters, digits, "-" or "_"');
const amount = z.string().regex(/^\d{1,9}(\.\d{1,8})?$/, 'must be a decimal number that is not negative, as text, such as "0.0120"');
const seconds = z.number().nonnegative().max(1_000_000);
const operation = z.string().refine((name) => OPERATIONS.has(name), 'must be an operation of the API, such as "convert"');
const format = z.string().max(40).nullish().transform((name) => (name == null ? null : canonicalFormat(name)));

const outcome = z.strictObject({ seconds: seconds.optional(), cost: amount.optional(), error: z.enum(ERROR_KINDS).optional() });
const job = z.strictObject({ time, operation, from: format, to: format, bytes: z.number().int().nonnegative().nullish().transform((bytes) => bytes ?? null), outcomes: z.record(provider, outcome).default({}) });
const price = z.strictObject({ time, provider, operation, from: format, to: format, price: amount });
const outage = z.strictObject({ time, provider, outage: seconds });

export type JobLine = z.output<typeof job>;
export type PriceLine = z.output<typeof price>;
export type OutageLine = z.output<typeof outage>;

export interface Recorded {
  readonly jobs: readonly JobLine[];
  readonly prices: readonly PriceLine[];
  readonly outages: readonly OutageLine[];
}

/** A record that cannot be replayed; the message names the line and the mend. */
export class RecordError extends Error {}

/** Reads a stream of jobs, prices and outages, a JSON object on each line. `name`: what messages call it. */
export function readRecord(text: string, name: string): Recorded {
  const jobs: JobLine[] = [];
  const prices: PriceLine[] = [];
  const outages: OutageLine[] = [];
  text.split('\n').forEach((line, index) => {
    if (line.trim() === '') return;
    const wrong = (what: string): RecordError => new RecordError(`${name}:${index + 1}: ${what}`);
    const value = parsed(line);
    if (typeof value !== 'object' || value === null) throw wrong('is not a JSON object.');
    const kind = 'price' in value ? 'price' : 'outage' in value ? 'outage' : 'job';
    const read = { job, price, outage }[kind].safeParse(value);
    if (!read.success) throw wrong(`as a line of ${kind === 'job' ? 'a job' : kind === 'price' ? 'a price' : 'an outage'}, ${read.error.issues.map(({ path, message }) => `/${path.join('/')}: ${message}`).join('; ')}.`);
    if (kind === 'price') prices.push(read.data as PriceLine);
    else if (kind === 'outage') outages.push(read.data as OutageLine);
    else jobs.push(read.data as JobLine);
  });
  if (jobs.length === 0) throw new RecordError(`${name}: has no job: a line such as {"time":"2026-01-05T09:30:00Z","operation":"convert","from":"docx","to":"pdf","bytes":20480}.`);
  if (prices.length === 0 && jobs.every(({ outcomes }) => Object.keys(outcomes).length === 0)) {
    throw new RecordError(`${name}: names no provider: add a line such as {"time":"2026-01-05T00:00:00Z","provider":"one","operation":"convert","price":"0.0120"}, or outcomes to its jobs.`);
  }
  return { jobs, prices, outages };
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return null;
  }
}
