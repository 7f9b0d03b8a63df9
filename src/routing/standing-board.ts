import { Injectable } from '@nestjs/common';
import type { AccountTrouble } from './breaker.js';
import { allClosed, outageOf, WHOLE, type Outage, type Standings } from './standing.js';
import type { Tally } from './track-record.js';

const NONE: Standings = new Map();

/** How this process knows every provider to stand. Who reads never waits; the loader puts news in place. */
@Injectable()
export class StandingBoard {
  private standings: ReadonlyMap<string, Standings> = new Map();

  of(provider: string): Standings {
    return this.standings.get(provider) ?? NONE;
  }

  put(standings: ReadonlyMap<string, Standings>): void {
    this.standings = standings;
  }

  /** What keeps new work of these operations from these providers. */
  outages(providers: readonly string[], operations: readonly string[]): readonly Outage[] {
    if (this.standings.size === 0) return [];
    return providers.flatMap((provider) => operations.flatMap((operation) => outageOf(provider, this.of(provider), operation) ?? []));
  }

  /** How attempts at an operation ended lately; null: none did. */
  record(provider: string, operation: string): Tally | null {
    return this.of(provider).get(operation)?.record ?? null;
  }

  /** What the vendor says against the account, until it was seen to work again. */
  trouble(provider: string): AccountTrouble | null {
    return this.of(provider).get(WHOLE)?.breaker.cause ?? null;
  }

  /** Whether every breaker that these operations pass at a provider is closed. */
  closed(provider: string, operations: readonly string[]): boolean {
    return operations.every((operation) => allClosed(this.of(provider), operation));
  }
}
