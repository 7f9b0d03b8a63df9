import { Injectable } from '@nestjs/common';
import { spend } from '../accounts/budget-sql.js';
import { bookEnd, totalOf, type Share, type Told } from '../accounts/ledger.js';
import { bookEnded, ledgerRows } from '../accounts/ledger-store.js';
import { Spending } from '../accounts/spending.js';
import type { ProviderError } from '../conversion/errors.js';
import type { Cost } from '../conversion/provider.js';
import type { KeptFile } from '../files/result-keeper.js';
import type { Abandoned } from '../jobs/job-ending.js';
import { ATTEMPT_STATES, STAGE_STATES, statesBefore, STEP_STATES, type AttemptEnd } from '../jobs/states.js';
import type { Transaction } from '../platform/transaction.js';
import { Registry } from '../providers/registry.js';
import type { Sql } from '../platform/sql.js';
import { BreakerOutcomes } from '../routing/breaker-outcomes.js';
import { UnmappedErrors } from '../routing/unmapped-errors.js';
import { toldOf } from '../routing/step-price.js';
import { speaksAgainst } from './blame.js';
import { insertResults, resultRows } from './result-rows.js';
import { RoomKeeper } from './room-keeper.js';
import type { LiveAttempt, Scene } from './scene.js';
import { expectedOf } from './stage-work.js';
import { cancelAtVendors } from './vendor-cancel.js';

/** How an attempt's row ends, and what is told of that once it is committed. */
@Injectable()
export class AttemptEnds {
  constructor(
    private readonly registry: Registry,
    private readonly outcomes: BreakerOutcomes,
    private readonly rooms: RoomKeeper,
    private readonly unmapped: UnmappedErrors,
    private readonly spending: Spending = new Spending(),
  ) {}

  /** The statement that ends it, and what it asks for; what it does to budgets is part of it, or goes before it. */
  statement(sql: Transaction, scene: Scene, attempt: LiveAttempt, status: AttemptEnd, cost: Cost, error: ProviderError | null): readonly [statement: string, values: readonly unknown[]] {
    const { values, paying } = this.ending(sql, scene, attempt, status, cost, error);
    return paying === null ? [END_ATTEMPT, values] : [END_PAID_ATTEMPT, [...values, ...paying]];
  }

  /** The same of one that did all that its stage was to do: the stage and its steps are done by it too, and its files are the job's. */
  finish(sql: Transaction, scene: Scene, attempt: LiveAttempt, cost: Cost, files: readonly KeptFile[]): void {
    const { values, paying } = this.ending(sql, scene, attempt, 'succeeded', cost, null);
    const stage = [scene.lease.stageId, statesBefore(STAGE_STATES, 'done'), scene.job.id, scene.stepIds, statesBefore(STEP_STATES, 'done'), resultRows(scene, attempt.provider, files)];
    if (paying === null) sql.later(FINISH_STAGE, [...values, ...stage]);
    else sql.later(FINISH_PAID_STAGE, [...values, ...stage, ...paying]);
  }

  private ending(sql: Transaction, scene: Scene, attempt: LiveAttempt, status: AttemptEnd, { credits }: Cost, error: ProviderError | null): { readonly values: readonly unknown[]; readonly paying: readonly unknown[] | null } {
    const told = this.told(attempt, credits);
    const stored = error === null ? null : JSON.stringify({ kind: error.kind, code: error.code, message: error.message });
    const neverMade = attempt.providerJobId === null && error?.details.created === 'not_created';
    const booked = bookEnd(sharesOf(scene, attempt), { ...told, succeeded: status === 'succeeded', neverMade });
    const values = [attempt.id, status, credits, told.amount, told.currency, stored, statesBefore(ATTEMPT_STATES, status), ledgerRows(booked)];
    this.spending.hold(sql, scene.job, scene.job.id);
    // Another try needs what is reserved for this one.
    if (status === 'succeeded') this.spending.release(sql, scene.job, [scene.lease.stageId]);
    const paying = this.spending.payingAt(scene.job, attempt.provider);
    return { values, paying: paying === null ? null : [totalOf(booked), ...paying] };
  }

