import type { Answer, KeyedRequest } from './idempotency-store.js';
import { HOLD_SECONDS, KEPT_SECONDS } from './idempotency-store.js';
import type { WholeJob } from './rows.js';

/** An `Idempotency-Key` on its way into the statement that inserts its job. */
export interface Claim extends KeyedRequest {
  /** Who will answer; null where `answer` does at once. */
  readonly holder: string | null;
  /** The answer that is known with the job itself. */
  readonly answer: ((job: WholeJob) => Answer) | null;
}

/** Another request with the same key was first to commit. Nothing was written. */
export class KeyTaken extends Error {
  override readonly name = 'KeyTaken';

  /** Whether a statement failed because the row of a key was there before. */
  static isMeantBy(error: unknown): boolean {
    const { code, constraint } = error as { code?: unknown; constraint?: unknown };
    return code === '23505' && constraint === 'idempotency_key_pkey';
  }
}

/** The claim as one JSON parameter. The job is as inserted, but for its times, which only the commit tells. */
export function claimRow({ key, fingerprint, holder, answer }: Claim, job: WholeJob): string {
  const known = answer?.(job);
  return JSON.stringify({ key, fingerprint, holder, status: known?.status, headers: known?.headers, body: known === undefined || known.body === null ? undefined : JSON.stringify(known.body) });
}

/** Part of a `WITH` where $1 is the job's id, $2 the tenant and `$place` the claim. */
export const insertClaim = (place: number): string => `
  key_row AS (
    INSERT INTO idempotency_key (tenant, key, fingerprint, job_id, holder, held_until, status, headers, body, expires_at)
    SELECT $2, k.key, k.fingerprint, $1, k.holder, CASE WHEN k.holder IS NOT NULL THEN now() + interval '${HOLD_SECONDS} seconds' END, k.status, k.headers, k.body, now() + interval '${KEPT_SECONDS} seconds'
    FROM jsonb_to_record($${place}::jsonb) AS k (key text, fingerprint text, holder uuid, status int, headers jsonb, body text)),`;
