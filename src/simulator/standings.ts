import { ERROR_POLICIES, type ErrorKind } from '../conversion/errors.js';
import { CLOSED, failureRatio, next, type Breaker, type BreakerClock } from '../routing/breaker.js';
import { outageOf, UNTOUCHED, WHOLE, type Outage, type Standing } from '../routing/standing.js';
import { noted, recovered, toldAt, type Tally, type TrackRecord } from '../routing/track-record.js';

/** The first pause of an open breaker where nothing is configured. */
const FIRST_PAUSE_MS = 30_000;

/** The breakers and track records of one provider, and of each of its operations, as one gateway keeps them. */
export class Standings {
  private readonly breakers = new Map<string, Breaker>();
  private readonly records = new Map<string, TrackRecord>();

  /** `running`: jobs with an attempt under way, of whichever provider. */
  constructor(
    private readonly provider: string,
    private readonly running: ReadonlySet<string>,
  ) {}

  outage(operation: string, now: number): Outage | null {
    if (this.closed(operation)) return null;
    return outageOf(this.provider, new Map([WHOLE, operation].map((part) => [part, this.standing(part, now)])), operation);
  }

  /** Whether an attempt of the job may begin: where a breaker is not closed it may be the one that is let through. */
  admits(operation: string, job: string, now: number): boolean {
    if (this.closed(operation)) return true;
    const claims = [WHOLE, operation].flatMap((part) => {
      const breaker = this.breaker(part);
      return breaker.state === 'closed' ? [] : [{ part, after: next(breaker, { type: 'wanted', stage: job, probing: this.running.has(breaker.probe ?? '') }, clockAt(now)) }];
    });
    if (claims.some(({ after }) => after.probe !== job)) return false;
    for (const { part, after } of claims) this.breakers.set(part, after);
    return true;
  }

  /** What is the caller's fault, or nobody's, says nothing of the provider. */
  ended(operation: string, job: string, kind: ErrorKind | null, credits: number, now: number): void {
    if (kind !== null && !ERROR_POLICIES[kind].blamesProvider) return;
    const ok = kind === null;
    for (const part of [WHOLE, operation]) {
      const before = this.breaker(part);
      const counted = next(before, { type: 'ended', ok: ok ? 1 : 0, failed: ok ? 0 : 1, kind }, clockAt(now));
      const after = counted.probe === job ? next(counted, { type: 'told', stage: job, ok, kind }, clockAt(now)) : counted;
      this.breakers.set(part, after);
      if (part !== operation) continue;
      const record = noted(this.records.get(operation) ?? null, { ok: ok ? 1 : 0, failed: ok ? 0 : 1, wasted: ok ? 0 : credits }, now);
      this.records.set(operation, before.state === 'half_open' && after.state === 'closed' ? recovered(record) : record);
    }
  }

  record(operation: string, now: number): Tally | null {
    const record = this.records.get(operation);
    return record === undefined ? null : toldAt(record, now);
  }

  private closed(operation: string): boolean {
    return this.breaker(WHOLE).state === 'closed' && this.breaker(operation).state === 'closed';
  }

  private breaker(part: string): Breaker {
    return this.breakers.get(part) ?? CLOSED;
  }

  private standing(part: string, now: number): Standing {
    const breaker = this.breaker(part);
    const { state, openUntil, probe, reason, opens } = breaker;
    const due = state === 'open' ? (openUntil ?? 0) <= now : state === 'half_open' && !this.running.has(probe ?? '');
    return { ...UNTOUCHED, breaker: { state, since: null, reason, due, badness: opens + failureRatio(breaker, now) } };
  }
}

const clockAt = (now: number): BreakerClock => ({ now, firstPauseMs: FIRST_PAUSE_MS });
