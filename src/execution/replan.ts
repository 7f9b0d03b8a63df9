import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import type { Step } from '../conversion/job-graph.js';
import { appendDecision } from '../jobs/decision-store.js';
import { appendEvents, type Cause } from '../jobs/event-store.js';
import type { Transaction } from '../platform/transaction.js';
import { lossesOf } from '../jobs/job-store.js';
import { Registry } from '../providers/registry.js';
import { RouterService, type Route } from '../routing/router.service.js';
import type { Exclusion } from '../routing/filters.js';
import type { Try } from './decide.js';
import type { Scene } from './scene.js';
import { StageStore } from './stage-store.js';

/** When the new stages begin, why the plan changes, and whether a provider with an open breaker will do. */
export interface Replan {
  readonly afterMs?: number;
  readonly why?: { readonly reason: string | undefined; readonly message?: string };
  readonly net?: boolean;
  /** Waiting where it was would have cost more. */
  readonly spills?: boolean;
}

type Planned = Extract<Route, { readonly stages: unknown }>;

/** Plans what is left of a job anew, after a provider fell out for some of its steps. What is done, or runs elsewhere, stays. */
@Injectable()
export class Replanner {
  constructor(
    private readonly router: RouterService,
    private readonly registry: Registry,
    private readonly stages: StageStore,
  ) {}

  /** Providers that could run the stage's steps if nothing had been tried. */
  open(scene: Scene): readonly string[] {
    return this.registry.ids().filter((id) => {
      const others = this.registry.ids().filter((other) => other !== id);
      return 'stages' in this.router.route(scene.job.graph, scene.job.graph.steps, this.stepsOf(scene, scene.stepIds), others);
    });
  }

  /** Why a stage that its provider has no room for is better off elsewhere; null: it is not. */
  spillFrom(scene: Scene): Exclusion | null {
    const tried = scene.history.map(({ provider }) => provider).filter((provider) => provider !== scene.provider);
    const route = this.plan(scene, scene.stepIds, tried, false);
    if (route === null || route.stages.some(({ provider }) => provider === scene.provider)) return null;
    return route.exclusions.find(({ provider, code }) => provider === scene.provider && (code === 'concurrency' || code === 'rate_limited')) ?? null;
  }

  /**
   * Puts new stages in place of the scene's, and of those that have not begun, without the providers in `tried`.
   * False, and nothing written, when no plan exists.
   */
  async elsewhere(sql: Transaction, scene: Scene, history: readonly Try[], tried: readonly string[], cause: Cause, { afterMs = 0, why = { reason: history.at(-1)?.kind }, net = true, spills = false }: Replan = {}): Promise<boolean> {
    const waiting = await sql.query<{ id: string; step_ids: string[] }>(`SELECT id, step_ids FROM stage WHERE job_id = $1 AND status = 'waiting'`, [scene.job.id]);
    const all = this.plan(scene, [...scene.stepIds, ...waiting.flatMap((stage) => stage.step_ids)], tried, net);
    const route = all ?? this.plan(scene, scene.stepIds, tried, net);
    if (route === null) return false;
    const { stages } = route;
    const replaced = [scene.lease.stageId, ...(all === null ? [] : waiting.map(({ id }) => id))];
    this.stages.end(sql, replaced, 'superseded');
    await this.insert(sql, scene, route, history, afterMs, spills);
    appendDecision(sql, scene.job.id, route.decision);
    appendEvents(sql, scene.job.id, [
      { type: 'plan.changed', cause, detail: { from: scene.provider, ...why, stages: stages.map(({ provider, stepIds }) => ({ provider, steps: stepIds })) } },
    ]);
    sql.tell('conversion_due', '');
    return true;
  }

  /** The same at one provider alone, whatever was tried. */
  async at(sql: Transaction, scene: Scene, history: readonly Try[], provider: string, cause: Cause, afterMs: number): Promise<boolean> {
    return this.elsewhere(sql, scene, history, this.registry.ids().filter((id) => id !== provider), cause, { afterMs });
  }

  private plan(scene: Scene, stepIds: readonly string[], tried: readonly string[], net: boolean): Planned | null {
    const route = this.router.route(scene.job.graph, scene.job.graph.steps, this.stepsOf(scene, stepIds), tried, net);
    return 'stages' in route ? route : null;
  }

  private stepsOf(scene: Scene, stepIds: readonly string[]): readonly Step[] {
    return scene.job.graph.steps.filter((step) => stepIds.includes(step.id));
  }

  private async insert(sql: Transaction, scene: Scene, { stages }: Planned, history: readonly Try[], afterMs: number, spills: boolean): Promise<void> {
    const { steps } = scene.job.graph;
    // Read here, under the job's lock: the scene is older than the call that failed, and other stages may have ended since.
    const rows = await sql.query<{ id: string }>(`SELECT id FROM job_step WHERE job_id = $1 AND status <> 'done'`, [scene.job.id]);
    const undone = new Set(rows.map(({ id }) => id));
    for (const [position, stage] of stages.entries()) {
      const own = new Set(stage.stepIds);
      const needs = [...new Set(steps.filter(({ id }) => own.has(id)).flatMap((step) => step.inputs.filter((id) => undone.has(id) && !own.has(id))))];
      const carriesOn = stage.stepIds.some((id) => scene.stepIds.includes(id));
      sql.later(
        `INSERT INTO stage (id, job_id, tenant, spilled, position, provider, step_ids, needs, status, history, lost_leases, due_at)
         VALUES ($1, $2, $10, $11, $3, $4, $5, $6, CASE WHEN $6 = '{}'::text[] THEN 'active' ELSE 'waiting' END, $7::jsonb, $8, CASE WHEN $6 = '{}'::text[] THEN now() + make_interval(secs => $9::float8 / 1000) END)`,
        [uuidv7(), scene.job.id, position, stage.provider, stage.stepIds, needs, JSON.stringify(carriesOn ? history : []), carriesOn ? scene.lease.lost : 0, afterMs, scene.job.tenant, spills && carriesOn],
      );
    }
    const lost = stages.flatMap(({ stepIds, losses }) => stepIds.map((id) => ({ id, losses: lossesOf(id, losses) })));
    sql.later(
      `UPDATE job_step s SET status = 'pending', provider = NULL, losses = l.losses
       FROM jsonb_to_recordset($2::jsonb) AS l (id text, losses jsonb) WHERE s.job_id = $1 AND s.id = l.id`,
      [scene.job.id, JSON.stringify(lost)],
    );
  }
}
