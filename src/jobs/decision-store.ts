import { Injectable } from '@nestjs/common';
import { Database } from '../platform/database.js';
import type { Transaction } from '../platform/transaction.js';
import type { Decision } from '../routing/decision-record.js';

export interface StoredDecision extends Decision {
  readonly decidedAt: Date;
}

/** Who runs a job, and why, as it was decided. The first decision is written with the job. */
@Injectable()
export class DecisionStore {
  constructor(private readonly database: Database) {}

  /** The last one; null for a job that was taken before decisions were kept. */
  async last(jobId: string): Promise<StoredDecision | null> {
    const [row] = await this.database.query<{ record: Decision; decidedAt: Date }>('SELECT record, decided_at AS "decidedAt" FROM route_decision WHERE job_id = $1 ORDER BY number DESC LIMIT 1', [jobId]);
    return row === undefined ? null : { ...row.record, decidedAt: row.decidedAt };
  }
}

/** What is left of a job goes elsewhere. Whoever writes holds the job, so that numbers are not taken twice. */
export function appendDecision(sql: Transaction, jobId: string, decision: Decision): void {
  sql.later('INSERT INTO route_decision (job_id, number, record) SELECT $1::uuid, coalesce(max(number), 0) + 1, $2::jsonb FROM route_decision WHERE job_id = $1', [jobId, JSON.stringify(decision)]);
}
