import { Injectable } from '@nestjs/common';
import { Decimal } from 'decimal.js';
import { v7 as uuidv7 } from 'uuid';
import { leftOf } from '../accounts/budget.js';
import { Spending, type SpentOut } from '../accounts/spending.js';
import type { Step } from '../conversion/job-graph.js';
import { moneyText } from '../conversion/money.js';
import { appendDecision } from '../jobs/decision-store.js';
import { appendEvents, type Cause } from '../jobs/event-store.js';
import type { Transaction } from '../platform/transaction.js';
import { lossesOf } from '../jobs/new-job.js';
import { Registry } from '../providers/registry.js';
import type { Ceiling } from '../routing/ceiling.js';
import { RouterService, type Route } from '../routing/router.service.js';
import type { Exclusion } from '../routing/filters.js';
import type { Try } from './decide.js';
import { leftToSpend, TooDear, tooDear } from './left-to-spend.js';
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

/** What is to be planned, without whom, and whether a provider with an open breaker will do. */
interface Wish {
  readonly parts: readonly Part[];
  readonly tried: readonly string[];
  readonly net: boolean;
}

interface Made {
  readonly route: Planned;
  readonly replaced: readonly string[];
}

/** Stages, and their steps. */
interface Part {
  readonly stageIds: readonly string[];
  readonly stepIds: readonly string[];
}

type Planned = Extract<Route, { readonly stages: unknown }>;

/** Plans what is left of a job anew, after a provider fell out for some of its steps. What is done, or runs elsewhere, stays. */
@Injectable()
export class Replanner {
  constructor(
    private readonly router: RouterService,
    private readonly registry: Registry,
    private readonly stages: StageStore,
    private readonly spending: Spending = new Spending(),
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
    const { steps } = scene.job.graph;
    const route = this.router.route(scene.job.graph, steps, this.stepsOf(scene, scene.stepIds), tried, false, { out: this.spending.out(scene.job) });
    if (!('stages' in route) || route.stages.some(({ provider }) => provider === scene.provider)) return null;
    return route.exclusions.find(({ provider, code }) => provider === scene.provider && (code === 'concurrency' || code === 'rate_limited')) ?? null;
  }

