import type { Cause } from '../jobs/event-store.js';
import type { Sql } from '../platform/sql.js';
import type { LiveAttempt } from './scene.js';
import type { Lease } from './stage-store.js';

/** What came for an attempt since it was last looked at. */
export interface News {
  readonly cause: Cause;
  /** Bodies whose signatures are valid, the newest first. */
  readonly proven: readonly string[];
}

export const NO_NEWS: News = { cause: 'poll', proven: [] };

/** Takes up an attempt's callbacks, each once: whoever stumbles over one asks the vendor the next time. */
export async function takeNews(sql: Sql, lease: Lease, attempt: Pick<LiveAttempt, 'id'>): Promise<News> {
  const rows = await sql.query<{ outcome: string; body: string; at: Date; replayed: boolean }>(
    { name: 'take_news', text: `
     UPDATE callback SET read_at = now() FROM stage
     WHERE stage.id = $1 AND stage.lease_epoch = $2 AND callback.attempt_id = $3 AND callback.read_at IS NULL
     RETURNING callback.outcome, callback.body, greatest(callback.received_at, callback.replayed_at) AS at, callback.replayed_at IS NOT NULL AS replayed` },
    [lease.stageId, lease.epoch, attempt.id],
  );
  const [newest, ...older] = rows.sort((one, other) => other.at.getTime() - one.at.getTime());
  if (newest === undefined) return NO_NEWS;
  return { cause: newest.replayed ? 'operator' : 'callback', proven: [newest, ...older].filter(({ outcome }) => outcome === 'proven').map(({ body }) => body) };
}

/**
 * Callbacks that came before the answer to the create did, when nobody knew whose job it was: the attempt has them now, and is due at once.
 * Asked after the commit of the job's id, while who takes in a callback of an unknown job looks again after its own: one of both sees the other.
 */
export async function adoptEarly(sql: Sql, lease: Lease, attemptId: string, provider: string, providerJobId: string): Promise<void> {
  await sql.query(
    { name: 'adopt_early', text: `
     WITH early AS (
       UPDATE callback SET attempt_id = $3, outcome = 'hint' WHERE provider = $4 AND provider_job_id = $5 AND outcome = 'unknown_job' RETURNING 1)
     UPDATE stage SET hinted = true WHERE id = $1 AND lease_epoch = $2 AND EXISTS (SELECT FROM early)` },
    [lease.stageId, lease.epoch, attemptId, provider, providerJobId],
  );
}
