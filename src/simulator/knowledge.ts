import { Decimal } from 'decimal.js';
import type { StepWish } from '../conversion/provider.js';
import { secondsOf, targetOf, workOf } from '../routing/catalogue-view.js';
import { hopeOf } from '../routing/hope.js';
import type { Candidate } from '../routing/plan-step.js';
import { priceOf, type PriceSources } from '../routing/pricing.js';
import type { Outage } from '../routing/standing.js';
import { Learning } from './learning.js';
import { Standings } from './standings.js';
import { UNITS, wishOf, type Outcome, type SimulatedJob, type SimulatedProvider } from './world.js';

interface Known {
  readonly provider: SimulatedProvider;
  readonly standings: Standings;
  readonly learning: Learning;
  readonly candidate: Candidate;
}

/**
 * What a gateway knows by now of the providers, from its configuration and from what its own attempts came to. This is the one place where the simulation hands
 * facts to the product's decisions, as its router does; what the database does for it there is done by maps.
 */
export class Knowledge {
  private now = 0;
  private readonly running = new Set<string>();
  private readonly all: readonly Known[];

  constructor(providers: readonly SimulatedProvider[]) {
    this.all = providers.map((provider) => {
      const [standings, learning] = [new Standings(provider.id, this.running), new Learning()];
      return { provider, standings, learning, candidate: this.candidate(provider, standings, learning) };
    });
  }

  /** Nobody knows of anything later than this. */
  at(now: number): void {
    this.now = now;
  }

  get candidates(): readonly Candidate[] {
    return this.all.map(({ candidate }) => candidate);
  }

  outages(operation: string): readonly Outage[] {
    return this.all.flatMap(({ standings }) => standings.outage(operation, this.now) ?? []);
  }

  /** Two decisions about the same kind of work are made from the same facts for as long as this is the same. */
  state(wish: StepWish): string {
    return this.all.map(({ standings, learning }) => {
      const told = standings.record(wish.operation, this.now);
      return `${learning.state(wish, this.now)} ${told === null ? '' : `${told.ok} ${told.failed} ${told.wasted}`}`;
    }).join('|');
  }

  admits(place: number, { operation, number }: SimulatedJob): boolean {
    return this.all[place]?.standings.admits(operation, String(number), this.now) ?? false;
  }

  begins({ number }: SimulatedJob): void {
    this.running.add(String(number));
  }

  ends(place: number, job: SimulatedJob, { kind, ms, charge }: Outcome): void {
    this.running.delete(String(job.number));
    const known = this.all[place];
    if (known === undefined) return;
    const credits = new Decimal(charge).div(UNITS).div(known.provider.pricing.perCredit).toNumber();
    known.standings.ended(job.operation, String(job.number), kind, credits, this.now);
    if (kind === null) known.learning.take(wishOf(job), { credits, seconds: ms / 1000, at: this.now });
  }

  private candidate({ id, pricing, offers }: SimulatedProvider, standings: Standings, learning: Learning): Candidate {
    const sources: PriceSources = { pricing, vendor: () => null, learned: (wish) => workOf(learning, wish, 'credits') };
    return {
      id, wholeGraph: true, weight: 1, takes: () => ({ offered: true }), delivers: () => ({ offered: true }), judge: () => [],
      offers: (wish) => (offers({ operation: wish.operation, from: wish.from, to: targetOf(wish) }) ? { offered: true } : { offered: false, reason: 'It is not offered there.' }),
      price: (wish) => priceOf(wish, sources),
      seconds: (wish) => secondsOf(learning, wish),
      hope: (wish) => hopeOf(learning, wish, sources),
      record: (operation) => {
        const told = standings.record(operation, this.now);
        return told === null || told.failed === 0 ? null : { ok: told.ok, failed: told.failed, failedCost: new Decimal(told.wasted).div(told.failed).mul(pricing.perCredit) };
      },
    };
  }
}
