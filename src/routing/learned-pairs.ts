import { Injectable } from '@nestjs/common';
import { Database } from '../platform/database.js';
import type { Sql } from '../platform/sql.js';
import { pairKey, type Learned } from './catalogue-view.js';

/** A step as it was tried: one format in, one out. */
export interface TriedPair {
  readonly operation: string;
  readonly from: string;
  readonly to: string | null;
}

/** A refusal is not for ever: after this the pair is tried again. */
const REFUSED_DAYS = 7;

const STANDS = `(verdict = 'verified' OR (verdict = 'refused' AND changed_at > now() - interval '${REFUSED_DAYS} days'))`;

/** What was learned of pairs by trying them: that they work, or that a vendor does not know them. */
@Injectable()
export class LearnedPairs {
  constructor(private readonly database: Database) {}

  /** Changes whenever `read` would. */
  async state(providers: readonly string[]): Promise<string> {
    const [row] = await this.database.query<{ state: string }>(`SELECT count(*) || ' ' || coalesce(max(changed_at)::text, '') AS state FROM learned_pair WHERE provider = ANY($1) AND ${STANDS}`, [providers]);
    return row?.state ?? '';
  }

  /** By provider and `pairKey`. */
  async read(providers: readonly string[]): Promise<ReadonlyMap<string, ReadonlyMap<string, Learned>>> {
    const rows = await this.database.query<{ provider: string; operation: string; source: string; target: string; verdict: Learned }>(
      `SELECT provider, operation, source, target, verdict FROM learned_pair WHERE provider = ANY($1) AND ${STANDS}`,
      [providers],
    );
    const learned = new Map<string, Map<string, Learned>>();
    for (const { provider, operation, source, target, verdict } of rows) {
      learned.set(provider, (learned.get(provider) ?? new Map<string, Learned>()).set(pairKey(operation, source, target === '' ? null : target), verdict));
    }
    return learned;
  }
}

/** Pairs that worked. Nearly always they are known already: then nothing is written, and nothing locked. */
export async function recordWorked(sql: Sql, provider: string, pairs: readonly TriedPair[]): Promise<void> {
  for (const { operation, from, to } of pairs) {
    await sql.query({ name: 'pair_worked', text: `
      WITH learned AS (
        INSERT INTO learned_pair (provider, operation, source, target, verdict) SELECT $1, $2, $3, $4, 'verified'
        WHERE NOT EXISTS (SELECT 1 FROM learned_pair WHERE provider = $1 AND operation = $2 AND source = $3 AND target = $4 AND verdict = 'verified')
        ON CONFLICT (provider, operation, source, target) DO UPDATE SET verdict = 'verified', job_id = NULL, changed_at = now()
        RETURNING provider)
      SELECT pg_notify('conversion_catalogue', provider) FROM learned` }, [provider, operation, from, to ?? '']);
  }
}

/**
 * A pair that a vendor refused as unknown. One refusal only casts doubt: it may be the vendor's slip, or the file's fault. A job that came later and is
 * refused too settles it, if nothing worked in between. `ofRequest`: the vendor refused the request itself; only that speaks against a pair that was seen to work.
 */
export async function recordRefused(sql: Sql, provider: string, { operation, from, to }: TriedPair, jobId: string, ofRequest: boolean): Promise<void> {
  await sql.query(
    `WITH learned AS (
       INSERT INTO learned_pair AS known (provider, operation, source, target, verdict, job_id) VALUES ($1, $2, $3, $4, 'doubted', $5)
       ON CONFLICT (provider, operation, source, target) DO UPDATE SET verdict = CASE known.verdict WHEN 'verified' THEN 'doubted' ELSE 'refused' END, job_id = $5, changed_at = now()
         WHERE (known.verdict = 'verified' AND $6::boolean)
           OR (known.verdict = 'doubted' AND known.changed_at < (SELECT created_at FROM job WHERE id = $5))
           OR (known.verdict = 'refused' AND known.changed_at < now() - interval '${REFUSED_DAYS} days')
       RETURNING provider, verdict)
     SELECT pg_notify('conversion_catalogue', provider) FROM learned WHERE verdict = 'refused'`,
    [provider, operation, from, to ?? '', jobId, ofRequest],
  );
}
