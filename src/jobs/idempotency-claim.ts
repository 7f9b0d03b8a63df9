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

/** The claim as the statement that writes the job takes it. The job is as inserted, but for its times, which only the commit tells. */
export function claimRow({ key, fingerprint, holder, answer }: Claim, job: WholeJob): object {
  const known = answer?.(job);
  return { key, fingerprint, holder, status: known?.status, headers: known?.headers, body: known === undefined || known.body === null ? undefined : JSON.stringify(known.body) };
}

/** Part of the statement that writes jobs, of those that came with a key. */
export const INSERT_CLAIM = `
  key_rows AS (
    INSERT INTO idempotency_key (tenant, key, fingerprint, job_id, holder, held_until, status, headers, body, expires_at)
    SELECT t.tenant, k.key, k.fingerprint, t.id, k.holder, CASE WHEN k.holder IS NOT NULL THEN now() + interval '${HOLD_SECONDS} seconds' END, k.status, k.headers, k.body, now() + interval '${KEPT_SECONDS} seconds'
    FROM told t, jsonb_to_record(t.claim) AS k (key text, fingerprint text, holder uuid, status int, headers jsonb, body text) WHERE t.claim IS NOT NULL),`;
