import { Injectable, Logger } from '@nestjs/common';
import { ProviderError } from '../conversion/errors.js';
import type { RegisteredProvider } from '../providers/registry.js';
import { AttemptEnds } from './attempt-ends.js';
import { AttemptStore } from './attempt-store.js';
import { inPlainWords } from './plain-words.js';
import type { LiveAttempt, Scene } from './scene.js';
import { FIRST_SEARCH_MS } from './seeker.js';
import { SettleService } from './settle.service.js';
import { LeaseLost } from './stage-store.js';
import { WaitingRoom } from './waiting-room.js';

const STUMBLED_MS = 15_000;

/** Attempts that never came to run. */
@Injectable()
export class EarlyEnds {
  private readonly log = new Logger('worker');

  constructor(
    private readonly attempts: AttemptStore,
    private readonly settle: SettleService,
    private readonly room: WaitingRoom,
    private readonly ends: AttemptEnds,
  ) {}

  /** The provider has no room for it: it goes elsewhere where that is better, or waits. */
  async noRoom(scene: Scene): Promise<void> {
    await this.room.take(scene);
  }

  /** The provider did not take it; or nobody knows whether it did, and then its jobs are searched before anything else is done. */
  async notTaken(scene: Scene, attempt: LiveAttempt, provider: RegisteredProvider, error: ProviderError): Promise<void> {
    const told = await inPlainWords(scene, error);
    const searchable = attempt.providerJobId === null && provider.guarded.inner.traits.startsOnCreate && provider.guarded.canFind;
    try {
      if (error.details.created === 'unknown' && searchable) {
        await this.attempts.unknown(scene, attempt, told, FIRST_SEARCH_MS);
        this.ends.puzzled(scene, attempt, told);
      } else await this.settle.errored(scene, attempt, told, { credits: null }, 'timer', true);
    } catch (lost) {
      // Whoever took the stage over may have searched before the vendor had it.
      if (lost instanceof LeaseLost && error.details.created === 'unknown') await this.attempts.leftBehind(attempt.id);
      throw lost;
    }
  }

  /** The provider was taken out of the configuration while the job ran. */
  async providerRemoved(scene: Scene): Promise<void> {
    const error = new ProviderError('unauthorized', `The provider "${scene.provider}" is no longer configured.`, { code: 'removed', ...perhapsMade(scene.attempt) });
    const attempt = scene.attempt ?? (await this.attempts.begin(scene, { id: crypto.randomUUID(), reference: crypto.randomUUID() }, null, true));
    if (attempt !== null) await this.settle.errored(scene, attempt, error, { credits: null }, 'operator');
  }

  /** A fault of our own: the try counts as failed, so that a job on which we always stumble comes to its end like any other. Null, or the ms to wait. */
  async stumbled(scene: Scene, error: unknown): Promise<number | null> {
    this.log.error(error instanceof Error ? { job: scene.job.id, name: error.name, message: error.message, stack: error.stack } : 'an error that is no Error');
    const attempt = scene.attempt ?? (await this.attempts.live(scene));
    if (attempt === null) return STUMBLED_MS;
    const told = new ProviderError('unmapped', 'The gateway could not handle this attempt; its log says more.', { code: 'internal', ...perhapsMade(attempt) });
    await this.settle.errored(scene, attempt, told, { credits: null }, 'timer', true);
    return null;
  }
}

/** An attempt without a vendor's job may have one all the same: its create may have been on its way. */
function perhapsMade(attempt: LiveAttempt | null): { readonly created?: 'unknown' } {
  return attempt !== null && attempt.providerJobId === null ? { created: 'unknown' } : {};
}
