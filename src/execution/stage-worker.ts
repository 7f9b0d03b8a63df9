import { Injectable, Logger } from '@nestjs/common';
import { ProviderError } from '../conversion/errors.js';
import { StagingTrouble } from '../files/staging.js';
import { databaseTrouble } from '../platform/database-trouble.js';
import { Registry, type RegisteredProvider } from '../providers/registry.js';
import { EarlyEnds } from './early-ends.js';
import { Poller } from './poller.js';
import type { LiveAttempt, Scene } from './scene.js';
import { Seeker } from './seeker.js';
import { LeaseLost } from './stage-store.js';
import { Submitter } from './submitter.js';

/** A stage's next piece of work, as its rows tell it. The caller releases the lease when this says how long to wait. */
@Injectable()
export class StageWorker {
  private readonly log = new Logger('worker');

  constructor(
    private readonly registry: Registry,
    private readonly submitter: Submitter,
    private readonly seeker: Seeker,
    private readonly poller: Poller,
    private readonly earlyEnds: EarlyEnds,
  ) {}

  /** Null when the stage was settled or rescheduled on the way; else the ms after which it is due again. */
  async work(scene: Scene, signal: AbortSignal): Promise<number | null> {
    const provider = this.registry.find(scene.attempt?.provider ?? scene.provider);
    try {
      if (provider === null) return await this.earlyEnds.providerRemoved(scene).then(() => null);
      return await this.next(scene, provider, signal);
    } catch (error) {
      if (error instanceof LeaseLost || databaseTrouble(error) !== null) throw error;
      if (!(error instanceof StagingTrouble)) return this.earlyEnds.stumbled(scene, error);
      this.log.error(`${error.message} Job ${scene.job.id} waits until it can be.`);
      return STAGING_TROUBLE_MS;
    }
  }

  private async next(scene: Scene, provider: RegisteredProvider, signal: AbortSignal): Promise<number | null> {
    const { attempt } = scene;
    if (attempt === null) {
      const begun = await this.submitter.begin(scene, provider);
      await (begun === null ? this.earlyEnds.noRoom(scene) : this.submit(scene, begun, provider, signal));
    } else if (attempt.status === 'running') await this.poller.poll(scene, attempt, provider, signal);
    else if (attempt.status === 'unknown' && attempt.providerJobId === null) await this.seeker.seek(scene, attempt, provider, signal);
    else await this.submit(scene, attempt, provider, signal);
    return null;
  }

  private async submit(scene: Scene, attempt: LiveAttempt, provider: RegisteredProvider, signal: AbortSignal): Promise<void> {
    try {
      await this.submitter.submit(scene, attempt, provider, scene.attempt !== null, signal);
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      // We are stopping: whoever takes the stage over goes on from the attempt's checkpoint.
      if (signal.aborted) return;
      await this.earlyEnds.notTaken(scene, attempt, provider, error);
    }
  }
}

const STAGING_TROUBLE_MS = 5000;
