import { Decimal } from 'decimal.js';
import type { JobError } from '../conversion/errors.js';
import type { Money } from '../conversion/job-graph.js';
import { moneyText } from '../conversion/money.js';
import type { Sql } from '../platform/sql.js';
import type { Ceiling } from '../routing/ceiling.js';
import type { Scene } from './scene.js';

/** There is somebody who could go on with the job, and nobody at a price that may still be paid. */
export class TooDear extends Error {
  override readonly name = 'TooDear';

  get jobError(): JobError {
    return { code: 'budget_exceeded', message: this.message, retryable: false };
  }
}

/** The most that a job may cost, of what it said itself and what it was quoted. Null: whatever it takes. */
export function ceilingOf({ ceiling, quoted }: Scene['job']['graph']): Ceiling | null {
  const bounds = [ceiling, quoted?.ceiling].flatMap((bound) => (bound?.amount == null ? [] : [{ amount: bound.amount, currency: bound.currency }]));
  return bounds.reduce<Ceiling | null>((least, bound) => (least === null || new Decimal(bound.amount).lt(least.amount) ? bound : least), null);
}

/**
 * What a job may still spend: of its ceiling what is booked, and what its other stages are expected to cost, is gone. `without`: stages that another plan takes
 * the place of. Null where there is no ceiling, and then nothing is asked.
 */
export async function leftToSpend(sql: Sql, { job }: Scene, without: readonly string[]): Promise<Ceiling | null> {
  const ceiling = ceilingOf(job.graph);
  if (ceiling === null) return null;
  const [row] = await sql.query<{ gone: string }>(
    `SELECT (coalesce((SELECT sum(amount) FROM ledger_entry WHERE job_id = $1), 0)
      + coalesce((SELECT sum(p.amount) FROM stage g CROSS JOIN jsonb_to_recordset(g.prices) AS p (amount numeric) WHERE g.job_id = $1 AND g.status IN ('waiting', 'active') AND NOT g.id = ANY($2::uuid[])), 0))::text AS gone`,
    [job.id, without],
  );
  return { ...ceiling, amount: new Decimal(ceiling.amount).sub(row?.gone ?? 0).toFixed() };
}

export function tooDear({ job }: Scene, above: Money | null, left: Ceiling): TooDear {
  const ceiling = ceilingOf(job.graph);
  const what = above === null ? 'to go on' : `to go on would cost ${moneyText(above)}`;
  return new TooDear(`Of the ${ceiling === null ? 'money' : moneyText(ceiling)} that the job may cost ${moneyText({ ...left, amount: Decimal.max(0, left.amount).toFixed() })} are left; ${what}.`);
}

/** What it came to, or that it may not be paid. */
export async function affordable<T>(work: Promise<T>): Promise<T | TooDear> {
  return work.catch((error: unknown) => {
    if (error instanceof TooDear) return error;
    throw error;
  });
}
