import { Decimal } from 'decimal.js';
import type { Decision } from './decision-record.js';
import type { Exclusion } from './filters.js';
import type { Queue } from './limit-board.js';
import type { Outage } from './standing.js';

/** Why work goes past a provider that could run it: who has no room, and what waiting there would cost. */
export type Spill = Outage & { readonly code: Queue['code'] };

/** A plan as far as it is compared with another. */
interface Planned {
  readonly decision: Decision;
  readonly exclusions: readonly Exclusion[];
}

/** What is taken for the work of those ahead where nobody can tell. */
const USUAL_SECONDS = 10;
/** A price that nobody knows is worth no more than so long a wait. */
const UNKNOWN_WORTH_SECONDS = 60;

/** How long whoever comes now waits there, in seconds: until the provider may be asked again, and for those ahead, so many at once. */
export function secondsOfWaiting({ ahead, limit, pausedMs }: Queue, secondsEach: number | null): number {
  const queue = limit === null ? 0 : ((ahead + 1) * (secondsEach ?? USUAL_SECONDS)) / limit;
  return pausedMs / 1000 + queue;
}

/** Whether to go where it costs `dearer` more (null: nobody can tell) rather than wait for `seconds` longer. What both do not tell is no difference. */
export function isWorthMoving(seconds: number, dearer: Decimal | null, perMinute: Decimal): boolean {
  if (seconds <= 0) return false;
  return dearer === null ? seconds > UNKNOWN_WORTH_SECONDS : perMinute.mul(seconds).div(60).gt(dearer);
}

/**
 * The plan that is best with the waiting counted in. One provider after the other that has no room is left out, the longest wait first, and each plan that is
 * left (`without`) is held against the best so far. There is always one: whoever has nowhere to go waits.
 */
export function spilled<Route extends Planned>(route: Route, queues: readonly Queue[], perMinute: string, operations: readonly string[], without: (spills: readonly Spill[]) => Route): Route {
  const wait = (planned: Planned): number => Math.max(0, ...queuesOf(planned, queues).map((queue) => waitAt(planned, queue)));
  let best = route;
  let spills: readonly Spill[] = [];
  for (let last = route; ; ) {
    const [worst] = queuesOf(last, queues).sort((one, other) => waitAt(last, other) - waitAt(last, one));
    if (worst === undefined) return best;
    spills = [...spills, ...operations.map((operation) => spillOf(worst, operation, waitAt(last, worst)))];
    last = without(spills);
    if (last.decision.winner === null) return best;
    if (isWorthMoving(wait(best) - wait(last), difference(best, last), new Decimal(perMinute))) best = last;
  }
}

const queuesOf = ({ decision }: Planned, queues: readonly Queue[]): Queue[] => queues.filter(({ provider }) => decision.plan.some((part) => part.provider === provider));
const waitAt = ({ decision }: Planned, queue: Queue): number => secondsOfWaiting(queue, decision.quotes.find(({ provider }) => provider === queue.provider)?.seconds ?? null);

function spillOf({ provider, code, limit }: Queue, operation: string, seconds: number): Spill {
  const why = code === 'rate_limited' ? 'asked to be left alone for a while' : `has no room: it runs ${limit ?? 0} at once`;
  return { provider, operation, code, badness: 0, message: `"${provider}" ${why}; waiting there for about ${Math.max(1, Math.round(seconds))} s costs more than the difference.` };
}

/** By how much the other is dearer; null where one of them is known and the other is not. */
function difference(here: Planned, there: Planned): Decimal | null {
  const [one, other] = [costOf(here), costOf(there)];
  if (one === null && other === null) return new Decimal(0);
  return one === null || other === null ? null : other.sub(one);
}

function costOf({ decision: { plan } }: Planned): Decimal | null {
  return plan.reduce<Decimal | null>((sum, { cost: { amount } }) => (sum === null || amount === null ? null : sum.add(amount)), new Decimal(0));
}
