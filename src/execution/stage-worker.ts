import { Injectable, Logger } from '@nestjs/common';
import { ProviderError } from '../conversion/errors.js';
import { StagingTrouble } from '../files/staging.js';
import { databaseTrouble } from '../platform/database-trouble.js';
import { Registry, type RegisteredProvider } from '../providers/registry.js';
import { AttemptStore } from './attempt-store.js';
import { inPlainWords } from './plain-words.js';
import { Poller } from './poller.js';
import type { LiveAttempt, Scene } from './scene.js';
import { SettleService } from './settle.service.js';
import { LeaseLost } from './stage-store.js';
import { Submitter } from './submitter.js';

/** A stage's next piece of work, as its rows tell it. The caller releases the lease when this says how long to wait. */
@Injectable()
export class StageWorker {
  private readonly log = new Logger('worker');

  constructor(
    private readonly registry: Registry,
    private readonly submitter: Submitter,
    private readonly poller: Poller,
    private readonly attempts: AttemptStore,
    private readonly settle: SettleService,
  ) {}

  /** Null when the stage was settled or rescheduled on the way; else the ms after which it is due again. */
  async work(scene: Scene, signal: AbortSignal): Promise<number | null> {
    const provider = this.registry.find(scene.attempt?.provider ?? scene.provider);
    try {
      if (provider === null) return await this.orphaned(scene);
      if (scene.attempt?.status === 'running') return await this.poller.poll(scene, scene.attempt, provider, signal).then(() => null);
      const attempt = scene.attempt ?? (await this.submitter.begin(scene, provider));
      if (attempt === null) return PROVIDER_FULL_MS;
      return await this.submit(scene, attempt, provider, signal);
    } catch (error) {
      if (error instanceof LeaseLost || databaseTrouble(error) !== null) throw error;
      if (!(error instanceof StagingTrouble)) return this.stumbled(scene, error);
      this.log.error(`${error.message} Job ${scene.job.id} waits until it can be.`);
      return STAGING_TROUBLE_MS;
    }
  }

  /** A fault of our own: the try counts as failed, so that a job on which we always stumble comes to its end like any other. */
  private async stumbled(scene: Scene, error: unknown): Promise<number | null> {
    this.log.error(error instanceof Error ? { job: scene.job.id, name: error.name, message: error.message, stack: error.stack } : 'an error that is no Error');
    const attempt = scene.attempt ?? (await this.attempts.live(scene));
    if (attempt === null) return STUMBLED_MS;
    const told = new ProviderError('unmapped', 'The gateway could not handle this attempt; its log says more.', { code: 'internal' });
    await this.settle.errored(scene, attempt, told, { credits: null }, 'timer', true);
    return null;
  }

  private async submit(scene: Scene, attempt: LiveAttempt, provider: RegisteredProvider, signal: AbortSignal): Promise<null> {
    try {
      await this.submitter.submit(scene, attempt, provider, scene.attempt !== null, signal);
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      // We are stopping: whoever takes the stage over goes on from the attempt's checkpoint.
      if (signal.aborted) return null;
      await this.settle.errored(scene, attempt, await inPlainWords(scene, error), { credits: null }, 'timer', true);
    }
    return null;
  }

  /** The provider was taken out of the configuration while the job ran. */
  private async orphaned(scene: Scene): Promise<number | null> {
    const error = new ProviderError('unauthorized', `The provider "${scene.provider}" is no longer configured.`, { code: 'removed' });
    const attempt = scene.attempt ?? (await this.attempts.begin(scene, { id: crypto.randomUUID(), reference: crypto.randomUUID() }, null));
    if (attempt !== null) await this.settle.errored(scene, attempt, error, { credits: null }, 'operator');
    return null;
  }
}

const PROVIDER_FULL_MS = 500;
const STAGING_TROUBLE_MS = 5000;
const STUMBLED_MS = 15_000;
