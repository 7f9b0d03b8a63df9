import type { ErrorKind } from '../conversion/errors.js';
import { chance } from './chance.js';
import type { PriceLine, Recorded } from './record.js';
import { UNITS, type Outcome, type SimulatedJob, type World } from './world.js';

type Wish = Pick<SimulatedJob, 'operation' | 'from' | 'to'>;

/** Where nothing was recorded of a provider's times. */
const GUESS_MS = 10_000;
const OUT: Outcome = { kind: 'unavailable', ms: 2000, charge: 0 };
/** A file that failed so fails so again. */
const LASTING: readonly (ErrorKind | null)[] = ['invalid_input', 'conversion_failed', 'unsupported', 'output_invalid'];

/**
 * The world that a record tells of. What an attempt comes to that nobody made is borrowed from one that was recorded of the same operation at the same provider;
 * where there is none it goes well. What a job cost somewhere tells the price there from then on, as a line of a price does.
 */
export function recordedWorld({ jobs: lines, prices: listed, outages }: Recorded, seed: number): World {
  const sorted = [...lines].sort((one, other) => one.time - other.time);
  const told = sorted.flatMap(({ time, operation, from, to, outcomes }) =>
    Object.entries(outcomes).flatMap(([provider, { cost, error }]): PriceLine[] => (cost === undefined || error !== undefined ? [] : [{ time, provider, operation, from, to, price: cost }])));
  const prices = [...listed, ...told].sort((one, other) => one.time - other.time);
  const ids = [...new Set([...prices, ...sorted.flatMap(({ outcomes }) => Object.keys(outcomes).map((provider) => ({ provider }))), ...outages].map(({ provider }) => provider))];
  const ran = groupedBy(sorted.flatMap(({ operation, from, to, outcomes }) => Object.entries(outcomes).map(([provider, outcome]) => ({ provider, operation, from, to, ...outcome }))), ({ provider, operation }) => `${provider} ${operation}`);
  const priced = groupedBy(prices, ({ provider, operation }) => `${provider} ${operation}`);
  const rowsOf = (id: string, wish: Wish): readonly PriceLine[] => (priced.get(`${id} ${wish.operation}`) ?? []).filter((line) => matches(line, wish));
  const chargeAt = (id: string, wish: Wish, at: number): number => {
    const rows = rowsOf(id, wish);
    return toUnits((rows.findLast(({ time }) => time <= at) ?? rows[0])?.price ?? '0');
  };

  return {
    currency: 'USD',
    jobs: sorted.map(({ time, operation, from, to, bytes }, number) => ({ number, at: time, operation, from, to, bytes })),
    events: [`${sorted.length} jobs of a record, ${ids.length} providers, ${outages.length} outages.`],
    providers: ids.map((id) => ({
      id,
      pricing: { currency: 'USD', perCredit: '1', credits: firstOfEach(prices.filter(({ provider }) => provider === id)) },
      offers: (wish) => rowsOf(id, wish).length > 0 || (ran.get(`${id} ${wish.operation}`) ?? []).some((one) => matches(one, wish)),
    })),
    leastCharge: () => 0,
    outcome: (job, place, nth, at) => {
      const id = ids[place] ?? '';
      if (outages.some(({ provider, time, outage }) => provider === id && at >= time && at < time + outage * 1000)) return OUT;
      const own = sorted[job.number]?.outcomes ?? {};
      if (Object.values(own).some(({ error }) => error === 'invalid_input')) return { kind: 'invalid_input', ms: 1000, charge: 0 };
      const others = ran.get(`${id} ${job.operation}`) ?? [];
      const borrowed = others[Math.floor(chance(seed, 'borrowed', job.number, place, nth) * others.length)];
      const recorded = own[id];
      const { seconds, cost, error } = (recorded !== undefined && (nth === 0 || LASTING.includes(recorded.error ?? null)) ? recorded : { seconds: borrowed?.seconds, cost: undefined, error: passing(borrowed?.error) });
      return { kind: error ?? null, ms: seconds === undefined ? GUESS_MS : Math.round(seconds * 1000), charge: cost !== undefined ? toUnits(cost) : error === undefined ? chargeAt(id, job, at) : 0 };
    },
  };
}

/** Another file's own fault is none of this one's. */
const passing = (error: ErrorKind | undefined): ErrorKind | undefined => (error === 'invalid_input' ? undefined : error);
const toUnits = (amount: string): number => Math.round(Number(amount) * UNITS);
const matches = (line: Wish, wish: Wish): boolean => line.operation === wish.operation && (line.from === null || line.from === wish.from) && (line.to === null || line.to === wish.to);

function groupedBy<Item>(items: readonly Item[], key: (item: Item) => string): ReadonlyMap<string, readonly Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group === undefined) groups.set(key(item), [item]);
    else group.push(item);
  }
  return groups;
}

/** What an operator would have known when the record began. */
function firstOfEach(prices: readonly PriceLine[]): readonly { readonly operation: string; readonly from?: string; readonly to?: string; readonly credits: number }[] {
  const first = new Map<string, PriceLine>();
  for (const line of prices) {
    const key = `${line.operation} ${line.from ?? ''} ${line.to ?? ''}`;
    if (!first.has(key)) first.set(key, line);
  }
  return [...first.values()].map(({ operation, from, to, price }) => ({ operation, ...(from === null ? {} : { from }), ...(to === null ? {} : { to }), credits: Number(price) }));
}
