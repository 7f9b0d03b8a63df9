import { AsyncLocalStorage } from 'node:async_hooks';
import type { ErrorKind } from '../../../src/conversion/errors.js';

/** Where a worker may stop in the middle of its work, for a while or for ever. */
export type Stop = 'before create' | 'after create' | 'start' | 'read' | 'keep' | 'find';

/** What a vendor says while one worker does one piece of work. */
export interface Script {
  readonly create: 'made' | 'made, answer lost' | 'answer lost' | ErrorKind;
  readonly start: 'ok' | ErrorKind;
  readonly read: Telling;
  /** How fetching the results goes. */
  readonly keep: 'ok' | 'output_invalid' | 'unavailable' | 'no room';
  readonly find: 'truth' | 'cannot';
  readonly stopsAt: Stop | null;
}

export type Telling =
  | { readonly as: 'running'; readonly progress: number | null; readonly word: string }
  | { readonly as: 'succeeded'; readonly refusal: string | null }
  | { readonly as: 'failed'; readonly kind: ErrorKind }
  | { readonly as: 'canceled' }
  /** Nothing can be learned this time. */
  | { readonly as: 'unreadable'; readonly kind: ErrorKind };

/** Vendors at their best. */
export const CALM: Script = { create: 'made', start: 'ok', read: { as: 'succeeded', refusal: null }, keep: 'ok', find: 'truth', stopsAt: null };

const turns = new AsyncLocalStorage<Turn>();

/** One worker's piece of work, which may stop in the middle (its process hangs, or is dead for good) and go on later, when the world has changed. */
export class Turn {
  readonly stopped: Promise<'stopped'>;
  private tellStopped: (value: 'stopped') => void = () => undefined;
  private goOn: () => void = () => undefined;
  private readonly thawed: Promise<void>;
  private done: Promise<'done'> = Promise.resolve('done');

  constructor(readonly script: Script) {
    this.stopped = new Promise((resolve) => (this.tellStopped = resolve));
    this.thawed = new Promise((resolve) => (this.goOn = resolve));
  }

  /** Whether the work came to its end, or stopped. */
  run(work: () => Promise<void>): Promise<'done' | 'stopped'> {
    this.done = turns.run(this, work).then(() => 'done' as const);
    return Promise.race([this.done, this.stopped]);
  }

  async thaw(): Promise<void> {
    this.goOn();
    await this.done;
  }

  /** The turn that calls: what is asked outside of any (a cancel that nobody waits for) is answered calmly. */
  static get now(): Turn {
    return turns.getStore() ?? new Turn(CALM);
  }

  async passes(point: Stop): Promise<void> {
    if (this.script.stopsAt !== point) return;
    this.tellStopped('stopped');
    await this.thawed;
  }
}
