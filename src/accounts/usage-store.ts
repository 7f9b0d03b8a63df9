import { Injectable } from '@nestjs/common';
import { Decimal } from 'decimal.js';
import { amountText } from '../conversion/money.js';
import type { MoneyView } from '../http/money.view.js';
import { invalidRequest } from '../http/problem.js';
import { Database } from '../platform/database.js';
import { GROUPS, type Group, type UsageView } from './usage.dto.js';

export interface UsageFilter {
  readonly groups: readonly Group[];
  /** Null: of all. */
  readonly tenant: string | null;
  readonly from: Date | null;
  readonly to: Date | null;
}

/** More than this are no overview: tags can be as many as jobs. */
const MOST_GROUPS = 5000;

const COLUMNS = { provider: 'provider', operation: 'operation', day: `to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD')`, tenant: 'tenant', tag: 'tag' } as const satisfies Record<Group, string>;

type UsageRow = Partial<Record<Group, string>> & { readonly currency: string; readonly cost: string | null; readonly waste: string | null; readonly estimated: string | null; readonly attempts: number; readonly jobs: number };

/** What was spent, as the ledger tells it. */
@Injectable()
export class UsageStore {
  constructor(private readonly database: Database) {}

  /** In the groups' order. What was booked where no price is configured counts, without an amount. */
  async read({ groups, tenant, from, to }: UsageFilter): Promise<UsageView[]> {
    const told = GROUPS.filter((group) => groups.includes(group));
    const columns = told.map((group) => `${COLUMNS[group]} AS ${group}, `).join('');
    const places = told.map((_, index) => `${index + 1}, `).join('');
    const rows = await this.database.query<UsageRow>(
      `SELECT ${columns}coalesce(currency, (SELECT currency FROM ledger_entry WHERE currency IS NOT NULL ORDER BY id DESC LIMIT 1), 'USD') AS currency,
         sum(amount)::text AS cost, sum(amount) FILTER (WHERE waste)::text AS waste, sum(amount) FILTER (WHERE estimated)::text AS estimated,
         count(DISTINCT attempt_id)::int AS attempts, count(DISTINCT job_id)::int AS jobs
       FROM ledger_entry WHERE ($1::text IS NULL OR tenant = $1) AND ($2::timestamptz IS NULL OR at >= $2) AND ($3::timestamptz IS NULL OR at < $3)
       GROUP BY ${places}${told.length + 1} ORDER BY ${places}${told.length + 1} LIMIT ${MOST_GROUPS + 1}`,
      [tenant, from, to],
    );
    if (rows.length > MOST_GROUPS) throw invalidRequest([{ pointer: '/groupBy', message: `That is more than ${MOST_GROUPS} groups. Ask for less time with from and to, or group by less.` }]);
    return rows.map(({ currency, cost, waste, estimated, attempts, jobs, ...own }) => ({ ...own, cost: toMoney(cost, currency), waste: toMoney(waste ?? nothingOf(cost), currency), estimated: toMoney(estimated ?? nothingOf(cost), currency), attempts, jobs }));
  }
}

const nothingOf = (cost: string | null): string | null => (cost === null ? null : '0');
const toMoney = (amount: string | null, currency: string): MoneyView => ({ amount: amount === null ? null : amountText(new Decimal(amount)), currency });