  private told({ provider }: LiveAttempt, credits: number | null): Told {
    return toldOf(this.registry.find(provider)?.config.pricing ?? null, credits);
  }

  /** Nobody knows whether the vendor has a job of it, and one that it has runs; of a provider that is no longer configured that is not known either. */
  mayRunThere(provider: string, { details }: ProviderError): boolean {
    return details.created === 'unknown' && this.registry.find(provider)?.guarded.inner.traits.startsOnCreate !== false;
  }

  /** Part of the transaction in which it ends: a provider that said 429 is left alone by all processes from the moment that anybody can know it. */
  async heed(sql: Sql, attempt: LiveAttempt, { kind, details }: ProviderError): Promise<void> {
    if (kind === 'rate_limited') await this.rooms.tooMany(sql, attempt.provider, attempt.id, details.retryAfterMs ?? null);
  }

  /** Others that want to be left alone too, and for how long, as far as this process knows. */
  pausedElsewhere(provider: string): Readonly<Record<string, number>> {
    const others = this.registry.ids().filter((id) => id !== provider);
    return Object.fromEntries(others.map((id) => [id, this.rooms.pausedMs(id)] as const).filter(([, ms]) => ms > 0));
  }

  /** For the provider that it ran at, wherever the work goes on. */
  tell(scene: Scene, attempt: LiveAttempt, error: ProviderError | null, { credits }: Cost): void {
    this.rooms.freed(attempt.provider);
    this.spending.counted(attempt.provider, [this.told(attempt, credits)]);
    if (error !== null) this.puzzled(scene, attempt, error);
    if (error !== null && !speaksAgainst(error, attempt, expectedOf(scene))) return;
    const operations = scene.job.graph.steps.filter(({ id }) => attempt.stepIds.includes(id)).map(({ operation }) => operation);
    this.outcomes.note({ provider: attempt.provider, operations, stage: scene.lease.stageId, kind: error?.kind ?? null, credits });
  }

  /** Of an error that nobody understands: an operator may say what it means. */
  puzzled({ job }: Scene, attempt: LiveAttempt, error: ProviderError): void {
    void this.unmapped.note({ provider: attempt.provider, jobId: job.id, attemptId: attempt.id }, error);
  }

  /** Never rejects, and is not waited for. */
  cancel(attempts: readonly Abandoned[]): void {
    void cancelAtVendors(this.registry, attempts);
  }
}

/** What the steps of a vendor's job were expected to cost, by their operations. */
function sharesOf({ job, prices }: Scene, { stepIds }: LiveAttempt): readonly Share[] {
  return job.graph.steps.filter(({ id }) => stepIds.includes(id)).map(({ id, operation }) => ({ operation, expected: prices.find(({ step }) => step === id)?.amount ?? null }));
}

/** What it cost is written to the attempt and to the ledger at once, and to the budgets that pay for it. */
const endAttempt = (more: string): string => `
  WITH ended AS (
  UPDATE attempt SET status = $2, ended_at = now(), progress = CASE WHEN $2 = 'succeeded' THEN 100 ELSE progress END, credits = $3, cost = $4, currency = $5, error = $6::jsonb
  WHERE id = $1 AND status = ANY($7) RETURNING id, job_id, provider, provider_job_id),
  booked AS (${bookEnded('$8', '$2')})${more}
  SELECT id, provider, provider_job_id AS "providerJobId" FROM ended`;

const paid = (amount: string, ids: string, kinds: string): string => `,
  paid AS (${spend(amount, ids, kinds, ', ended')})`;

const finished = `,
  stage_row AS (UPDATE stage SET status = 'done', due_at = NULL, lease_owner = NULL, lease_until = NULL WHERE id = $9 AND status = ANY($10)),
  steps AS (UPDATE job_step SET status = 'done' WHERE job_id = $11::uuid AND id = ANY($12) AND status = ANY($13)),
  files AS (${insertResults('$11', '$14')})`;

const END_ATTEMPT = endAttempt('');
const END_PAID_ATTEMPT = endAttempt(paid('$9', '$10', '$11'));
const FINISH_STAGE = endAttempt(finished);
const FINISH_PAID_STAGE = endAttempt(finished + paid('$15', '$16', '$17'));
