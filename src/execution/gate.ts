import { Injectable } from '@nestjs/common';
import { appendEvents } from '../jobs/event-store.js';
import { Database } from '../platform/database.js';
import { BreakerStore } from '../routing/breaker-store.js';
import { StandingBoard } from '../routing/standing-board.js';
import type { Outage } from '../routing/standing.js';
import { ruledOut } from './decide.js';
import { affordable } from './left-to-spend.js';
import { Replanner } from './replan.js';
import type { Scene } from './scene.js';
import { StageStore } from './stage-store.js';

/** A job that has nobody but a provider that an operator took out looks so often whether it is back. */
const WAITING_MS = 5000;

/** Whether an attempt may begin where its stage was planned: what stood well then may be out by now. Asks the database only where something speaks against it. */
@Injectable()
export class Gate {
  constructor(
    private readonly database: Database,
    private readonly board: StandingBoard,
    private readonly breakers: BreakerStore,
    private readonly replanner: Replanner,
    private readonly stages: StageStore,
  ) {}

  /** True: it may begin. Else the stage was planned anew, or waits. */
  async lets(scene: Scene): Promise<boolean> {
    const { provider, stepIds, job } = scene;
    const operations = [...new Set(job.graph.steps.filter(({ id }) => stepIds.includes(id)).map(({ operation }) => operation))];
    const [outage] = this.board.outages([provider], operations);
    if (outage === undefined && this.board.closed(provider, operations)) return true;
    if (outage?.code !== 'state' && (await this.breakers.claimProbe(provider, operations, scene.lease.stageId))) return true;
    if (await this.movesOn(scene, outage)) return false;
    // Nobody else is left: an open breaker is better than no provider, an operator's word is not.
    if (outage?.code !== 'state') return true;
    await this.waits(scene, outage);
    return false;
  }

  /** To somebody who was not tried; when an operator leaves no choice, to anybody for whom it is not hopeless. */
  private async movesOn(scene: Scene, outage: Outage | undefined): Promise<boolean> {
    const tried = scene.history.map(({ provider }) => provider);
    const why = { reason: outage?.code ?? 'breaker', message: outage?.message ?? `The breaker of "${scene.provider}" lets one attempt through at a time.` };
    return this.database.transaction(async (sql) => {
      await this.stages.hold(sql, scene.lease);
      const without = async (others: readonly string[]): Promise<boolean> => (await affordable(this.replanner.elsewhere(sql, scene, scene.history, [...new Set([...others, scene.provider])], 'timer', { why, net: false }))) === true;
      return (await without(tried)) || (outage?.code === 'state' && (await without(ruledOut(scene.history))));
    });
  }

  /** Its deadline ends it, if nothing else does. The timeline tells once what it waits for. */
  private async waits(scene: Scene, { provider, message }: Outage): Promise<void> {
    await this.database.transaction(async (sql) => {
      await this.stages.hold(sql, scene.lease);
      const [last] = await sql.query<{ type: string }>('SELECT type FROM event WHERE job_id = $1 ORDER BY sequence DESC LIMIT 1', [scene.job.id]);
      if (last?.type !== 'stage.waiting') appendEvents(sql, scene.job.id, [{ type: 'stage.waiting', cause: 'operator', detail: { provider, steps: scene.stepIds, reason: 'state', message } }]);
      this.stages.releaseWith(sql, scene.lease, WAITING_MS, false);
    });
  }
}