  /**
   * Puts new stages in place of the scene's, and of those that have not begun, without the providers in `tried`.
   * False, and nothing written, when no plan exists. Throws `TooDear` where plans do, and none of them may be paid.
   */
  async elsewhere(sql: Transaction, scene: Scene, history: readonly Try[], tried: readonly string[], cause: Cause, { afterMs = 0, why = { reason: history.at(-1)?.kind }, net = true, spills = false }: Replan = {}): Promise<boolean> {
    const waiting = await sql.query<{ id: string; step_ids: string[] }>(`SELECT id, step_ids FROM stage WHERE job_id = $1 AND status = 'waiting'`, [scene.job.id]);
    const own = { stageIds: [scene.lease.stageId], stepIds: scene.stepIds };
    const whole = { stageIds: [...own.stageIds, ...waiting.map(({ id }) => id)], stepIds: [...own.stepIds, ...waiting.flatMap((stage) => stage.step_ids)] };
    const made = await this.paidPlan(sql, scene, { parts: waiting.length === 0 ? [own] : [whole, own], tried, net });
    if (made === null) return false;
    const { route, replaced, ids } = made;
    const { stages } = route;
    this.stages.end(sql, replaced, 'superseded');
    await this.insert(sql, scene, route, ids, history, { afterMs, spills });
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

  /**
   * The first plan that the budgets pay for; what it may cost is reserved instead of what the stages had that it takes the place of. A provider whose budget does not
   * reach is left out; where another budget does not, it is the cheapest plan within what is left of it, or none.
   */
  private async paidPlan(sql: Transaction, scene: Scene, wish: Wish): Promise<(Made & { readonly ids: readonly string[] }) | null> {
    const { job } = scene;
    const out: SpentOut[] = [...this.spending.out(job)];
    let bound: Ceiling | null = null;
    for (;;) {
      const made = await this.firstPlan(sql, scene, wish, out, bound);
      if (made === null) return null;
      const ids = made.route.stages.map(() => uuidv7());
      const refused = await this.spending.tryReserve(sql, job, job.id, made.route.stages.map((stage, index) => ({ ...stage, id: ids[index] ?? '' })), made.replaced);
      if (refused === null) return { ...made, ids };
      const { budget, state, detail } = refused;
      if (budget.provider !== undefined) out.push({ provider: budget.provider, code: 'budget', message: detail });
      else if (bound === null) bound = { amount: leftOf(budget, state).toFixed(), currency: budget.limit.currency };
      else throw new TooDear(detail);
    }
  }

  /** Of all that is left, or else of the steps at hand alone. */
  private async firstPlan(sql: Transaction, scene: Scene, { parts, tried, net }: Wish, out: readonly SpentOut[], bound: Ceiling | null): Promise<Made | null> {
    let dear: TooDear | null = null;
    for (const { stageIds, stepIds } of parts) {
      const left = await leftToSpend(sql, scene, stageIds);
      const ceiling = bound === null || (left !== null && new Decimal(left.amount).lt(bound.amount)) ? left : bound;
      const route = this.router.route(scene.job.graph, scene.job.graph.steps, this.stepsOf(scene, stepIds), tried, net, { ceiling, out });
      if ('stages' in route) return { route, replaced: stageIds };
      if (ceiling !== null && route.above !== undefined) dear = ceiling === bound ? new TooDear(`Of a budget ${moneyText(bound)} are left; to go on would cost ${moneyText(route.above)}.`) : tooDear(scene, route.above, ceiling);
      const unpaid = out.filter(({ provider }) => !tried.includes(provider));
      if (unpaid.length > 0) dear ??= new TooDear([...new Set(unpaid.map(({ message }) => message))].join(' '));
    }
    if (dear !== null) throw dear;
    return null;
  }

  /** Whether the stage may be tried once more where it is. Asks the database only where there is a ceiling. Throws `TooDear`. */
  async affords(sql: Transaction, scene: Scene): Promise<void> {
    const left = await leftToSpend(sql, scene, []);
    if (left !== null && new Decimal(left.amount).isNegative()) throw tooDear(scene, null, left);
  }

  private stepsOf(scene: Scene, stepIds: readonly string[]): readonly Step[] {
    return scene.job.graph.steps.filter((step) => stepIds.includes(step.id));
  }

  private async insert(sql: Transaction, scene: Scene, { stages }: Planned, ids: readonly string[], history: readonly Try[], { afterMs, spills }: { readonly afterMs: number; readonly spills: boolean }): Promise<void> {
    const { steps } = scene.job.graph;
    // Read here, under the job's lock: the scene is older than the call that failed, and other stages may have ended since.
    const rows = await sql.query<{ id: string }>(`SELECT id FROM job_step WHERE job_id = $1 AND status <> 'done'`, [scene.job.id]);
    const undone = new Set(rows.map(({ id }) => id));
    for (const [position, stage] of stages.entries()) {
      const own = new Set(stage.stepIds);
      const needs = [...new Set(steps.filter(({ id }) => own.has(id)).flatMap((step) => step.inputs.filter((id) => undone.has(id) && !own.has(id))))];
      const carriesOn = stage.stepIds.some((id) => scene.stepIds.includes(id));
      sql.later(
        `INSERT INTO stage (id, job_id, tenant, spilled, position, provider, step_ids, needs, status, history, lost_leases, due_at, prices)
         VALUES ($1, $2, $10, $11, $3, $4, $5, $6, CASE WHEN $6 = '{}'::text[] THEN 'active' ELSE 'waiting' END, $7::jsonb, $8, CASE WHEN $6 = '{}'::text[] THEN now() + make_interval(secs => $9::float8 / 1000) END, $12::jsonb)`,
        [ids[position], scene.job.id, position, stage.provider, stage.stepIds, needs, JSON.stringify(carriesOn ? history : []), carriesOn ? scene.lease.lost : 0, afterMs, scene.job.tenant, spills && carriesOn, JSON.stringify(stage.prices)],
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
