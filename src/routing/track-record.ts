/** How attempts ended, weighed: the older they are, the less they count. */
export interface Tally {
  readonly ok: number;
  /** For reasons of the provider's own. */
  readonly failed: number;
  /** What the failed ones were charged, in the vendor's credits. */
  readonly wasted: number;
}

/** How a provider does with one operation. */
export interface TrackRecord extends Tally {
  /** When it was last added to, in ms since 1970 by the database's clock. */
  readonly at: number;
  /** What decisions are made by: it moves only when the tally has left it behind, so that noise changes nothing. */
  readonly told: Tally;
}

/** So many attempts that went well are put to everybody's account beforehand: a few that fail say little, and who was never tried is trusted. */
const TRUST = 20;
/** Only the latest count: where there are many a good deal more, where there are few none from long ago. */
const MOST = 200;
const HALF_LIFE_MS = 6 * 3_600_000;
/** Who is not used any more is forgiven in steps, at one time in all processes. */
const STEP_MS = 3_600_000;
/** What is no news: a change of the chance of failure by so much, or by so many of its standard errors. */
const LEAST_CHANGE = 0.01;
const ERRORS = 1.5;
/** What a failure counts of an outage that is over: breakers keep those short. */
const FORGIVEN = 0.25;
/** Less than half a failure is none. */
const HARDLY = 0.5;

export const UNTRIED: Tally = { ok: 0, failed: 0, wasted: 0 };

/** How likely an attempt is to fail for reasons of the provider's own; exactly 0 where none has. */
export function chanceOfFailure({ ok, failed }: Pick<Tally, 'ok' | 'failed'>): number {
  return failed === 0 ? 0 : failed / (ok + failed + TRUST);
}

/** The record with what attempts came to since. */
export function noted(record: TrackRecord | null, { ok, failed, wasted }: Tally, now: number): TrackRecord {
  const before = record === null ? UNTRIED : scaled(record, 0.5 ** (Math.max(0, now - record.at) / HALF_LIFE_MS));
  const all = before.ok + before.failed + ok + failed;
  const tally = scaled({ ok: before.ok + ok, failed: before.failed + failed, wasted: before.wasted + wasted }, Math.min(1, MOST / Math.max(all, 1)));
  return { ...tally, at: Math.max(now, record?.at ?? now), told: settled(record?.told ?? UNTRIED, tally) };
}

/** The record of a provider that is back after its breaker was open. */
export function recovered(record: TrackRecord): TrackRecord {
  const tally = { ok: record.ok, failed: rounded(record.failed * FORGIVEN), wasted: rounded(record.wasted * FORGIVEN) };
  return { ...tally, at: record.at, told: settled(record.told, tally) };
}

/** What is known by now: a record that nobody adds to fades. */
export function toldAt(record: TrackRecord, now: number): Tally {
  const steps = Math.floor(Math.max(0, now - record.at) / STEP_MS);
  return steps === 0 ? record.told : settled(record.told, scaled(record, 0.5 ** ((steps * STEP_MS) / HALF_LIFE_MS)));
}

function settled(told: Tally, tally: Tally): Tally {
  if (tally.failed < HARDLY) return told.failed === 0 ? told : { ...tally, failed: 0, wasted: 0 };
  const [before, chance] = [chanceOfFailure(told), chanceOfFailure(tally)];
  const error = Math.sqrt((chance * (1 - chance)) / (tally.ok + tally.failed + TRUST));
  return Math.abs(chance - before) > Math.max(LEAST_CHANGE, ERRORS * error) ? { ok: tally.ok, failed: tally.failed, wasted: tally.wasted } : told;
}

const scaled = ({ ok, failed, wasted }: Tally, by: number): Tally => ({ ok: rounded(ok * by), failed: rounded(failed * by), wasted: rounded(wasted * by) });
const rounded = (count: number): number => Math.round(count * 10_000) / 10_000;
