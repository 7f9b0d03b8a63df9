import { toUnits } from './units.ts';
import type { Breach, Evidence } from './evidence.ts';

interface Standing {
  readonly budget: string;
  readonly period: string;
  readonly spent: string;
  readonly reserved: string;
  readonly booked: string;
  readonly held: string;
}

/** I8, of budgets: each has spent what the ledger says of those it is for, and has reserved what jobs hold that have not ended. */
export async function budgetsAgree({ query }: Pick<Evidence, 'query'>): Promise<readonly Breach[]> {
  const found: string[] = [];
  for (const { budget, period, spent, reserved, booked, held } of await query<Standing>(STANDINGS)) {
    if (toUnits(spent) !== toUnits(booked)) found.push(`budget ${budget} says that ${spent} was spent in ${period}, and the ledger ${booked}`);
    if (toUnits(reserved) !== toUnits(held)) found.push(`budget ${budget} has ${reserved} reserved in ${period}, and jobs that have not ended ${held}`);
  }
  return found.map((what): Breach => ({ rule: 'I8', what }));
}

/** One statement, so that all of it is of one moment. A budget's name says what it is for: "tag=small,provider=one/month". */
const STANDINGS = `
  WITH named AS (
    SELECT budget, period, spent, reserved, split_part(budget, '/', 2) AS kind, substring(budget FROM 'tenant=([^,/]*)') AS tenant, substring(budget FROM 'key=([^,/]*)') AS key,
      substring(budget FROM 'tag=([^,/]*)') AS tag, substring(budget FROM 'provider=([^,/]*)') AS provider FROM budget_period)
  SELECT n.budget, n.period, n.spent::text, n.reserved::text,
    (SELECT coalesce(sum(e.amount), 0)::text FROM ledger_entry e
     WHERE coalesce(n.tenant, e.tenant) = e.tenant AND coalesce(n.key, e.key) = e.key AND (n.tag IS NULL OR n.tag = e.tag) AND coalesce(n.provider, e.provider) = e.provider
       AND n.period = CASE n.kind WHEN 'total' THEN 'total' WHEN 'day' THEN to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD') ELSE to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM') END) AS booked,
    (SELECT coalesce(sum(r.amount), 0)::text FROM budget_reservation r JOIN job j ON j.id = r.job_id WHERE r.budget = n.budget AND r.period = n.period AND j.ended_at IS NULL) AS held
  FROM named n`;
