import type { ErrorKind } from '../conversion/errors.js';
import { bell, chance } from './chance.js';
import { UNITS, type Outcome, type SimulatedJob, type SimulatedProvider, type World } from './world.js';

/** Of one kind of work: how often it is asked for, how long it takes at an average provider, and what kind of files. */
interface Kind {
  readonly share: number;
  readonly operation: string;
  readonly from: string;
  readonly to: string | null;
  readonly seconds: number;
  readonly bytes: number;
  /** Credits for one file, in the order of the providers; null: not offered there. */
  readonly credits: readonly (number | null)[];
}

interface Character {
  readonly id: string;
  readonly perCredit: string;
  /** Of an average provider's time. */
  readonly pace: number;
  /** The share of attempts that it fails for a moment, and that of files that it cannot do. */
  readonly stumbles: number;
  readonly cannot: number;
  readonly chargesFailures: boolean;
}

const CHARACTERS: readonly Character[] = [
  { id: 'atlas', perCredit: '0.0100', pace: 1, stumbles: 0.006, cannot: 0.003, chargesFailures: false },
  { id: 'birch', perCredit: '0.0080', pace: 1.6, stumbles: 0.012, cannot: 0.005, chargesFailures: true },
  { id: 'cedar', perCredit: '0.0090', pace: 1.2, stumbles: 0.008, cannot: 0.004, chargesFailures: false },
  { id: 'dune', perCredit: '0.0150', pace: 0.4, stumbles: 0.001, cannot: 0.001, chargesFailures: false },
];

const KINDS: readonly Kind[] = [
  { share: 0.34, operation: 'convert', from: 'jpg', to: 'webp', seconds: 3, bytes: 600_000, credits: [1, 1, 1, 1] },
  { share: 0.24, operation: 'convert', from: 'docx', to: 'pdf', seconds: 8, bytes: 400_000, credits: [1, 1.2, 1.2, 1] },
  { share: 0.16, operation: 'compress', from: 'pdf', to: null, seconds: 6, bytes: 4_000_000, credits: [2, 1.8, 2, 2] },
  { share: 0.12, operation: 'thumbnail', from: 'pdf', to: 'png', seconds: 2, bytes: 2_000_000, credits: [1, 1, 1, null] },
  { share: 0.08, operation: 'ocr', from: 'png', to: 'txt', seconds: 15, bytes: 1_500_000, credits: [3, null, 3, 2.5] },
  { share: 0.06, operation: 'convert', from: 'mov', to: 'mp4', seconds: 60, bytes: 60_000_000, credits: [8, 9, null, 7] },
];

const START = Date.UTC(2026, 0, 5);
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
/** Files that nobody can read. */
const BROKEN = 0.004;
/** What birch takes for everything once it has raised its prices. */
const RAISE = 1.5;

interface Outage {
  readonly provider: number;
  readonly from: number;
  readonly until: number;
}

/** A day: more work at noon than at night, two outages of the cheaper providers, and the cheapest raises its prices without a word. */
export function generateDay(seed: number, count: number): World {
  const within = (name: string, least: number, most: number): number => Math.round(least + chance(seed, name) * (most - least));
  const outages: readonly Outage[] = [
    outage(1, START + within('first', 8 * 60, 10 * 60) * MINUTE_MS, within('first for', 25, 50)),
    outage(2, START + within('second', 17 * 60, 19 * 60) * MINUTE_MS, within('second for', 30, 70)),
  ];
  const raisedAt = START + within('raise', 12 * 60, 14 * 60) * MINUTE_MS;
  const jobs = arrivals(seed, count).map((at, number) => ({ number, at, ...asked(seed, number) }));
  const credits = (job: SimulatedJob, provider: number, at: number): number => (kindOf(job)?.credits[provider] ?? 0) * (provider === 1 && at >= raisedAt ? RAISE : 1);
  const charge = (job: SimulatedJob, provider: number, at: number): number => Math.round(credits(job, provider, at) * Number(CHARACTERS[provider]?.perCredit) * UNITS);
  return {
    jobs, currency: 'USD',
    providers: CHARACTERS.map((character, place) => provided(character, place)),
    events: [
      ...outages.map(({ provider, from, until }) => `${CHARACTERS[provider]?.id ?? ''} is out from ${clock(from)} to ${clock(until)}.`),
      `birch raises its prices by half at ${clock(raisedAt)}; nobody is told.`,
    ],
    outcome: (job, provider, nth, at) => {
      const { kind, ms } = fate(seed, job, provider, nth, outages.some((one) => one.provider === provider && at >= one.from && at < one.until));
      const charged = kind === null || (kind === 'conversion_failed' && CHARACTERS[provider]?.chargesFailures === true);
      return { kind, ms, charge: charged ? charge(job, provider, at) : 0 };
    },
    leastCharge: (job, from) => Math.min(...CHARACTERS.flatMap((_, provider) => (kindOf(job)?.credits[provider] == null ? [] : [charge(job, provider, from), charge(job, provider, Infinity)]))),
  };
}

