import { Injectable, Logger } from '@nestjs/common';
import { hasEnded } from '../jobs/states.js';
import { DeadlyWork } from './deadly-work.js';
import { Gate } from './gate.js';
import { SceneLoader } from './scene.js';
import { LeaseLost, MOST_LOST, StageStore, SUSPECT, type Lease } from './stage-store.js';
import { StageWorker } from './stage-worker.js';

/** What waits to be worked on alone is looked at again after this. */
const ALONE_MS = 500;

/** One turn at a stage that was claimed, from its lease to giving that back. */
@Injectable()
export class StageTurn {
  private readonly log = new Logger('engine');

  constructor(
    private readonly stages: StageStore,
    private readonly scenes: SceneLoader,
    private readonly worker: StageWorker,
    private readonly deadly: DeadlyWork,
    private readonly gate: Gate,
  ) {}

  /** `stopping`: the process ends, and hands over what it has. `lost`: the lease is no longer held. Rejects with what was nobody's to handle. */
  async take(lease: Lease, stopping: AbortSignal, lost: AbortSignal): Promise<void> {
    try {
      if (lease.lost >= MOST_LOST) return await this.deadly.giveUp(lease);
      if (lease.lost >= SUSPECT) {
        if (!this.stages.suspects.take(lease)) return await this.stages.release(lease, ALONE_MS, false);
        await this.stages.alone(lease);
      }
      await this.workOn(lease, stopping, lost);
    } catch (error) {
      if (error instanceof LeaseLost) return this.log.debug(error.message);
      throw error;
    } finally {
      this.stages.suspects.leave(lease);
    }
  }

  private async workOn(lease: Lease, stopping: AbortSignal, lost: AbortSignal): Promise<void> {
    const scene = await this.scenes.load(lease);
    if (scene === null) return;
    if (hasEnded(scene.job.status) || scene.stageStatus !== 'active') return this.stages.release(lease, null);
    if (scene.attempt === null && !(await this.gate.lets(scene))) return;
    // Only reads and results are broken off with the lease: a create that is on its way is awaited, or nobody would know what it made.
    const signal = scene.attempt?.status === 'running' ? AbortSignal.any([stopping, lost]) : stopping;
    const afterMs = await this.worker.work(scene, signal);
    if (afterMs !== null) await this.stages.release(lease, afterMs);
    else if (stopping.aborted) await this.stages.release(lease, 0);
  }
}
