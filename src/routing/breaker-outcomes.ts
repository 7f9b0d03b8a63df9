import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import type { ErrorKind } from '../conversion/errors.js';
import { databaseTrouble } from '../platform/database-trouble.js';
import { ACCOUNT_TROUBLES } from './breaker.js';
import { BreakerStore, type Outcomes } from './breaker-store.js';
import { StandingBoard } from './standing-board.js';
import { WHOLE } from './standing.js';

/** An attempt that ended and says something of the provider it ran at. `kind`: of a failure; null: it went well. */
export interface AttemptOutcome {
  readonly provider: string;
  readonly operations: readonly string[];
  readonly stage: string;
  readonly kind: ErrorKind | null;
  /** What the vendor charged, in its credits; null, and left out: it did not tell. */
  readonly credits?: number | null;
}

type Waiting = { -readonly [Field in keyof Outcomes]: Field extends 'stages' ? Map<string, boolean> : Outcomes[Field] } & { readonly provider: string; readonly operation: string };

/** Successes wait so long for company. */
const GATHER_MS = 2000;

/**
 * Brings what attempts came to before the breakers, of the provider and of each operation. Successes are gathered, so that a job that goes well costs nothing;
 * failures, and what happens where a breaker is not closed, are written at once, with all that waits. What a crash takes with it is evidence, never a state.
 */
@Injectable()
export class BreakerOutcomes implements OnApplicationShutdown {
  private readonly log = new Logger('providers');
  private readonly waiting = new Map<string, Waiting>();
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> | null = null;

  constructor(
    private readonly store: BreakerStore,
    private readonly board: StandingBoard,
  ) {}

  note(outcome: AttemptOutcome): void {
    const { provider, operations, stage, kind, credits } = outcome;
    const names = new Set(operations);
    for (const operation of [WHOLE, ...names]) {
      const key = `${provider} ${operation}`;
      const waiting = this.waiting.get(key) ?? { provider, operation, ok: 0, failed: 0, wasted: 0, kind: null, stages: new Map<string, boolean>() };
      if (kind === null) waiting.ok += 1;
      // Nobody knows which of several operations was charged.
      else Object.assign(waiting, { failed: waiting.failed + 1, wasted: (waiting.wasted ?? 0) + (credits ?? 0) / (operation === WHOLE ? 1 : names.size), kind: graver(waiting.kind, kind) });
      waiting.stages.set(stage, kind === null);
      this.waiting.set(key, waiting);
    }
    if (kind !== null || !this.board.closed(provider, operations)) void this.flush();
    else this.timer ??= setTimeout(() => void this.flush(), GATHER_MS);
  }

  /** One at a time: what comes meanwhile goes together afterwards. */
  flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.writing ??= this.write().finally(() => (this.writing = null));
    return this.writing;
  }

  async onApplicationShutdown(): Promise<void> {
    await this.flush();
  }

  private async write(): Promise<void> {
    // After this turn, so that what ended together is written together.
    await Promise.resolve();
    while (this.waiting.size > 0) {
      const all = [...this.waiting.values()];
      this.waiting.clear();
      for (const one of all) {
        await this.store.record(one.provider, one.operation, one).catch((error: unknown) => this.log.warn(`An outcome at ${one.provider} is not counted: ${databaseTrouble(error) ?? (error as Error).message}`));
      }
    }
  }
}

/** That the account was refused is not forgotten for what else failed beside it. */
const graver = (before: ErrorKind | null, now: ErrorKind): ErrorKind => (before !== null && ACCOUNT_TROUBLES.has(before) ? before : now);
