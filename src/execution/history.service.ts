import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { Database } from '../platform/database.js';
import { Env } from '../platform/env.js';
import { StandingStore } from '../routing/standing-store.js';
import { UnmappedErrors } from '../routing/unmapped-errors.js';
import { BEGINNING, eraseEndedJobs, eraseObservations, eraseProviderEvents, eraseQuotes, eraseStrayCallbacks, type HistoryPlace } from './history-store.js';
import { SweepTimers } from './sweep-timers.js';

const JOBS_MS = 10_000;
const OTHERS_MS = 60_000;
/** One statement, one short transaction: with a job goes all that belongs to it. */
const JOBS = 100;
const ROWS = 1000;

/** Nothing grows for ever: what ended more than HISTORY_DAYS ago is deleted. Any number of processes may do so at once. */
@Injectable()
export class HistoryService implements BeforeApplicationShutdown {
  private readonly timers = new SweepTimers();
  /** Jobs that have to stay are passed by, not looked at again and again. */
  private place: HistoryPlace = BEGINNING;

  constructor(
    private readonly database: Database,
    @Inject(Env) private readonly env: Env,
    private readonly standings: StandingStore,
    private readonly unmapped: UnmappedErrors,
  ) {}

  start(): void {
    this.timers.every(JOBS_MS, () => this.eraseJobs());
    this.timers.every(OTHERS_MS, () => this.eraseOthers());
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.timers.stop();
  }

  /** The next batch; after the last one it begins anew. True: there are more. */
  async eraseJobs(): Promise<boolean> {
    const looked = await eraseEndedJobs(this.database, this.days, this.place, JOBS);
    const last = looked[JOBS - 1];
    this.place = last ?? BEGINNING;
    return last !== undefined;
  }

  /** What belongs to no job. True: there is more. */
  async eraseOthers(): Promise<boolean> {
    const callbacks = await eraseStrayCallbacks(this.database, this.days, ROWS);
    const events = await eraseProviderEvents(this.database, this.days, ROWS);
    const quotes = await eraseQuotes(this.database, ROWS);
    const observations = await eraseObservations(this.database, this.days, ROWS);
    const breakers = await this.standings.forget(this.days, ROWS);
    const unmapped = await this.unmapped.forget(this.days, ROWS);
    return [callbacks, events, quotes, observations, breakers, unmapped].includes(ROWS);
  }

  private get days(): number {
    return this.env.raw.HISTORY_DAYS;
  }
}