const outage = (provider: number, from: number, minutes: number): Outage => ({ provider, from, until: from + minutes * MINUTE_MS });
const clock = (at: number): string => new Date(at).toISOString().slice(11, 16);
const kindOf = ({ operation, from }: Pick<SimulatedJob, 'operation' | 'from'>): Kind | undefined => KINDS.find((kind) => kind.operation === operation && kind.from === from);

/** A bell around one in the afternoon over an even rest. */
function arrivals(seed: number, count: number): readonly number[] {
  const times = Array.from({ length: count }, (_, number) => {
    const at = chance(seed, 'busy', number) < 0.4 ? chance(seed, 'at', number) : 13 / 24 + 0.12 * bell(chance(seed, 'one', number), chance(seed, 'other', number));
    return START + Math.floor((((at % 1) + 1) % 1) * DAY_MS);
  });
  return times.sort((one, other) => one - other);
}

function asked(seed: number, number: number): Pick<SimulatedJob, 'operation' | 'from' | 'to' | 'bytes'> {
  let left = chance(seed, 'kind', number);
  const kind = KINDS.find(({ share }) => (left -= share) < 0) ?? KINDS[0];
  const { operation = 'convert', from = 'jpg', to = 'webp', bytes = 1 } = kind ?? {};
  return { operation, from, to, bytes: Math.round(bytes * Math.exp(0.5 * bell(chance(seed, 'size', number), chance(seed, 'sizes', number)))) };
}

function provided({ id, perCredit }: Character, place: number): SimulatedProvider {
  const rows = KINDS.flatMap(({ operation, from, to, credits }) => (credits[place] == null ? [] : [{ operation, from, ...(to === null ? {} : { to }), credits: credits[place] }]));
  return { id, pricing: { currency: 'USD', perCredit, credits: rows }, offers: ({ operation, from }) => kindOf({ operation, from })?.credits[place] != null };
}

/** A file that one provider cannot do is no trouble for the others; one that is broken is broken everywhere. */
function fate(seed: number, job: SimulatedJob, provider: number, nth: number, out: boolean): Pick<Outcome, 'ms'> & { readonly kind: ErrorKind | null } {
  const { pace = 1, stumbles = 0 } = CHARACTERS[provider] ?? {};
  if (out) return { kind: 'unavailable', ms: 2000 };
  if (chance(seed, 'broken', job.number) < BROKEN) return { kind: 'invalid_input', ms: 1000 };
  if (chance(seed, 'stumbles', job.number, provider, nth) < stumbles) return { kind: 'unavailable', ms: 5000 };
  const seconds = (kindOf(job)?.seconds ?? 1) * pace * Math.exp(0.4 * bell(chance(seed, 'pace', job.number, provider), chance(seed, 'paces', job.number, provider)));
  return { kind: whoCannot(seed, job) === provider ? 'conversion_failed' : null, ms: Math.round(seconds * 1000) };
}

function whoCannot(seed: number, { number }: SimulatedJob): number {
  let left = chance(seed, 'cannot', number);
  return CHARACTERS.findIndex(({ cannot }) => (left -= cannot) < 0);
}
