import { Injectable } from '@nestjs/common';
import { appendEvents } from '../jobs/event-store.js';
import { Database } from '../platform/database.js';
import { LimitBoard } from '../routing/limit-board.js';
import type { Exclusion } from '../routing/filters.js';
import { affordable } from './left-to-spend.js';
import { Replanner } from './replan.js';
import { RoomKeeper } from './room-keeper.js';
import type { Scene } from './scene.js';
import { StageStore } from './stage-store.js';

/** Who waits looks by itself whether it would be better elsewhere by now, and whether it was forgotten; the more wait, the less often. */
const LOOK_MS = 30_000;
const LOOKS_A_SECOND = 20;

/** Where a stage goes that its provider has no room for. */
@Injectable()
export class WaitingRoom {
  constructor(
    private readonly database: Database,
    private readonly limits: LimitBoard,
    private readonly replanner: Replanner,
    private readonly rooms: RoomKeeper,
    private readonly stages: StageStore,
  ) {}

  /** Elsewhere, once, where waiting costs more than the difference; else it waits until it is let in. */
  async take(scene: Scene): Promise<void> {
    const spill = scene.spilled ? null : this.replanner.spillFrom(scene);
    if (spill !== null && (await this.moves(scene, spill))) return;
    await this.waits(scene);
    this.rooms.waits(scene.provider);
  }

  private async moves(scene: Scene, { code, message }: Exclusion): Promise<boolean> {
    return this.database.transaction(async (sql) => {
      await this.stages.hold(sql, scene.lease);
      const tried = [...new Set([...scene.history.map(({ provider }) => provider), scene.provider])];
      return (await affordable(this.replanner.elsewhere(sql, scene, scene.history, tried, 'timer', { why: { reason: code, message }, net: false, spills: true }))) === true;
    });
  }

  /** Its place is kept however often it looks: those who wait are ordered by when their stages were made. The timeline tells once. */
  private async waits(scene: Scene): Promise<void> {
    const { provider, lease, job, stepIds } = scene;
    const afterMs = Math.max(LOOK_MS, (this.limits.of(provider).waiting / LOOKS_A_SECOND) * 1000) * (1 + Math.random() / 4);
    await this.database.transaction(async (sql) => {
      await this.stages.hold(sql, lease);
      sql.later(`UPDATE stage SET room = 'waits' WHERE id = $1`, [lease.stageId]);
      const reason = this.limits.pausedMs(provider) > 0 ? 'rate_limited' : 'concurrency';
      if (scene.room === null) appendEvents(sql, job.id, [{ type: 'stage.waiting', cause: 'timer', detail: { provider, steps: stepIds, reason, message: MESSAGES[reason](provider) } }]);
      this.stages.releaseWith(sql, lease, afterMs, false);
    });
  }
}

const MESSAGES = {
  concurrency: (provider: string) => `"${provider}" runs as many jobs as it may; this one begins when there is room.`,
  rate_limited: (provider: string) => `"${provider}" asked to be left alone for a while; this one begins after that.`,
} as const;
